/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/backend_body.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/golden/adamw.h"
#include "tests/tap.h"

void *host_take(size_t bytes)
{
	void *p = calloc(bytes ? bytes : 1, 1);
	if (!p)
		exit(99);
	return p;
}

void *upload(struct device *d, const void *host, size_t bytes)
{
	void *p;
	MUST(d->ops->alloc(d, bytes, &p));
	MUST(d->ops->put(d, p, host, bytes));
	return p;
}

void download(struct device *d, void *host, const void *from, size_t bytes)
{
	MUST(d->ops->sync(d));
	MUST(d->ops->get(d, host, from, bytes));
}

int draw(struct draws *r, int n)
{
	return (int)rng_below((struct rng_key){r->seed, 0}, STREAM_DATA, r->next++, 0, (uint64_t)n);
}

double draw_normal(struct draws *r)
{
	return rng_normal((struct rng_key){r->seed, 0}, STREAM_DATA, r->next++, 0);
}

void check_memory(struct device *d, const char *label)
{
	for (size_t bytes = 1; bytes <= 5000001; bytes = bytes * 1000 + 1) {
		unsigned char *host = host_take(bytes), *back = host_take(bytes);
		void *a, *b;
		const void *set;
		MUST(d->ops->alloc(d, bytes, &a));
		MUST(d->ops->alloc(d, bytes, &b));
		memset(back, 1, bytes);
		download(d, back, a, bytes);
		ok(memcmp(back, host, bytes) == 0 && (uintptr_t)a % 64 == 0, "%s: %zu bytes are aligned and zero", label, bytes);
		for (size_t i = 0; i < bytes; i++)
			host[i] = (unsigned char)(i * 7 + 1);
		MUST(d->ops->resident(d, host, bytes, &set));
		MUST(d->ops->copy(d, a, set, bytes));
		MUST(d->ops->copy(d, b, a, bytes));
		download(d, back, b, bytes);
		ok(memcmp(back, host, bytes) == 0, "%s: %zu bytes go to the device, across it and back", label, bytes);
		d->ops->release(d, set);
		d->ops->free(d, a);
		d->ops->free(d, b);
		free(host);
		free(back);
	}
	void *none = &none;
	ok(d->ops->alloc(d, SIZE_MAX - 100, &none) == ERR_MEMORY && !none, "%s: too much memory is refused", label);
	json_t *about = json_object();
	d->ops->describe(d, about);
	ok(json_is_string(json_object_get(about, "name")) && json_is_object(json_object_get(about, "libraries")),
	   "%s: the device describes itself", label);
	json_decref(about);
}

void check_reduce(struct device *d, const char *label)
{
	static const size_t sizes[] = {1, 15, 16, 17, 4096, 4097, 100003, 5000000};
	struct draws r = {31, 0};
	size_t n = sizes[sizeof sizes / sizeof *sizes - 1];
	float *x = host_take(n * sizeof *x), *y = host_take(n * sizeof *y), *w = host_take(n * sizeof *w);
	for (size_t i = 0; i < n; i++) {
		x[i] = i < 1000 ? (float)draw_normal(&r) : x[i - 1000] + 1e-3f;
		y[i] = i < 1000 ? (float)draw_normal(&r) : y[i % 1000];
		w[i] = (float)(i % 3);
	}
	float *dx = upload(d, x, n * sizeof *x), *dy = upload(d, y, n * sizeof *y), *dw = upload(d, w, n * sizeof *w);
	struct slots s = {0};
	MUST(d->ops->slots_open(d, &s));
	for (int i = 0; i < (int)(sizeof sizes / sizeof *sizes); i++)
		for (int weighted = 0; weighted < 2; weighted++) {
			double want = 0, size = 0;
			for (size_t j = 0; j < sizes[i]; j++) {
				double term = (double)x[j] * y[j] * (weighted ? w[j] : 1);
				want += term;
				size += fabs(term);
			}
			MUST(d->ops->reduce(d, &s, sizes[i], dx, dy, weighted ? dw : NULL, SLOT_SAMPLER));
			MUST(d->ops->slots_fetch(d, &s));
			near(s.value[SLOT_SAMPLER], want, 1e-13 * size, "%s: Σ %sx·y of %zu", label, weighted ? "w·" : "", sizes[i]);
		}
	d->ops->slots_close(d, &s);
	d->ops->free(d, dx);
	d->ops->free(d, dy);
	d->ops->free(d, dw);
	free(x);
	free(y);
	free(w);
}

static void pointwise_reference(enum pointwise_fn fn, const double *x, const double *c, double *y)
{
	switch (fn) {
	case POINTWISE_CLIP:
		y[0] = fmax(-c[0], fmin(c[0], x[0]));
		return;
	case POINTWISE_ADAMW:
		y[1] = c[0] * x[1] + (1 - c[0]) * x[3];
		y[2] = c[1] * x[2] + (1 - c[1]) * x[3] * x[3];
		y[0] = x[0] - c[5] * x[0] - c[2] * y[1] / (sqrt(y[2]) * c[3] + c[4]);
		return;
	case POINTWISE_PSGLD:
		y[0] = c[0] * x[0] + (1 - c[0]) * x[1] * x[1];
		y[1] = 1 / (c[1] + sqrt(y[0]));
		return;
	default:
		y[0] = (fabs(x[0]) + c[0]) * (fabs(x[0]) + c[0]) * x[1];
	}
}

static const struct {
	const char *name;
	int inputs, outputs, of[POINTWISE_OUTPUTS];  /* which input each output overwrites in the second run, or −1 */
	double coef[POINTWISE_COEFS];
} pointwise_rows[POINTWISE_FNS] = {
	[POINTWISE_CLIP] = {"clip", 1, 1, {0}, {0.8}},
	[POINTWISE_ADAMW] = {"adamw", 4, 3, {0, 1, 2}, {0.9, 0.999, 2e-3, 1.7, 1e-8, 1e-4}},
	[POINTWISE_PSGLD] = {"psgld", 2, 2, {0, 1}, {0.99, 1e-5}},
	[POINTWISE_ASAM] = {"asam", 2, 1, {1}, {0.01}},
};

static void check_pointwise_row(struct device *d, const char *label, enum pointwise_fn fn, bool in_place)
{
	enum { N = 40007 };
	struct piece at[] = {{0, 13, 1, false}, {13, 7, 1, true}, {20, 1, 0, false}, {21, N - 21, 1, false}};
	struct pieces pieces = {at, 4, N};
	struct draws r = {41 + (uint32_t)fn, 0};
	struct slots s = {0};
	struct pointwise w = {.fn = fn};
	float *x[POINTWISE_INPUTS], *y = host_take(N * sizeof *y), *device[POINTWISE_INPUTS], *fresh[POINTWISE_OUTPUTS];
	MUST(d->ops->slots_open(d, &s));
	for (int j = 0; j < POINTWISE_COEFS; j++) {
		w.coef[j] = SLOT_SAMPLER + j;
		s.value[SLOT_SAMPLER + j] = pointwise_rows[fn].coef[j];
	}
	MUST(d->ops->slots_send(d, &s));
	for (int j = 0; j < pointwise_rows[fn].inputs; j++) {
		x[j] = host_take(N * sizeof(float));
		for (int i = 0; i < N; i++)
			x[j][i] = (float)draw_normal(&r);
		bool positive = (fn == POINTWISE_ADAMW && j == 2) || (fn == POINTWISE_PSGLD && j == 0);
		for (int i = 0; positive && i < N; i++)
			x[j][i] *= x[j][i];
		w.x[j] = device[j] = upload(d, x[j], N * sizeof(float));
	}
	for (int j = 0; j < pointwise_rows[fn].outputs; j++) {
		fresh[j] = upload(d, y, N * sizeof(float));
		w.y[j] = in_place ? device[pointwise_rows[fn].of[j]] : fresh[j];
	}
	MUST(d->ops->pointwise(d, &s, &pieces, &w));
	double worst = 0;
	bool frozen = true;
	for (int j = 0; j < pointwise_rows[fn].outputs; j++) {
		download(d, y, w.y[j], N * sizeof(float));
		for (int i = 0; i < N; i++) {
			double in[POINTWISE_INPUTS] = {0}, want[POINTWISE_OUTPUTS];
			for (int q = 0; q < pointwise_rows[fn].inputs; q++)
				in[q] = x[q][i];
			pointwise_reference(fn, in, pointwise_rows[fn].coef, want);
			if (i >= 13 && i < 20)
				frozen &= y[i] == (in_place ? x[pointwise_rows[fn].of[j]][i] : 0);
			else
				worst = fmax(worst, fabs(y[i] - want[j]) / fmax(fabs(want[j]), 0.1));
		}
	}
	near(worst, 0, 1e-6, "%s: %s%s agrees with double", label, pointwise_rows[fn].name, in_place ? " in place" : "");
	ok(frozen, "%s: %s%s leaves frozen pieces alone", label, pointwise_rows[fn].name, in_place ? " in place" : "");
	for (int j = 0; j < pointwise_rows[fn].inputs; j++) {
		d->ops->free(d, device[j]);
		free(x[j]);
	}
	for (int j = 0; j < pointwise_rows[fn].outputs; j++)
		d->ops->free(d, fresh[j]);
	d->ops->slots_close(d, &s);
	free(y);
}

/* Several steps from PyTorch's torch.optim.AdamW. */
static void check_adamw_golden(struct device *d, const char *label)
{
	struct piece whole = {0, ADAMW_N, 1, false};
	struct pieces pieces = {&whole, 1, ADAMW_N};
	struct slots s = {0};
	float zero[ADAMW_N] = {0}, got[ADAMW_N];
	float *theta = upload(d, adamw_start, sizeof zero), *m = upload(d, zero, sizeof zero);
	float *v = upload(d, zero, sizeof zero), *g = upload(d, zero, sizeof zero);
	struct pointwise w = {.fn = POINTWISE_ADAMW, .x = {theta, m, v, g}, .y = {theta, m, v}};
	for (int j = 0; j < POINTWISE_COEFS; j++)
		w.coef[j] = SLOT_SAMPLER + j;
	MUST(d->ops->slots_open(d, &s));
	double *c = s.value + SLOT_SAMPLER, worst = 0;
	for (int t = 1; t <= ADAMW_STEPS; t++) {
		c[0] = ADAMW_BETA1;
		c[1] = ADAMW_BETA2;
		c[2] = ADAMW_LR / (1 - pow(ADAMW_BETA1, t));
		c[3] = 1 / sqrt(1 - pow(ADAMW_BETA2, t));
		c[4] = ADAMW_EPS;
		c[5] = ADAMW_LR * ADAMW_DECAY;
		MUST(d->ops->slots_send(d, &s));
		MUST(d->ops->put(d, g, adamw_gradient[t - 1], sizeof zero));
		MUST(d->ops->pointwise(d, &s, &pieces, &w));
		download(d, got, theta, sizeof got);
		for (int i = 0; i < ADAMW_N; i++)
			worst = fmax(worst, fabs(got[i] - adamw_theta[t - 1][i]));
	}
	near(worst, 0, 1e-6, "%s: %d steps of AdamW are PyTorch's", label, ADAMW_STEPS);
	d->ops->slots_close(d, &s);
	d->ops->free(d, theta);
	d->ops->free(d, m);
	d->ops->free(d, v);
	d->ops->free(d, g);
}

void check_pointwise(struct device *d, const char *label)
{
	for (int fn = 0; fn < POINTWISE_FNS; fn++)
		for (int in_place = 0; in_place < 2; in_place++)
			check_pointwise_row(d, label, (enum pointwise_fn)fn, in_place);
	check_adamw_golden(d, label);
}

void check_backend(struct device *d, const char *label)
{
	check_memory(d, label);
	check_normals(d, label);
	check_affine(d, label);
	check_reduce(d, label);
	check_pointwise(d, label);
	check_point(d, label);
	check_add(d, label);
	check_formats(d, label);
	check_gather(d, label);
	check_loss(d, label);
}
