/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The pointwise rows against plain double, with what they see besides vectors. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/backend_body.h"
#include "tests/golden/adamw.h"
#include "tests/tap.h"

enum { N = 40007, PRIOR = SLOT_SAMPLER + POINTWISE_COEFS };

/* x: inputs, then the prior's term, then variates. */
static void pointwise_reference(enum pointwise_fn fn, const double *x, const double *c, double *y)
{
	double scale;
	switch (fn) {
	case POINTWISE_CLIP:
		y[0] = fmax(-c[0], fmin(c[0], x[0]));
		return;
	case POINTWISE_ADAMW:
		y[1] = c[0] * x[1] + (1 - c[0]) * x[3];
		y[2] = c[1] * x[2] + (1 - c[1]) * x[3] * x[3];
		y[0] = x[0] - x[4] - c[2] * y[1] / (sqrt(y[2]) * c[3] + c[4]);
		return;
	case POINTWISE_PSGLD:
		y[0] = c[0] * x[0] + (1 - c[0]) * x[1] * x[1];
		y[1] = 1 / (c[1] + sqrt(y[0]));
		return;
	case POINTWISE_ASAM:
		y[0] = (fabs(x[0]) + c[0]) * (fabs(x[0]) + c[0]) * x[1];
		return;
	case POINTWISE_PSGLD_STEP:
		y[1] = c[0] * x[1] + (1 - c[0]) * x[2] * x[2];
		scale = 1 / (c[1] + sqrt(y[1]));
		y[0] = x[0] - c[2] * scale * (x[2] + x[3]) + c[3] * sqrt(scale) * x[4];
		return;
	case POINTWISE_ADAM:
		pointwise_reference(POINTWISE_ADAMW, (double[]){x[0], x[1], x[2], x[3] + x[4], 0}, c, y);
		return;
	default:
		y[0] = floor(x[0] / c[0]) + (x[0] / c[0] - floor(x[0] / c[0]) > x[1]);
		y[0] = fmax(c[2], fmin(c[3], c[0] * y[0]));
	}
}

static const struct row {
	const char *name;
	int inputs, outputs, of[POINTWISE_OUTPUTS];  /* which input each output overwrites in the second run, or −1 */
	int prior, normals, uniforms;
	int square;                                  /* the input that is not negative, or −1 */
	double coef[POINTWISE_COEFS];
} rows[POINTWISE_FNS] = {
	[POINTWISE_CLIP] = {"clip", 1, 1, {0}, 0, 0, 0, -1, {0.8}},
	[POINTWISE_ADAMW] = {"adamw", 4, 3, {0, 1, 2}, 1, 0, 0, 2, {0.9, 0.999, 2e-3, 1.7, 1e-8}},
	[POINTWISE_PSGLD] = {"psgld", 2, 2, {0, 1}, 0, 0, 0, 0, {0.99, 1e-5}},
	[POINTWISE_ASAM] = {"asam", 2, 1, {1}, 0, 0, 0, -1, {0.01}},
	[POINTWISE_PSGLD_STEP] = {"psgld-step", 3, 2, {0, 1}, 1, 1, 0, 1, {0.99, 1e-1, 2e-2, 3e-2}},
	[POINTWISE_QUANTISE] = {"quantise", 1, 1, {0}, 0, 0, 1, -1, {0x1p-3, 0x1p3, -2, 1.875}},
	[POINTWISE_ADAM] = {"adam", 4, 3, {0, 1, 2}, 1, 0, 0, 2, {0.9, 0.999, 2e-3, 1.7, 1e-8}},
};

static const struct piece at[] = {
	{.count = 13, .prior = 1},
	{.offset = 13, .count = 7, .prior = 1, .frozen = true},
	{.offset = 20, .count = 1, .prior = 0},
	{.offset = 21, .count = 20000, .prior = 2.5},
	{.offset = 20021, .count = 9000, .prior = 0.5, .kind = PRIOR_LAPLACE},
	{.offset = 29021, .count = 10, .prior = 0, .kind = PRIOR_LAPLACE},
	{.offset = 29031, .count = N - 29031, .prior = 3, .kind = PRIOR_STUDENT_T, .nu = 4.5},
};
static const struct pieces pieces = {(struct piece *)at, sizeof at / sizeof *at, N};

/* A row's call with its vectors. */
struct call {
	enum pointwise_fn fn;
	bool in_place;
	struct slots s;
	struct pointwise w;
	float *x[POINTWISE_INPUTS], *device[POINTWISE_INPUTS], *fresh[POINTWISE_OUTPUTS], *y;
};

static void call_open(struct device *d, struct call *c)
{
	const struct row *row = &rows[c->fn];
	struct draws r = {41 + (uint32_t)c->fn, 0};
	c->s = (struct slots){.key = {4, 1}, .step = 300};
	c->w = (struct pointwise){.fn = c->fn, .prior = PRIOR, .stream = {STREAM_LANGEVIN_0, STREAM_QUANTISE_0}};
	c->y = host_take(N * sizeof(float));
	for (int j = 0; j < POINTWISE_COEFS; j++) {
		c->w.coef[j] = SLOT_SAMPLER + j;
		c->s.value[SLOT_SAMPLER + j] = row->coef[j];
	}
	c->s.value[PRIOR] = 1e-2;
	c->s.value[SLOT_PRIOR] = 0.7;
	MUST(d->ops->slots_open(d, &c->s));
	for (int j = 0; j < row->inputs; j++) {
		c->x[j] = host_take(N * sizeof(float));
		for (int i = 0; i < N; i++) {
			double x = draw_normal(&r);
			c->x[j][i] = (float)(j == row->square ? x * x : x);
		}
		c->w.x[j] = c->device[j] = upload(d, c->x[j], N * sizeof(float));
	}
	for (int j = 0; j < row->outputs; j++) {
		c->fresh[j] = upload(d, c->y, N * sizeof(float));
		c->w.y[j] = c->in_place ? c->device[row->of[j]] : c->fresh[j];
	}
}

static void call_close(struct device *d, struct call *c)
{
	for (int j = 0; j < rows[c->fn].inputs; j++) {
		d->ops->free(d, c->device[j]);
		free(c->x[j]);
	}
	for (int j = 0; j < rows[c->fn].outputs; j++)
		d->ops->free(d, c->fresh[j]);
	d->ops->slots_close(d, &c->s);
	free(c->y);
}

/* What element i of output j must be. */
static double expected(const struct call *c, const struct piece *p, size_t i, int j)
{
	const struct row *row = &rows[c->fn];
	double in[POINTWISE_INPUTS + 1 + POINTWISE_VARIATES] = {0}, want[POINTWISE_OUTPUTS];
	int n = 0;
	for (; n < row->inputs; n++)
		in[n] = c->x[n][i];
	if (row->prior)
		in[n++] = c->s.value[PRIOR] * reference_gradient(p, c->s.value[SLOT_PRIOR], c->x[0][i]);
	if (row->normals)
		in[n++] = rng_normal(c->s.key, c->w.stream[0], c->s.step, i);
	if (row->uniforms)
		in[n++] = (double)rng_fraction(c->s.key, c->w.stream[0], c->s.step, i);
	pointwise_reference(c->fn, in, row->coef, want);
	return want[j];
}

static void check_row(struct device *d, const char *label, enum pointwise_fn fn, bool in_place)
{
	struct call c = {.fn = fn, .in_place = in_place};
	const struct row *row = &rows[fn];
	call_open(d, &c);
	MUST(d->ops->pointwise(d, &c.s, &pieces, &c.w));
	double worst = 0;
	bool frozen = true;
	for (int j = 0; j < row->outputs; j++) {
		download(d, c.y, c.w.y[j], N * sizeof(float));
		for (int q = 0; q < pieces.n; q++)
			for (size_t i = at[q].offset; i < at[q].offset + at[q].count; i++) {
				if (at[q].frozen) {
					frozen = frozen && c.y[i] == (in_place ? c.x[row->of[j]][i] : 0);
					continue;
				}
				double want = expected(&c, &at[q], i, j), error = fabs(c.y[i] - want) / fmax(fabs(want), 0.1);
				worst = error <= worst ? worst : error;
			}
	}
	near(worst, 0, 1e-6, "%s: %s%s agrees with double", label, row->name, in_place ? " in place" : "");
	ok(frozen, "%s: %s%s leaves frozen pieces alone", label, row->name, in_place ? " in place" : "");
	call_close(d, &c);
}

/* Where G is 1 and nothing pulls, a step is its noise: with affine's bits. */
static void check_noise_bits(struct device *d, const char *label)
{
	struct call c = {.fn = POINTWISE_PSGLD_STEP};
	const struct pieces whole = {&(struct piece){.count = N, .prior = 1}, 1, N};
	float *x = host_take(N * sizeof *x), *y = host_take(N * sizeof *y);
	call_open(d, &c);
	for (int j = 0; j < 3; j++) {
		for (int i = 0; i < N; i++)
			x[i] = j == 1;
		MUST(d->ops->put(d, c.device[j], x, N * sizeof *x));
	}
	const double coef[] = {1, 0, 0, 1};
	memcpy(c.s.value + SLOT_SAMPLER, coef, sizeof coef);
	MUST(d->ops->slots_send(d, &c.s));
	MUST(d->ops->pointwise(d, &c.s, &whole, &c.w));
	download(d, x, c.w.y[0], N * sizeof *x);
	const struct affine a = {.n_in = 1, .n_out = 1, .x = {c.device[0]},
	                         .out = {{.y = c.device[0], .base = -1, .noise = SLOT_SAMPLER + 3, .stream = STREAM_LANGEVIN_0}}};
	MUST(d->ops->affine(d, &c.s, &whole, &a));
	download(d, y, c.device[0], N * sizeof *y);
	ok(!memcmp(x, y, N * sizeof *x) && x[0] != x[1], "%s: pointwise: normals have affine's bits", label);
	c.s.value[SLOT_PRIOR] = 0;
	MUST(d->ops->slots_send(d, &c.s));
	ok(d->ops->pointwise(d, &c.s, &pieces, &c.w) == ERR_USAGE, "%s: pointwise: a prior needs its deviation", label);
	c.s.value[PRIOR] = 0;
	MUST(d->ops->slots_send(d, &c.s));
	MUST(d->ops->pointwise(d, &c.s, &pieces, &c.w));
	download(d, x, c.w.y[0], N * sizeof *x);
	ok(isfinite(x[at[4].offset]) && isfinite(x[N - 1]), "%s: pointwise: but not where it has no weight", label);
	call_close(d, &c);
	free(x);
	free(y);
}

/* Several steps from PyTorch's torch.optim.AdamW. */
static void check_adamw_golden(struct device *d, const char *label)
{
	struct piece whole = {.count = ADAMW_N, .prior = 1};
	struct pieces pieces = {&whole, 1, ADAMW_N};
	struct slots s = {0};
	float zero[ADAMW_N] = {0}, got[ADAMW_N];
	float *theta = upload(d, adamw_start, sizeof zero), *m = upload(d, zero, sizeof zero);
	float *v = upload(d, zero, sizeof zero), *g = upload(d, zero, sizeof zero);
	struct pointwise w = {.fn = POINTWISE_ADAMW, .x = {theta, m, v, g}, .y = {theta, m, v}, .prior = SLOT_SAMPLER + 5};
	for (int j = 0; j < 5; j++)
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
			if (in_turn())
				check_row(d, label, (enum pointwise_fn)fn, in_place);
	check_noise_bits(d, label);
	check_adamw_golden(d, label);
}
