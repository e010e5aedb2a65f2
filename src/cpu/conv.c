/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Convolutions: y = x ⋆ W + b, one file a way of doing them. */
#include "src/cpu/conv.h"

/* The first that suits is taken; the last one does whatever the others leave. */
static const struct conv_way *const ways[] = {&conv_examples_way, &conv_planes_way, &conv_library_way};
enum { WAYS = sizeof ways / sizeof *ways };

/* A batch norm's scale goes into the weights and its shift into the bias, an activation without parameters into the
 * same step; with a bias of its own there would be two. */
static bool conv_folds(const struct layer *l, const struct layer *next)
{
	return !l->param[PARAM_BIAS] && next->kind == LAYER_NORM && next->norm == NORM_BATCH &&
	       next->activation != ACTIVATION_THRESHOLD;
}

static status check_request(const struct plan_request *r)
{
	if (r->precision == PRECISION_BF16 && !onednn_has_avx512())
		return fail(ERR_USAGE, "{precision} bf16: oneDNN has bf16 convolutions only for processors with AVX-512; use "
		                       "{precision} fp32");
	if (r->precision == PRECISION_BF16 && r->algo == CONV_WINOGRAD)
		return fail(ERR_USAGE, "{conv-algo} winograd: there is one in float32 only; use {precision} fp32, or another algorithm");
	if (r->folded && !conv_folds(r->layer, r->folded))
		return fail(ERR_LIBRARY, "only batch norm without a threshold folds into a convolution, and into one without a bias");
	if (r->mode != PLAN_INFER && r->x[0].bf16 != r->y.bf16)
		return fail(ERR_LIBRARY, "a convolution to train has its input's type");
	return tangent_check(r);
}

static struct linear_tangent tangent_of(struct device *d, const struct plan_request *r, struct layer_plan *p)
{
	const struct layer *l = r->layer;
	int groups = l->groups > 0 ? l->groups : 1;
	struct linear_tangent t = linear_tangent_of(d, r, (size_t)l->out[0] * (size_t)(l->in[0] / groups * l->kernel * l->kernel));
	t.plan = p;
	t.forward = p->way->forward;
	t.backward = p->way->backward;
	return t;
}

static status conv_plan(struct device *d, const struct plan_request *r, struct layer_plan **out)
{
	*out = NULL;
	TRY(check_request(r));
	/* The last one suits everything. */
	int i = 0;
	while (i < WAYS - 1 && !ways[i]->suits(r))
		i++;
	TRY(ways[i]->plan(d, r, out));
	(*out)->way = ways[i];
	(*out)->device = d;
	(*out)->tangent = tangent_of(d, r, *out);
	return OK;
}

static void conv_drop(struct layer_plan *p)
{
	if (p)
		p->way->drop(p);
}

static status conv_forward(struct layer_plan *p, const struct layer_io *io)
{
	return p->way->forward(p, io);
}

static status conv_backward(struct layer_plan *p, const struct layer_io *io)
{
	return p->way->backward(p, io);
}

static status conv_jvp(struct layer_plan *p, const struct layer_io *io, const struct layer_io *dot)
{
	return linear_tangent_jvp(&p->tangent, io, dot);
}

static status conv_hvp(struct layer_plan *p, const struct layer_io *io, const struct layer_io *dot)
{
	return linear_tangent_hvp(&p->tangent, io, dot);
}

static unsigned conv_backward_reads(const struct layer *l)
{
	(void)l;
	return READS_X0;
}

static unsigned conv_in_place(const struct layer *l)
{
	(void)l;
	return IN_PLACE_Y_X1;
}

static size_t conv_working_bytes(const struct layer_plan *p)
{
	return p->working;
}

static status conv_materialise(struct layer_plan *p, const struct weight_source *from, void *working)
{
	return p->way->materialise(p, from, working);
}

const struct layer_ops cpu_conv = {
	.plan = conv_plan,
	.drop = conv_drop,
	.forward = conv_forward,
	.backward = conv_backward,
	.backward_reads = conv_backward_reads,
	.in_place = conv_in_place,
	.folds = conv_folds,
	.working_bytes = conv_working_bytes,
	.materialise = conv_materialise,
	.jvp = conv_jvp,
	.hvp = conv_hvp,
	.tangent_bytes = linear_tangent_bytes,
};
