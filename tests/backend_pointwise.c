/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The pointwise rows against plain double, with what they see besides vectors. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/backend_body.h"
#include "tests/tap.h"

enum { N = 40007, PRIOR = SLOT_SAMPLER + POINTWISE_COEFS };

static double within(const double *c, double multiple)
{
	return fmax(c[2], fmin(c[3], c[0] * multiple));
}

/* x, in gaps, to a neighbour of its nearest multiple, with the probabilities of variance-corrected rounding. */
static double corrected_wide(double x, double u)
{
	double q = floor(x + 0.5), r = fabs(x - q), sign = x < q ? -1 : 1;
	return u < (r + 0.5) * (r + 0.5) / 2 ? q + sign : u >= 1 - (0.5 - r) * (0.5 - r) / 2 ? q - sign : q;
}

static double corrected_small(double x, double v, double u)
{
	double low = floor(x), f = x - low, rest = u < f ? u / f : (u - f) / (1 - f), lacks = (v - f * (1 - f)) / 2;
	return low + (u < f) + (rest < lacks ? 1 : rest >= 1 - lacks ? -1 : 0);
}

/* x: inputs, then the prior's term, then variates. */
static void pointwise_reference(enum pointwise_fn fn, const double *x, const double *c, double *y)
{
	double scale;
	switch (fn) {
	case POINTWISE_NEAREST:
		y[0] = within(c, floor(x[0] / c[0] + 0.5));
		return;
	case POINTWISE_CORRECTED_WIDE:
		y[0] = within(c, corrected_wide((x[0] - c[4] * (x[1] + x[2]) + c[5] * x[3]) / c[0], x[4]));
		return;
	case POINTWISE_CORRECTED_SMALL:
		y[0] = within(c, corrected_small((x[0] - c[4] * (x[1] + x[2])) / c[0], c[5], x[3]));
		return;
	case POINTWISE_PSGLD_CORRECTED:
		y[1] = c[0] * x[1] + (1 - c[0]) * x[2] * x[2];
		scale = 1 / (c[1] + sqrt(y[1]));
		y[0] = x[0] - c[2] * scale * (x[2] + x[4]) - c[4] * x[2] * x[3] * scale * scale / sqrt(y[1]) + c[3] * sqrt(scale) * x[5];
		return;
	case POINTWISE_SIGN_STEP:
		y[0] = x[0] + c[0] * (x[1] < 0.5 ? -1 : 1);
		return;
	case POINTWISE_SIGN_DIFFERENCE:
		y[0] = c[0] * (x[2] < 0.5 ? -1 : 1) * (x[0] - x[1]);
		return;
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
	[POINTWISE_NEAREST] = {"nearest", 1, 1, {0}, 0, 0, 0, -1, {0x1p-3, 0x1p3, -2, 1.875}},
	[POINTWISE_CORRECTED_WIDE] = {"corrected, wide", 2, 1, {0}, 1, 1, 1, -1, {0x1p-3, 0x1p3, -2, 1.875, 1e-1, 2e-1}},
	[POINTWISE_CORRECTED_SMALL] = {"corrected, small", 2, 1, {0}, 1, 0, 1, -1, {0x1p-3, 0x1p3, -2, 1.875, 1e-1, 0.15}},
	[POINTWISE_PSGLD_CORRECTED] = {"psgld-corrected", 4, 2, {0, 1}, 1, 1, 0, 1, {0.99, 1e-1, 2e-2, 3e-2, 1e-4}},
	[POINTWISE_SIGN_STEP] = {"sign-step", 1, 1, {0}, 0, 0, 1, -1, {0.3}},
	[POINTWISE_SIGN_DIFFERENCE] = {"sign-difference", 2, 1, {1}, 0, 0, 1, -1, {40}},
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
		in[n++] = (double)rng_fraction(c->s.key, c->w.stream[row->normals], c->s.step, i);
	pointwise_reference(c->fn, in, row->coef, want);
	return want[j];
}

static void check_row(struct device *d, const char *label, enum pointwise_fn fn, bool in_place)
{
	struct call c = {.fn = fn, .in_place = in_place};
	const struct row *row = &rows[fn];
	call_open(d, &c);
	MUST(d->ops->pointwise(d, &c.s, &pieces, &c.w));
	/* Rounding to a grid in float32 and in double may now and then choose another multiple. */
	const bool steps = fn == POINTWISE_CORRECTED_WIDE || fn == POINTWISE_CORRECTED_SMALL;
	double worst = 0;
	bool frozen = true;
	int others = 0;
	for (int j = 0; j < row->outputs; j++) {
		download(d, c.y, c.w.y[j], N * sizeof(float));
		for (int q = 0; q < pieces.n; q++)
			for (size_t i = at[q].offset; i < at[q].offset + at[q].count; i++) {
				if (at[q].frozen) {
					frozen = frozen && c.y[i] == (in_place ? c.x[row->of[j]][i] : 0);
					continue;
				}
				double want = expected(&c, &at[q], i, j), error = fabs(c.y[i] - want) / fmax(fabs(want), 0.1);
				if (steps && fabs(fabs(c.y[i] - want) - row->coef[0]) < 1e-6)
					others++;
				else
					worst = error <= worst ? worst : error;
			}
	}
	if (steps)
		near(others, 0, 4, "%s: %s%s takes the same multiple but in few of %d", label, row->name, in_place ? " in place" : "", N);
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

/* Variance-corrected rounding has the mean and variance that it is to have, in gaps: of x with the variance v, wide where v ≥ ¼; below it
 * max(v, f(1 − f)), f the fraction of x. N draws at one x; 6 standard errors. */
static void check_corrected_moments(struct device *d, const char *label)
{
	static const double cases[][2] = {{0.3, 0.25}, {-1.5, 0.4}, {7.02, 3}, {0.02, 0.1}, {-0.97, 0.2}, {2.5, 0.1}, {1, 0.07}};   /* x, v */
	const struct pieces whole = {&(struct piece){.count = N, .prior = 1}, 1, N};
	float *x = host_take(N * sizeof *x);
	for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
		const double at = cases[k][0], v = cases[k][1], f = at - floor(at), want = v >= 0.25 ? v : fmax(v, f * (1 - f)), gap = 0x1p-3;
		struct call c = {.fn = v >= 0.25 ? POINTWISE_CORRECTED_WIDE : POINTWISE_CORRECTED_SMALL};
		double mean = 0, square = 0;
		call_open(d, &c);
		for (int i = 0; i < N; i++)
			x[i] = (float)(at * gap);
		MUST(d->ops->put(d, c.device[0], x, N * sizeof *x));
		const double coef[] = {gap, 1 / gap, -2, 1.875, 0, v >= 0.25 ? gap * sqrt(v - 0.25) : v};
		memcpy(c.s.value + SLOT_SAMPLER, coef, sizeof coef);
		MUST(d->ops->slots_send(d, &c.s));
		MUST(d->ops->pointwise(d, &c.s, &whole, &c.w));
		download(d, x, c.w.y[0], N * sizeof *x);
		for (int i = 0; i < N; i++) {
			mean += (x[i] / gap - at) / N;
			square += (x[i] / gap - at) * (x[i] / gap - at) / N;
		}
		near(mean, 0, 6 * sqrt(want / N), "%s: corrected rounding of %g with variance %g has its mean", label, at, v);
		/* No law on these multiples has a fourth moment above 1 + 3·variance². */
		near(square, want, 6 * sqrt((1 + 2 * want * want) / N), "%s: and variance", label);
		call_close(d, &c);
	}
	free(x);
}

/* Multiples beyond which float32 has no halves are their own nearest ones. */
static void check_nearest_of_large(struct device *d, const char *label)
{
	struct call c = {.fn = POINTWISE_NEAREST};
	const struct pieces whole = {&(struct piece){.count = N, .prior = 1}, 1, N};
	float *x = host_take(N * sizeof *x);
	int moved = 0;
	call_open(d, &c);
	for (int i = 0; i < N; i++)
		x[i] = (i % 2 ? -1.0f : 1.0f) * (0x1p23f + (float)i);
	MUST(d->ops->put(d, c.device[0], x, N * sizeof *x));
	const double coef[] = {1, 1, -0x1p24, 0x1p24};
	memcpy(c.s.value + SLOT_SAMPLER, coef, sizeof coef);
	MUST(d->ops->slots_send(d, &c.s));
	MUST(d->ops->pointwise(d, &c.s, &whole, &c.w));
	download(d, c.y, c.w.y[0], N * sizeof *x);
	for (int i = 0; i < N; i++)
		moved += c.y[i] != x[i];
	ok(moved == 0, "%s: nearest: %d of %d multiples without halves between them are moved", label, moved, N);
	call_close(d, &c);
	free(x);
}

/* Where V is 0, so is g, and Γ. */
static void check_corrected_zero(struct device *d, const char *label)
{
	struct call c = {.fn = POINTWISE_PSGLD_CORRECTED};
	const struct pieces whole = {&(struct piece){.count = N, .prior = 1}, 1, N};
	float *x = host_take(N * sizeof *x);
	bool finite = true;
	call_open(d, &c);
	MUST(d->ops->put(d, c.device[1], x, N * sizeof *x));
	MUST(d->ops->put(d, c.device[2], x, N * sizeof *x));
	MUST(d->ops->pointwise(d, &c.s, &whole, &c.w));
	download(d, x, c.w.y[0], N * sizeof *x);
	for (int i = 0; i < N; i++)
		finite = finite && isfinite(x[i]);
	ok(finite, "%s: psgld-corrected: a gradient of 0 has no Γ", label);
	call_close(d, &c);
	free(x);
}

void check_pointwise(struct device *d, const char *label)
{
	for (int fn = 0; fn < POINTWISE_FNS; fn++)
		for (int in_place = 0; in_place < 2; in_place++)
			if (in_turn())
				check_row(d, label, (enum pointwise_fn)fn, in_place);
	check_noise_bits(d, label);
	check_corrected_moments(d, label);
	check_nearest_of_large(d, label);
	check_corrected_zero(d, label);
}
