/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The vector verbs' loops. */
#include "src/cpu/kernels.h"
#include "src/cpu/lanes_across.h"
#include "src/pointwise.h"

/* With the numbers of outputs and terms known to the compiler, coefficients stay in registers. */
static inline __attribute__((always_inline)) void affine_fixed(const struct affine_kernel *a, const int outputs,
                                                               const int terms, size_t n)
{
	for (size_t i = 0; i < n; i += LANES) {
		vf y[AFFINE_OUTPUTS];
#pragma GCC unroll 2
		for (int o = 0; o < outputs; o++) {
			vf base = load(a->base[o] + i), sum = {0};
			if (terms)
				sum = load(a->term[o][0] + i) * a->coef[o][0];
#pragma GCC unroll 5
			for (int j = 1; j < terms; j++)
				sum = load(a->term[o][j] + i) * a->coef[o][j] + sum;
			y[o] = terms ? base + sum : base;
		}
#pragma GCC unroll 2
		for (int o = 0; o < outputs; o++)
			store(a->y[o] + i, y[o]);
	}
}

#define AFFINE_FIXED(outputs, terms)                                                       \
	static void affine_##outputs##_##terms(const struct affine_kernel *a, size_t n)    \
	{                                                                                  \
		struct affine_kernel local = *a;                                           \
		affine_fixed(&local, outputs, terms, n);                                   \
	}
#define AFFINE_BOTH(terms) AFFINE_FIXED(1, terms) AFFINE_FIXED(2, terms)
AFFINE_BOTH(0)
AFFINE_BOTH(1)
AFFINE_BOTH(2)
AFFINE_BOTH(3)
AFFINE_BOTH(4)
AFFINE_BOTH(5)
AFFINE_BOTH(6)
AFFINE_BOTH(7)

typedef void affine_fn(const struct affine_kernel *a, size_t n);

static affine_fn *const affine_table[AFFINE_OUTPUTS][AFFINE_TERMS + 1] = {
	{affine_1_0, affine_1_1, affine_1_2, affine_1_3, affine_1_4, affine_1_5, affine_1_6, affine_1_7},
	{affine_2_0, affine_2_1, affine_2_2, affine_2_3, affine_2_4, affine_2_5, affine_2_6, affine_2_7},
};

void KERNEL(affine)(const struct affine_kernel *a, int outputs, int terms, size_t n)
{
	affine_fn *run = affine_table[outputs - 1][terms];
	size_t whole = n - n % LANES, rest = n % LANES;
	if (whole)
		run(a, whole);
	if (!rest)
		return;
	float term[AFFINE_OUTPUTS][AFFINE_TERMS][LANES], base[AFFINE_OUTPUTS][LANES], y[AFFINE_OUTPUTS][LANES];
	struct affine_kernel tail = *a;
	memset(term, 0, sizeof term);
	memset(base, 0, sizeof base);
	for (int o = 0; o < outputs; o++) {
		for (int j = 0; j < terms; j++)
			tail.term[o][j] = memcpy(term[o][j], a->term[o][j] + whole, rest * sizeof(float));
		tail.base[o] = memcpy(base[o], a->base[o] + whole, rest * sizeof(float));
		tail.y[o] = y[o];
	}
	run(&tail, LANES);
	for (int o = 0; o < outputs; o++)
		memcpy(a->y[o] + whole, y[o], rest * sizeof(float));
}

/* prior.h's gradients, a vector at a time. */
static inline __attribute__((always_inline)) vf prior_lanes(vf x, const bool laplace, float a, float b)
{
	if (!laplace)
		return a * x / (1.0f + b * (x * x));
	vf signed_a = (vf)(((vi)x & INT32_MIN) | (vi)((vf){0} + a));
	return pick((vi)(x > 0) | (vi)(x < 0), signed_a, x);
}

static inline __attribute__((always_inline)) void prior_loop(const bool laplace, float a, float b, const float *x, float *out,
                                                             size_t n)
{
	size_t i = 0;
	for (; i + LANES <= n; i += LANES)
		store(out + i, prior_lanes(load(x + i), laplace, a, b));
	if (i < n)
		store_part(out + i, prior_lanes(load_part(x + i, n - i, 0), laplace, a, b), n - i);
}

void KERNEL(prior)(const struct prior_curve *c, const float *x, float *out, size_t n)
{
	if (c->kind == PRIOR_LAPLACE)
		prior_loop(true, (float)c->a, 0, x, out, n);
	else
		prior_loop(false, (float)c->a, (float)c->b, x, out, n);
}

double KERNEL(dot)(const float *x, const float *y, const float *w, size_t n)
{
	/* Two chains of additions run side by side. */
	vd sum[2] = {{0}, {0}};
	size_t i = 0;
	for (; i + 2 * LANES <= n && !w; i += 2 * LANES)
		for (int j = 0; j < 2; j++) {
			vd one = __builtin_convertvector(load(x + i + j * LANES), vd);
			sum[j] += one * __builtin_convertvector(load(y + i + j * LANES), vd);
		}
	for (; i < n; i += LANES) {
		size_t rest = n - i;
		vf one = rest < LANES ? load_part(x + i, rest, 0) : load(x + i);
		vf two = rest < LANES ? load_part(y + i, rest, 0) : load(y + i);
		vd product = __builtin_convertvector(one, vd) * __builtin_convertvector(two, vd);
		if (w)
			product *= __builtin_convertvector(rest < LANES ? load_part(w + i, rest, 0) : load(w + i), vd);
		sum[0] += product;
	}
	sum[0] += sum[1];
	return lane_sum(&sum[0]);
}

/* A row of pointwise.h over n elements. Inputs and outputs may be the same arrays, never shifted ones. */
#define POINTWISE_LOOP(fn, inputs, prior, normals, uniforms, outputs)                      \
	static void loop_##fn(const struct pointwise_kernel *p, size_t n)                  \
	{                                                                                  \
		const struct pointwise_kernel k = *p;                                      \
		_Pragma("omp simd")                                                        \
		for (size_t i = 0; i < n; i++) {                                           \
			float x[POINTWISE_SEEN], y[POINTWISE_OUTPUTS];                     \
			for (int j = 0; j < inputs + prior + normals + uniforms; j++)      \
				x[j] = prior && j == inputs ? k.decay * k.x[j][i] : k.x[j][i]; \
			pointwise_##fn(x, k.c, k.rest, y);                                 \
			for (int j = 0; j < outputs; j++)                                  \
				k.y[j][i] = y[j];                                          \
		}                                                                          \
	}
POINTWISE_ROWS(POINTWISE_LOOP)

void KERNEL(pointwise)(enum pointwise_fn fn, const struct pointwise_kernel *p, size_t n)
{
#define POINTWISE_ENTRY(fn, inputs, prior, normals, uniforms, outputs) {loop_##fn, inputs + prior + normals + uniforms, outputs},
	static const struct {
		void (*run)(const struct pointwise_kernel *p, size_t n);
		int seen, outputs;
	} rows[] = {POINTWISE_ROWS(POINTWISE_ENTRY)};
	size_t whole = n - n % LANES, rest = n % LANES;
	rows[fn].run(p, whole);
	if (!rest)
		return;
	float x[POINTWISE_SEEN][LANES] = {{0}}, y[POINTWISE_OUTPUTS][LANES];
	struct pointwise_kernel tail = *p;
	for (int j = 0; j < rows[fn].seen; j++)
		tail.x[j] = memcpy(x[j], p->x[j] + whole, rest * sizeof(float));
	for (int j = 0; j < rows[fn].outputs; j++)
		tail.y[j] = y[j];
	rows[fn].run(&tail, LANES);
	for (int j = 0; j < rows[fn].outputs; j++)
		memcpy(p->y[j] + whole, y[j], rest * sizeof(float));
}
