/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Norms: y = activation(norm(x[0]) + x[1]), the residual x[1] being optional; one file a kind of norm. */
#include "src/cpu/norm.h"
#include "src/cpu/norm_tangent.h"

#include <stdlib.h>

/* Bytes of a block over all examples, up to which each thread has a block of its own: then a second pass finds it in a
 * cache. Beyond, threads share a block. */
enum { OWN_BLOCK_MAX = 64 << 20 };

static const struct norm_kind *const kinds[] = {[NORM_BATCH] = &norm_batch, [NORM_FILTER_RESPONSE] = &norm_filter};

static unsigned norm_backward_reads(const struct layer *l)
{
	if (l->input[1] == INPUT_NONE || l->activation == ACTIVATION_NONE)
		return READS_X0;
	return l->activation == ACTIVATION_SILU ? READS_X0 | READS_X1 : READS_X0 | READS_Y;
}

/* What is added has no gradient but the one behind the activation. */
static unsigned norm_in_place(const struct layer *l)
{
	return l->input[1] == INPUT_NONE ? IN_PLACE_DX0_DY0 : IN_PLACE_DX1_DY0;
}

static size_t norm_kept_bytes(const struct device *d, const struct plan_request *r)
{
	(void)d;
	return kinds[r->layer->norm]->kept_bytes((size_t)r->n, (size_t)r->layer->in[0]);
}

static void norm_drop(struct layer_plan *p)
{
	if (!p)
		return;
	arena_free(&p->arena);
	free(p);
}

static void divide_work(struct layer_plan *p)
{
	size_t per_block = (size_t)p->n * p->pixels * (size_t)p->width;
	p->threads = cpu_alone(p->device, per_block * (size_t)p->blocks) ? 1 : cpu_threads(p->device);
	p->parts = 1;
	if (p->blocks % p->threads || per_block * format_bytes(p->x) > OWN_BLOCK_MAX)
		p->parts = p->n < p->threads ? p->n : p->threads;
}

static status norm_plan(struct device *d, const struct plan_request *r, struct layer_plan **out)
{
	const struct layer *l = r->layer;
	*out = NULL;
	if (r->mode == PLAN_TANGENT && (r->x[0].bf16 || r->x[1].bf16 || r->y.bf16))
		return fail(ERR_USAGE, "{precision} bf16: a norm has tangents in float32 alone");
	struct layer_plan *p = calloc(1, sizeof *p);
	if (!p)
		return fail(ERR_MEMORY, "out of memory: a norm's plan");
	p->device = d;
	p->kind = kinds[l->norm];
	p->activation = l->activation;
	p->residual = l->input[1] != INPUT_NONE;
	p->x = r->x[0];
	p->r = r->x[1];
	p->y = r->y;
	p->n = r->n;
	p->channels = l->in[0];
	p->pixels = (size_t)l->in[1] * (size_t)l->in[2];
	p->width = r->y.block ? r->y.block : p->channels;
	p->blocks = p->channels / p->width;
	p->with_tangents = r->mode == PLAN_TANGENT;
	divide_work(p);
	status s = ARENA_NEW(&p->arena, (size_t)p->channels, &p->threshold);
	if (s == OK)
		s = p->kind->open(p);
	if (s == OK && p->with_tangents)
		s = norm_tangent_open(p);
	if (s != OK) {
		norm_drop(p);
		return s;
	}
	*out = p;
	return OK;
}

static status norm_forward(struct layer_plan *p, const struct layer_io *io)
{
	norm_set_threshold(p, io, false);
	p->kind->forward(p, io);
	return OK;
}

static status norm_backward(struct layer_plan *p, const struct layer_io *io)
{
	norm_set_threshold(p, io, norm_slope_of(p) == SLOPE_OF_OUTPUT);
	p->kind->backward(p, io);
	return OK;
}

const struct layer_ops cpu_norm = {
	.two_gradients = true,
	.plan = norm_plan,
	.drop = norm_drop,
	.forward = norm_forward,
	.backward = norm_backward,
	.backward_reads = norm_backward_reads,
	.in_place = norm_in_place,
	.kept_bytes = norm_kept_bytes,
	.jvp = norm_jvp,
	.hvp = norm_hvp,
};
