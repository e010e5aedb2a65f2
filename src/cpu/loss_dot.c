/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Derivatives of the losses' gradients along a direction, in double: what loss_kernels.c makes of x and of σ, with ẋ and σ's
 * tangent. Rows and outputs are independent; sums over the batch go in order. */
#include "src/cpu/cpu.h"

#include <math.h>

#include "src/heteroscedastic.h"

/* A batch's row: its outputs, their tangents (NULL: 0) and where the result goes, all (k), and the factor on its ℓ. */
struct row {
	const float *x, *dot;
	size_t target;             /* row of the set */
	double weight;             /* scale · wᵢ, and the class's factor */
	float *out;
};

static size_t set_row(const struct loss *l, int i)
{
	return l->index ? l->index[l->offset + (size_t)i] : l->offset + (size_t)i;
}

static double class_weight(const struct loss *l, size_t target)
{
	if (!l->class_weight)
		return 1;
	return l->kind == LOSS_CATEGORICAL ? l->class_weight[((const int32_t *)l->target)[target]]
	                                   : l->class_weight[((const float *)l->target)[target * (size_t)l->k] > 0.5f];
}

static struct row row_at(const struct loss *l, const struct loss_dot *dot, int i)
{
	const size_t first = (size_t)i * (size_t)l->k, target = set_row(l, i);
	return (struct row){
		.x = l->output + first, .dot = dot->output ? dot->output + first : NULL, .target = target,
		.weight = l->scale * class_weight(l, target) * (l->weight ? (double)l->weight[i] : 1),
		.out = dot->gradient ? dot->gradient + first : NULL,
	};
}

static double dot_at(const struct row *r, int j)
{
	return r->dot ? (double)r->dot[j] : 0;
}

static double real_target(const struct loss *l, const struct row *r, int j)
{
	return (double)((const float *)l->target)[r->target * (size_t)loss_targets(l->kind, l->k) + (size_t)j];
}

/* ∇ℓ = p − onehot(y), p = softmax(x): pⱼ(ẋⱼ − Σ p·ẋ), which ẋ counted from that of the largest output leaves exact where its p is
 * near 1. */
static void categorical(const struct loss *l, const struct row *r)
{
	int top = 0;
	for (int j = 1; j < l->k; j++)
		if (r->x[j] > r->x[top])
			top = j;
	double sum = 0, mean = 0;
	for (int j = 0; j < l->k; j++) {
		const double e = exp((double)r->x[j] - (double)r->x[top]);
		sum += e;
		mean += e * (dot_at(r, j) - dot_at(r, top));
	}
	mean /= sum;
	for (int j = 0; j < l->k; j++) {
		const double p = exp((double)r->x[j] - (double)r->x[top]) / sum;
		r->out[j] = (float)(r->weight * p * (dot_at(r, j) - dot_at(r, top) - mean));
	}
}

/* ∇ℓ = e^−2s (x − y), s = ln σ: e^−2s (ẋ − 2ṡ(x − y)) */
static void gaussian(const struct loss *l, const struct loss_dot *dot, const struct row *r)
{
	for (int j = 0; j < l->k; j++) {
		const double precision = l->params[0] ? exp(-2 * (double)l->params[0][j]) : 1 / (l->noise_sd * l->noise_sd);
		const double s = l->params[0] && dot->params[0] ? (double)dot->params[0][j] : 0;
		r->out[j] = (float)(r->weight * precision * (dot_at(r, j) - 2 * s * ((double)r->x[j] - real_target(l, r, j))));
	}
}

/* ∇ℓ = 1/(1 + e⁻ˣ) − y: ẋ eˣ/(1 + eˣ)², the same for −x */
static void bernoulli(const struct loss *l, const struct row *r)
{
	for (int j = 0; j < l->k; j++) {
		const double e = exp(-fabs((double)r->x[j]));
		r->out[j] = (float)(r->weight * dot_at(r, j) * e / ((1 + e) * (1 + e)));
	}
}

/* ∂ℓ/∂x = e^−v (x − y) and ∂ℓ/∂s = ½ (1 − e^−v (x − y)²) v′, with d = x − y and v̇ = v′ṡ: e^−v (ḋ − v̇ d) and
 * ½ (1 − e^−v d²) v″ṡ + ½ e^−v (v̇ d² − 2 d ḋ) v′. Where v′ falls, it is 1/(1 + |s| − 40), whose own slope is ∓v′². */
static void heteroscedastic(const struct loss *l, const struct row *r)
{
	const int targets = l->k / 2;
	for (int j = 0; j < targets; j++) {
		const double s = (double)r->x[targets + j], s_dot = dot_at(r, targets + j);
		double slope;
		const double precision = exp(-log_variance(s, &slope)), bend = slope < 1 ? -copysign(slope * slope, s) : 0;
		const double d = (double)r->x[j] - real_target(l, r, j), d_dot = dot_at(r, j), v_dot = slope * s_dot;
		r->out[j] = (float)(r->weight * precision * (d_dot - v_dot * d));
		r->out[targets + j] = (float)(r->weight * ((1 - precision * d * d) * bend * s_dot +
		                                           precision * d * (v_dot * d - 2 * d_dot) * slope) / 2);
	}
}

static void make_row(const struct loss *l, const struct loss_dot *dot, int i)
{
	const struct row r = row_at(l, dot, i);
	switch (l->kind) {
	case LOSS_CATEGORICAL:
		categorical(l, &r);
		return;
	case LOSS_GAUSSIAN:
		gaussian(l, dot, &r);
		return;
	case LOSS_HETEROSCEDASTIC:
		heteroscedastic(l, &r);
		return;
	default:
		bernoulli(l, &r);
	}
}

/* ∂ℓ/∂s = 1 − e^−2s (x − y)²: 2 e^−2s (x − y)(ṡ(x − y) − ẋ) */
static void gaussian_params(const struct loss *l, const struct loss_dot *dot)
{
	for (int j = 0; j < l->k; j++) {
		const double precision = exp(-2 * (double)l->params[0][j]), s = dot->params[0] ? (double)dot->params[0][j] : 0;
		double sum = 0;
		for (int i = 0; i < l->n; i++) {
			const struct row r = row_at(l, dot, i);
			const double d = (double)r.x[j] - real_target(l, &r, j);
			sum += r.weight * 2 * precision * d * (s * d - dot_at(&r, j));
		}
		float *out = &dot->dparams[0][j];
		*out = (float)(sum + (l->add_dparams ? (double)*out : 0));
	}
}

status cpu_loss_dot(struct device *d, const struct slots *s, const struct loss *l, const struct loss_dot *dot)
{
	struct loss placed = *l;
	placed.row = SLOT_NONE;
	placed.offset = slots_row(s, l->row, l->offset);
	if (dot->gradient) {
#pragma omp parallel for schedule(static) num_threads(cpu_threads(d)) if (!cpu_alone(d, (size_t)l->n * (size_t)l->k))
		for (int i = 0; i < l->n; i++)
			make_row(&placed, dot, i);
	}
	if (l->kind == LOSS_GAUSSIAN && l->params[0] && dot->dparams[0])
		gaussian_params(&placed, dot);
	return OK;
}
