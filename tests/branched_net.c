/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "tests/branched_net.h"

#include <stdlib.h>
#include <string.h>

#include "tests/ref/ref.h"
#include "tests/tap.h"

enum { N = BRANCHED_N, IN = BRANCHED_IN, MID = BRANCHED_MID, OUT = BRANCHED_OUT };

/* ---- y = x₀ + x₁, in the place of activations ---- */

struct layer_plan {
	size_t n;
	struct layer_plan *inner;  /* of the linear layer that is wrapped */
	size_t weights, padding;
};

static status sum_plan(struct device *d, const struct plan_request *r, struct layer_plan **out)
{
	(void)d;
	*out = calloc(1, sizeof **out);
	if (!*out)
		return ERR_MEMORY;
	(*out)->n = (size_t)r->n * (size_t)r->layer->out[0];
	return OK;
}

static void sum_drop(struct layer_plan *p)
{
	free(p);
}

static status sum_forward(struct layer_plan *p, const struct layer_io *io)
{
	for (size_t i = 0; i < p->n; i++)
		((float *)io->y)[i] = ((const float *)io->x[0])[i] + ((const float *)io->x[1])[i];
	return OK;
}

static status sum_backward(struct layer_plan *p, const struct layer_io *io)
{
	for (int k = 0; k < 2; k++)
		for (size_t i = 0; i < p->n; i++)
			((float *)io->dx[k])[i] = ((const float *)io->dy[0])[i];
	return OK;
}

/* It is linear: tangents go the same ways. */
static status sum_jvp(struct layer_plan *p, const struct layer_io *io, const struct layer_io *dot)
{
	(void)io;
	return sum_forward(p, dot);
}

static status sum_hvp(struct layer_plan *p, const struct layer_io *io, const struct layer_io *dot)
{
	(void)io;
	return sum_backward(p, dot);
}

static const struct layer_ops sum_ops = {.plan = sum_plan, .drop = sum_drop, .forward = sum_forward, .backward = sum_backward,
                                         .jvp = sum_jvp, .hvp = sum_hvp};

/* ---- linear layers that want their weights elsewhere ---- */

struct branched branched;
static const struct layer_ops *linear;

static status copy_plan(struct device *d, const struct plan_request *r, struct layer_plan **out)
{
	*out = calloc(1, sizeof **out);
	if (!*out)
		return ERR_MEMORY;
	branched.planned++;
	branched.asked_n = r->n;
	branched.asked_batch = r->batch;
	(*out)->weights = (size_t)r->layer->in[0] * (size_t)r->layer->out[0];
	(*out)->padding = branched.padding;
	return linear->plan(d, r, &(*out)->inner);
}

static void copy_drop(struct layer_plan *p)
{
	linear->drop(p->inner);
	free(p);
}

static status copy_forward(struct layer_plan *p, const struct layer_io *io)
{
	return linear->forward(p->inner, io);
}

static status copy_backward(struct layer_plan *p, const struct layer_io *io)
{
	return linear->backward(p->inner, io);
}

static status copy_jvp(struct layer_plan *p, const struct layer_io *io, const struct layer_io *dot)
{
	return linear->jvp(p->inner, io, dot);
}

static status copy_hvp(struct layer_plan *p, const struct layer_io *io, const struct layer_io *dot)
{
	return linear->hvp(p->inner, io, dot);
}

static size_t copy_tangent_bytes(const struct plan_request *r)
{
	return linear->tangent_bytes(r);
}

static unsigned copy_reads(const struct layer *l)
{
	return linear->backward_reads(l);
}

static size_t copy_bytes(const struct layer_plan *p)
{
	return p->weights * sizeof(float) + p->padding;
}

static status copy_materialise(struct layer_plan *p, const struct weight_source *from, void *working)
{
	branched.materialised++;
	memcpy(working, from->at->theta + from->param[PARAM_WEIGHT]->offset, p->weights * sizeof(float));
	return OK;
}

static const struct layer_ops copy_ops = {.plan = copy_plan, .drop = copy_drop, .forward = copy_forward,
                                          .backward = copy_backward, .backward_reads = copy_reads, .working_bytes = copy_bytes,
                                          .materialise = copy_materialise, .jvp = copy_jvp, .hvp = copy_hvp,
                                          .tangent_bytes = copy_tangent_bytes};

void branched_layers(const struct backend *real, struct backend *fake)
{
	static const struct layer_ops *const table[LAYER_KINDS] = {[LAYER_LINEAR] = &copy_ops, [LAYER_ACTIVATION] = &sum_ops};
	linear = real->layers[LAYER_LINEAR];
	*fake = *real;
	fake->layers = table;
}

/* ---- out(a + mid(a)), a = first(x) ---- */

static void add_linear(struct model *m, int input, int in, int out, const char *weight, const char *bias)
{
	struct layer *l = &m->layer[m->n_layers++];
	*l = (struct layer){.kind = LAYER_LINEAR, .input = {input, INPUT_NONE}, .in = {in, 1, 1}, .out = {out, 1, 1},
	                    .param = {1 + m->params.n, 2 + m->params.n}};
	MUST(segments_add(&m->params, &m->arena, weight, 2, (int64_t[]){out, in}, INIT_NORMAL, 1, NULL));
	MUST(segments_add(&m->params, &m->arena, bias, 1, (int64_t[]){out}, INIT_NORMAL, 1, NULL));
}

void branched_model(struct model *m)
{
	*m = (struct model){.input = {IN, 1, 1}, .outputs = OUT};
	add_linear(m, INPUT_BATCH, IN, MID, "first.weight", "first.bias");
	add_linear(m, 0, MID, MID, "mid.weight", "mid.bias");
	m->layer[m->n_layers++] = (struct layer){.kind = LAYER_ACTIVATION, .input = {0, 1}, .in = {MID, 1, 1}, .out = {MID, 1, 1},
	                                         .activation = ACTIVATION_SILU};
	add_linear(m, 2, MID, OUT, "last.weight", "last.bias");
}

void branched_oracle(const double *t, const double *x, const double *r, double *y, double *g)
{
	const double *w1 = t, *b1 = w1 + MID * IN, *w2 = b1 + MID, *b2 = w2 + MID * MID, *w3 = b2 + MID, *b3 = w3 + OUT * MID;
	double *g1 = g, *h1 = g1 + MID * IN, *g2 = h1 + MID, *h2 = g2 + MID * MID, *g3 = h2 + MID, *h3 = g3 + OUT * MID;
	double a[N * MID], b[N * MID], sum[N * MID], dsum[N * MID], da[N * MID];
	ref_linear(N, IN, MID, x, w1, b1, a);
	ref_linear(N, MID, MID, a, w2, b2, b);
	for (int i = 0; i < N * MID; i++)
		sum[i] = a[i] + b[i];
	ref_linear(N, MID, OUT, sum, w3, b3, y);
	ref_linear_backward(N, MID, OUT, sum, w3, r, dsum, g3, h3);
	ref_linear_backward(N, MID, MID, a, w2, dsum, da, g2, h2);
	for (int i = 0; i < N * MID; i++)
		da[i] += dsum[i];
	ref_linear_backward(N, IN, MID, x, w1, da, NULL, g1, h1);
}
