/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "tests/conv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/device_vec.h"
#include "tests/tap.h"

static const struct rng_key key = {12, 0};
static uint64_t draws;

static double *random_values(size_t n, double scale, bool bf16)
{
	double *v = host_doubles(n);
	uint64_t step = draws++;
	for (size_t i = 0; i < n; i++) {
		v[i] = (double)(float)(scale * rng_normal(key, STREAM_PROBE, step, i));
		if (bf16)
			v[i] = round_to_bf16(v[i]);
	}
	return v;
}

static uint16_t bf16_bits(double x)
{
	float f = (float)x;
	uint32_t u;
	memcpy(&u, &f, sizeof u);
	return (uint16_t)((u + 0x7fff + (u >> 16 & 1)) >> 16);
}

static double bf16_value(uint16_t b)
{
	uint32_t u = (uint32_t)b << 16;
	float f;
	memcpy(&f, &u, sizeof f);
	return (double)f;
}

double round_to_bf16(double x)
{
	return bf16_value(bf16_bits(x));
}

/* Where element i of n images in PyTorch's order lies. */
static size_t place(struct format f, const int shape[3], size_t i)
{
	size_t channels = (size_t)shape[0], pixels = (size_t)shape[1] * (size_t)shape[2];
	size_t block = f.block ? (size_t)f.block : channels;
	size_t n = i / (channels * pixels), c = i / pixels % channels, pixel = i % pixels;
	return ((n * (channels / block) + c / block) * pixels + pixel) * block + c % block;
}

void conv_put(struct device *d, struct format f, int n, const int shape[3], const double *in, void *device)
{
	size_t count = (size_t)n * shape_size(shape);
	void *host = host_take(count * format_bytes(f));
	for (size_t i = 0; i < count; i++)
		if (f.bf16)
			((uint16_t *)host)[place(f, shape, i)] = bf16_bits(in[i]);
		else
			((float *)host)[place(f, shape, i)] = (float)in[i];
	MUST(d->ops->put(d, device, host, count * format_bytes(f)));
	free(host);
}

void conv_read(struct device *d, struct format f, int n, const int shape[3], const void *device, double *out)
{
	size_t count = (size_t)n * shape_size(shape);
	void *host = fetch(d, device, count * format_bytes(f));
	for (size_t i = 0; i < count; i++)
		out[i] = f.bf16 ? bf16_value(((uint16_t *)host)[place(f, shape, i)])
		                : (double)((float *)host)[place(f, shape, i)];
	free(host);
}

static void *device_tensor(struct device *d, struct format f, int n, const int shape[3], const double *in)
{
	void *p = device_take(d, (size_t)n * shape_size(shape) * format_bytes(f));
	conv_put(d, f, n, shape, in, p);
	return p;
}

static float *device_floats(struct device *d, const double *in, size_t n, size_t from, float *into)
{
	float *host = host_take(n * sizeof *host), *p = into ? into : device_take(d, n * sizeof *host);
	for (size_t i = 0; i < n; i++)
		host[i] = (float)in[i];
	MUST(d->ops->put(d, p + from, host, n * sizeof *host));
	free(host);
	return p;
}

static struct segment segment(size_t offset, size_t count)
{
	return (struct segment){.name = "w", .ndim = 1, .shape = {(int64_t)count}, .offset = offset, .count = count};
}

static void describe(const struct conv_setup *s, struct conv_case *c)
{
	int height = (s->dims.height + 2 * s->dims.pad - s->dims.kernel) / s->dims.stride + 1;
	int width = (s->dims.width + 2 * s->dims.pad - s->dims.kernel) / s->dims.stride + 1;
	c->shape = (struct ref_conv){s->dims.n, {s->dims.in, s->dims.height, s->dims.width}, {s->dims.out, height, width}, s->dims.kernel, s->dims.stride, s->dims.pad,
	                             s->dims.groups};
	c->layer = (struct layer){.kind = LAYER_CONV, .input = {s->first ? INPUT_BATCH : 0, INPUT_NONE},
	                          .in = {s->dims.in, s->dims.height, s->dims.width},
	                          .out = {s->dims.out, height, width}, .param = {1, s->dims.bias ? 2 : 0},
	                          .kernel = s->dims.kernel, .stride = s->dims.stride, .pad = s->dims.pad, .groups = s->dims.groups};
	c->norm = (struct layer){.kind = LAYER_NORM, .input = {1, s->residual ? 0 : INPUT_NONE}, .norm = NORM_BATCH,
	                         .activation = s->activation, .in = {s->dims.out, height, width}, .out = {s->dims.out, height, width}};
	c->request = (struct plan_request){.layer = &c->layer, .n = s->dims.n, .mode = s->mode, .precision = s->precision,
	                                   .algo = s->algo, .fast = s->fast, .x = {s->x, s->y}, .y = s->y,
	                                   .folded = s->folded ? &c->norm : NULL};
}

static void fill(const struct conv_setup *s, struct conv_case *c)
{
	size_t out = (size_t)s->dims.out, fan_in = (size_t)(s->dims.in / s->dims.groups * s->dims.kernel * s->dims.kernel);
	c->nx = (size_t)s->dims.n * shape_size(c->layer.in);
	c->ny = (size_t)s->dims.n * shape_size(c->layer.out);
	c->nw = out * fan_in;
	c->x = random_values(c->nx, 1, s->x.bf16);
	c->w = random_values(c->nw, 1 / sqrt((double)fan_in), s->x.bf16 && !s->folded);
	c->b = random_values(out, 1, false);
	c->dy = random_values(c->ny, 1, s->y.bf16);
	c->residual = random_values(c->ny, 1, s->y.bf16);
	c->affine = random_values(4 * out, 1, false);
	for (size_t i = 3 * out; i < 4 * out; i++)
		c->affine[i] = (double)(float)(0.5 + fabs(c->affine[i]));
	c->device_x = device_tensor(c->d, s->x, s->dims.n, c->layer.in, c->x);
	c->device_dx = device_tensor(c->d, s->x, s->dims.n, c->layer.in, c->x);
	c->device_y = device_tensor(c->d, s->y, s->dims.n, c->layer.out, c->dy);
	c->device_dy = device_tensor(c->d, s->y, s->dims.n, c->layer.out, c->dy);
	c->device_residual = device_tensor(c->d, s->y, s->dims.n, c->layer.out, c->residual);
	c->theta = device_take(c->d, (c->nw + 2 * out) * sizeof(float));
	device_floats(c->d, c->w, c->nw, 0, c->theta);
	device_floats(c->d, s->folded ? c->affine : c->b, out, c->nw, c->theta);
	device_floats(c->d, c->affine + out, out, c->nw + out, c->theta);
	c->stats = device_floats(c->d, c->affine + 2 * out, 2 * out, 0, NULL);
	/* What must be overwritten, or is added to. */
	c->gradients = device_take(c->d, (1 + c->nw + out) * sizeof(float));
	c->dw = c->gradients + s->askew;
	c->db = c->dw + c->nw;
	device_floats(c->d, c->w, c->nw, 0, c->dw);
	device_floats(c->d, c->b, out, 0, c->db);
}

void conv_case_materialise(struct conv_case *c)
{
	MUST(c->d->ops->slots_send(c->d, &c->slots));
	MUST(c->d->ops->layers[LAYER_CONV]->materialise(c->plan, &c->from, c->working));
}

void conv_case_new(struct device *d, const struct conv_setup *s, struct conv_case *c)
{
	*c = (struct conv_case){.d = d};
	describe(s, c);
	fill(s, c);
	c->weight = segment(0, c->nw);
	c->scale = segment(c->nw, (size_t)s->dims.out);
	c->shift = segment(c->nw + (size_t)s->dims.out, (size_t)s->dims.out);
	c->at = (struct point){.theta = c->theta};
	c->from = (struct weight_source){.slots = &c->slots, .at = &c->at, .param = {&c->weight}};
	if (s->folded) {
		c->from.folded[PARAM_WEIGHT] = &c->scale;
		c->from.folded[PARAM_BIAS] = &c->shift;
		c->from.stats = c->stats;
	}
	const struct layer_ops *ops = d->ops->layers[LAYER_CONV];
	MUST(d->ops->slots_open(d, &c->slots));
	MUST(ops->plan(d, &c->request, &c->plan));
	c->working = device_take(d, ops->working_bytes(c->plan));
	conv_case_materialise(c);
}

void conv_case_free(struct conv_case *c)
{
	void *host[] = {c->x, c->w, c->b, c->dy, c->residual, c->affine};
	void *device[] = {c->device_x, c->device_y, c->device_dy, c->device_dx, c->device_residual, c->working, c->theta,
	                  c->stats, c->gradients};
	for (size_t i = 0; i < sizeof host / sizeof *host; i++)
		free(host[i]);
	for (size_t i = 0; i < sizeof device / sizeof *device; i++)
		c->d->ops->free(c->d, device[i]);
	c->d->ops->layers[LAYER_CONV]->drop(c->plan);
	c->d->ops->slots_close(c->d, &c->slots);
}

struct layer_io conv_case_io(const struct conv_case *c)
{
	bool bias = c->layer.param[PARAM_BIAS];
	return (struct layer_io){.x = {c->device_x, c->device_residual}, .y = c->device_y,
	                         .param = {c->working, bias ? c->theta + c->nw : NULL},
	                         .dy = {c->device_dy}, .dx = {c->device_dx},
	                         .dparam = {c->dw, bias ? c->db : NULL}};
}

/* ---- comparing ---- */

static double *magnitudes(const double *v, size_t n)
{
	double *m = host_doubles(n);
	for (size_t i = 0; i < n; i++)
		m[i] = fabs(v[i]);
	return m;
}

static void compare(struct conv_worst *w, const struct conv_setup *s, const char *what, const double *got, const double *want,
                    const double *bound, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		double ratio = fabs(got[i] - want[i]) / bound[i];
		if (ratio <= w->ratio)
			continue;
		w->ratio = isnan(ratio) ? INFINITY : ratio;
		snprintf(w->where, sizeof w->where, "n %d, %d×%d×%d → %d, kernel %d, stride %d, pad %d, groups %d: %s %zu: %.9g for %.9g",
		         s->dims.n, s->dims.in, s->dims.height, s->dims.width, s->dims.out, s->dims.kernel, s->dims.stride, s->dims.pad, s->dims.groups, what, i, got[i], want[i]);
	}
}

/* Σ|terms| to an error bound: γ_k Σ|a||b| with k terms, and rounding to bf16 where the result is stored so. */
static void to_bound(double *sum, const double *want, size_t n, double terms, double slack, bool bf16)
{
	for (size_t i = 0; i < n; i++)
		sum[i] = slack * (terms + 4) * 0x1p-24 * sum[i] + (bf16 ? 0x1p-8 * fabs(want[i]) : 0) + 1e-30;
}

static void check_forward(struct conv_case *c, const struct conv_setup *s, double slack, struct conv_worst *worst)
{
	double *got = host_doubles(c->ny), *want = host_doubles(c->ny), *bound = host_doubles(c->ny);
	double *w = host_doubles(c->nw), *b = host_doubles((size_t)s->dims.out);
	size_t out = (size_t)s->dims.out, row = c->nw / out;
	for (size_t o = 0; o < out; o++) {
		double factor = s->folded ? c->affine[o] / sqrt(c->affine[3 * out + o] + 1e-5) : 1;
		for (size_t i = 0; i < row; i++) {
			w[o * row + i] = c->w[o * row + i] * factor;
			if (s->x.bf16)
				w[o * row + i] = round_to_bf16(w[o * row + i]);
		}
		b[o] = s->folded ? c->affine[out + o] - c->affine[2 * out + o] * factor : s->dims.bias ? c->b[o] : 0;
	}
	ref_conv(&c->shape, c->x, w, b, want);
	double *ax = magnitudes(c->x, c->nx), *aw = magnitudes(w, c->nw), *ab = magnitudes(b, out);
	ref_conv(&c->shape, ax, aw, ab, bound);
	for (size_t i = 0; i < c->ny; i++) {
		if (s->folded && s->residual) {
			want[i] += c->residual[i];
			bound[i] += fabs(c->residual[i]);
		}
		if (s->folded && s->activation != ACTIVATION_NONE)
			want[i] = ref_activation(s->activation, want[i]);
		/* A weight next to a rounding boundary of bf16 may fall to either side. */
		if (s->folded && s->x.bf16)
			bound[i] *= 1 + 0x1p-8 / ((double)row * 0x1p-24);
	}
	to_bound(bound, want, c->ny, (double)row + 1, slack, s->y.bf16);
	for (size_t i = 0; s->apart && s->y.bf16 && i < c->ny; i++)
		bound[i] += 0x1p-8 * fabs(want[i] - b[i / (c->ny / (size_t)s->dims.n / out) % out]);
	conv_read(c->d, s->y, s->dims.n, c->layer.out, c->device_y, got);
	compare(worst, s, "y", got, want, bound, c->ny);
	free(got), free(want), free(bound), free(w), free(b), free(ax), free(aw), free(ab);
}

static void check_backward(struct conv_case *c, const struct conv_setup *s, bool add, double slack, struct conv_worst worst[3])
{
	size_t out = (size_t)s->dims.out, pixels = c->ny / out, n[] = {c->nx, c->nw, out};
	double terms[] = {(double)(c->nw / (size_t)s->dims.in), (double)pixels, (double)pixels};
	const double *old[] = {NULL, add ? c->w : NULL, add ? c->b : NULL};
	double *got[3], *want[3], *bound[3];
	for (int i = 0; i < 3; i++) {
		got[i] = host_doubles(n[i]);
		want[i] = host_doubles(n[i]);
		bound[i] = host_doubles(n[i]);
	}
	double *ax = magnitudes(c->x, c->nx), *aw = magnitudes(c->w, c->nw), *ady = magnitudes(c->dy, c->ny);
	ref_conv_backward(&c->shape, c->x, c->w, c->dy, want[0], want[1], want[2]);
	ref_conv_backward(&c->shape, ax, aw, ady, bound[0], bound[1], bound[2]);
	conv_read(c->d, s->x, s->dims.n, c->layer.in, c->device_dx, got[0]);
	int flat[] = {(int)c->nw, 1, 1}, short_flat[] = {s->dims.out, 1, 1};
	conv_read(c->d, (struct format){0}, 1, flat, c->dw, got[1]);
	conv_read(c->d, (struct format){0}, 1, short_flat, c->db, got[2]);
	static const char *const what[] = {"dx", "dw", "db"};
	for (int i = 0; i < 3; i++) {
		for (size_t j = 0; old[i] && j < n[i]; j++) {
			want[i][j] += old[i][j];
			bound[i][j] += fabs(old[i][j]);
		}
		to_bound(bound[i], want[i], n[i], terms[i], slack, i == 0 && s->x.bf16);
		for (size_t j = 0; i == 1 && s->apart && s->y.bf16 && j < n[i]; j++)
			bound[i][j] += 0x1p-8 * fabs(want[i][j] - (old[i] ? old[i][j] : 0));
		if (i == 1 || (i == 0 && !s->first) || (i == 2 && s->dims.bias))
			compare(&worst[i], s, what[i], got[i], want[i], bound[i], n[i]);
		free(got[i]), free(want[i]), free(bound[i]);
	}
	free(ax), free(aw), free(ady);
}

void conv_check(struct conv_case *c, const struct conv_setup *s, bool add, double slack, struct conv_worst worst[4])
{
	const struct layer_ops *ops = c->d->ops->layers[LAYER_CONV];
	struct layer_io io = conv_case_io(c);
	io.add_dparams = add;
	if (s->first)
		io.dx[0] = NULL;
	MUST(ops->forward(c->plan, &io));
	check_forward(c, s, slack, &worst[0]);
	if (s->mode == PLAN_INFER)
		return;
	MUST(ops->backward(c->plan, &io));
	check_backward(c, s, add, slack, worst + 1);
}

void conv_judge(const struct conv_worst worst[4], const char *name)
{
	static const char *const what[] = {"y", "dx", "dW", "db"};
	for (int i = 0; i < 4; i++) {
		if (!worst[i].where[0])
			continue;
		if (!ok(worst[i].ratio <= 1, "%s: %s", name, what[i]))
			note("%.3g times the bound at %s", worst[i].ratio, worst[i].where);
		else if (getenv("VERBOSE"))
			note("%.3g", worst[i].ratio);
	}
}
