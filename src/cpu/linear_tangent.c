/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/cpu/linear_tangent.h"

#include <string.h>

status tangent_check(const struct plan_request *r)
{
	if (r->mode == PLAN_TANGENT && (r->precision == PRECISION_BF16 || r->x[0].bf16 || r->x[1].bf16 || r->y.bf16))
		return fail(ERR_USAGE, "{precision} bf16: tangents are float32 alone; use {precision} fp32");
	return OK;
}

struct linear_tangent linear_tangent_of(struct device *d, const struct plan_request *r, size_t weights)
{
	const struct layer *l = r->layer;
	return (struct linear_tangent){
		.device = d, .y = r->y, .n = (size_t)r->n, .channels = (size_t)l->out[0], .pixels = (size_t)l->out[1] * (size_t)l->out[2],
		.inputs = (size_t)r->n * shape_size(l->in), .weights = weights, .bias = l->param[PARAM_BIAS],
	};
}

static size_t outputs_of(const struct linear_tangent *t)
{
	return t->n * t->channels * t->pixels;
}

static void set_to_zero(float *v, size_t n)
{
	memset(v, 0, n * sizeof *v);
}

/* ẏ where nothing but the bias moves; NULL: where that does not either. */
static void spread_bias(const struct linear_tangent *t, const float *bias, float *y)
{
	size_t block = t->y.block ? (size_t)t->y.block : t->channels;
	if (!bias) {
		set_to_zero(y, outputs_of(t));
		return;
	}
	for (size_t image = 0; image < t->n; image++)
		for (size_t first = 0; first < t->channels; first += block)
			for (size_t i = 0; i < t->pixels; i++, y += block)
				memcpy(y, bias + first, block * sizeof *y);
}

/* The room is for the second term of a sum, as large as the larger of x and y. Behind it are zeros for a bias that does not enter. */
static size_t second_count(size_t inputs, size_t outputs)
{
	return inputs > outputs ? inputs : outputs;
}

size_t linear_tangent_bytes(const struct plan_request *r)
{
	const struct layer *l = r->layer;
	const size_t n = (size_t)r->n;
	return (second_count(n * shape_size(l->in), n * shape_size(l->out)) + (size_t)l->out[0]) * sizeof(float);
}

static const float *make_zeros(const struct linear_tangent *t, float *room)
{
	float *none = room + second_count(t->inputs, outputs_of(t));
	set_to_zero(none, t->channels);
	return none;
}

/* The terms of ẏ by ẋ and by V, of which one at least is there. */
static status sum_terms(const struct linear_tangent *t, const struct layer_io *io, const struct layer_io *dot)
{
	float *second = dot->room;
	const float *none = make_zeros(t, second);
	const void *bias = dot->param[PARAM_BIAS] ? dot->param[PARAM_BIAS] : t->bias ? none : NULL;
	const struct layer_io by_x = {.x = {dot->x[0]}, .y = dot->y, .param = {io->param[PARAM_WEIGHT], bias}};
	struct layer_io by_weight = {.x = {io->x[0]}, .y = dot->y, .param = {dot->param[PARAM_WEIGHT], bias}};
	if (!dot->x[0])
		return t->forward(t->plan, &by_weight);
	TRY(t->forward(t->plan, &by_x));
	if (!dot->param[PARAM_WEIGHT])
		return OK;
	by_weight.y = second;
	by_weight.param[PARAM_BIAS] = t->bias ? none : NULL;
	TRY(t->forward(t->plan, &by_weight));
	return cpu_add(t->device, t->y, outputs_of(t), dot->y, second);
}

status linear_tangent_jvp(const struct linear_tangent *t, const struct layer_io *io, const struct layer_io *dot)
{
	if (!dot->y)
		return OK;
	if (!dot->x[0] && !dot->param[PARAM_WEIGHT]) {
		spread_bias(t, dot->param[PARAM_BIAS], dot->y);
		return OK;
	}
	return sum_terms(t, io, dot);
}

/* The terms with dẏ, in what is wanted; they are zeros where dẏ is. */
static status first_terms(const struct linear_tangent *t, const struct layer_io *io, const struct layer_io *dot)
{
	float *weight = dot->dparam[PARAM_WEIGHT], *bias = dot->dparam[PARAM_BIAS];
	if (dot->dy[0])
		return t->backward(t->plan, &(struct layer_io){
			.x = {io->x[0]}, .param = {io->param[PARAM_WEIGHT], io->param[PARAM_BIAS]}, .dy = {dot->dy[0]}, .dx = {dot->dx[0]},
			.dparam = {weight, bias}, .add_dparams = dot->add_dparams});
	if (dot->dx[0])
		set_to_zero(dot->dx[0], t->inputs);
	if (weight && !dot->add_dparams)
		set_to_zero(weight, t->weights);
	if (bias && !dot->add_dparams)
		set_to_zero(bias, t->channels);
	return OK;
}

status linear_tangent_hvp(const struct linear_tangent *t, const struct layer_io *io, const struct layer_io *dot)
{
	float *second = dot->room;
	TRY(first_terms(t, io, dot));
	bool data = dot->dx[0] && dot->param[PARAM_WEIGHT], weights = dot->dparam[PARAM_WEIGHT] && dot->x[0];
	if (!data && !weights)
		return OK;
	TRY(t->backward(t->plan, &(struct layer_io){
		.x = {dot->x[0]}, .param = {dot->param[PARAM_WEIGHT]}, .dy = {io->dy[0]}, .dx = {data ? second : NULL},
		.dparam = {weights ? dot->dparam[PARAM_WEIGHT] : NULL}, .add_dparams = true}));
	return data ? cpu_add(t->device, (struct format){0}, t->inputs, dot->dx[0], second) : OK;
}
