/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which tensors of a graph share memory. A layer runs forward at moment i and backward at 2·layers − i, the loss between;
 * a tensor lives from the moment it is written to the last at which it is read. */
#include "src/net/graph_private.h"

#include <string.h>

#include "src/net/lifetimes.h"

/* The tensors: y of every layer, then GRAPH_READERS gradients of every layer. */
struct tensors {
	const struct graph *g;
	const struct model *m;
	int n;
	struct lifetime *life;
	int *same;             /* the tensor whose memory it takes over, or itself */
	bool *needed;          /* by layer: a gradient must reach it */
	int (*reader)[GRAPH_READERS];  /* by layer: the layers that read it, */
	int *readers;                  /* and how many */
};

static size_t bytes_of(const struct tensors *t, int layer)
{
	return (size_t)t->g->options.batch * shape_size(t->m->layer[layer].out) * format_bytes(t->g->format[layer]);
}

static unsigned reads_of(const struct graph *g, int layer)
{
	const struct layer_ops *ops = ops_of(g, layer);
	return ops->backward_reads ? ops->backward_reads(layer_at(g, layer)) : 0;
}

static int forward_at(int layer)
{
	return layer;
}

static int backward_at(const struct tensors *t, int layer)
{
	return 2 * t->m->n_layers - layer;
}

static int gradient_of(const struct tensors *t, int layer, int reader)
{
	return t->m->n_layers + layer * GRAPH_READERS + reader;
}

static int root(const struct tensors *t, int tensor)
{
	while (t->same[tensor] != tensor)
		tensor = t->same[tensor];
	return tensor;
}

/* `later` takes over the memory of `earlier`. */
static void join(struct tensors *t, int earlier, int later)
{
	int a = root(t, earlier), b = root(t, later);
	if (a == b)
		return;
	struct lifetime *x = &t->life[a], *y = &t->life[b];
	x->bytes = x->bytes > y->bytes ? x->bytes : y->bytes;
	x->from = x->from < y->from ? x->from : y->from;
	x->to = x->to > y->to ? x->to : y->to;
	y->bytes = 0;
	t->same[b] = a;
}

static bool same_size(const struct tensors *t, int a, int b)
{
	return bytes_of(t, a) == bytes_of(t, b) && t->g->format[a].bf16 == t->g->format[b].bf16;
}

/* ---- who reads what ---- */

static status find_readers(struct tensors *t)
{
	for (int i = 0; i < t->m->n_layers; i++)
		for (int k = 0; k < 2; k++) {
			int below = t->m->layer[i].input[k];
			if (below < 0)
				continue;
			if (t->readers[below] == GRAPH_READERS)
				return fail(ERR_USAGE, "{model} %s: a layer's output is read by more than %d", t->m->spec, GRAPH_READERS);
			t->reader[below][t->readers[below]++] = i;
		}
	return OK;
}

/* A convolution without a bias that a batch norm alone reads becomes one step with it when nothing is learned. */
static void find_folds(struct tensors *t, struct graph *g)
{
	for (int i = 0; i < t->m->n_layers; i++) {
		const struct layer *l = &t->m->layer[i];
		g->folded[i] = -1;
		if (l->kind != LAYER_CONV || l->bias >= 0 || t->readers[i] != 1)
			continue;
		const struct layer *norm = &t->m->layer[t->reader[i][0]];
		if (norm->kind == LAYER_NORM && norm->norm == NORM_BATCH && norm->input[0] == i && norm->input[1] != i)
			g->folded[i] = t->reader[i][0];
	}
}

static bool trainable(const struct model *m, int segment)
{
	return segment >= 0 && !m->params.at[segment].frozen;
}

/* Whether layer i depends on a parameter that is not frozen, so that a gradient must reach it. */
static bool needs_gradient(const struct tensors *t, int i)
{
	const struct layer *l = &t->m->layer[i];
	if (trainable(t->m, l->weight) || trainable(t->m, l->bias) ||
	    (l->activation == ACTIVATION_THRESHOLD && trainable(t->m, l->threshold)))
		return true;
	for (int k = 0; k < 2; k++)
		if (l->input[k] >= 0 && t->needed[l->input[k]])
			return true;
	return false;
}

/* ---- lives ---- */

static void extend(struct tensors *t, int tensor, int moment)
{
	if (moment > t->life[tensor].to)
		t->life[tensor].to = moment;
}

static void outputs(struct tensors *t)
{
	const struct graph *g = t->g;
	for (int i = 0; i < t->m->n_layers; i++) {
		bool stands_for_it = g->options.infer_only && g->folded[i] >= 0;
		t->life[i] = (struct lifetime){.bytes = stands_for_it ? 0 : bytes_of(t, i), .from = forward_at(i), .to = forward_at(i)};
		if (i == t->m->n_layers - 1)
			extend(t, i, forward_at(t->m->n_layers));
		if (t->needed[i] && reads_of(g, i) & READS_Y)
			extend(t, i, backward_at(t, i));
		for (int k = 0; k < 2; k++) {
			int below = t->m->layer[i].input[k];
			if (below < 0)
				continue;
			/* With its norm taken in, a convolution runs when the norm would. */
			extend(t, below, forward_at(g->folded[i] >= 0 ? g->folded[i] : i));
			if (t->needed[i] && reads_of(g, i) & (k ? READS_X1 : READS_X0))
				extend(t, below, backward_at(t, i));
		}
	}
}

static void gradients(struct tensors *t)
{
	for (int i = 0; i < t->m->n_layers; i++)
		for (int r = 0; t->needed[i] && r < (t->readers[i] ? t->readers[i] : 1); r++)
			t->life[gradient_of(t, i, r)] = (struct lifetime){
				.bytes = bytes_of(t, i), .to = backward_at(t, i),
				.from = t->readers[i] ? backward_at(t, t->reader[i][r]) : forward_at(t->m->n_layers)};
}

/* The gradient that layer i's backward writes for its input k. */
static int written_by(const struct tensors *t, int i, int k)
{
	int below = t->m->layer[i].input[k], r = 0;
	/* A layer that reads the same tensor twice writes two of them. */
	for (int skip = k == 1 && t->m->layer[i].input[0] == below; t->reader[below][r] != i || skip-- > 0;)
		r++;
	return gradient_of(t, below, r);
}

/* ---- in place ---- */

static void share_outputs(struct tensors *t)
{
	for (int i = 0; i < t->m->n_layers; i++) {
		const struct layer *l = &t->m->layer[i];
		int below = l->input[0], residual = l->input[1];
		/* What alone reads the layer below, and needs nothing of it later, writes over it. */
		if (l->kind == LAYER_ACTIVATION && below >= 0 && t->readers[below] == 1 && !(reads_of(t->g, i) & READS_X0) &&
		    !(reads_of(t->g, below) & READS_Y) && same_size(t, i, below))
			join(t, below, i);
		/* A convolution with its norm taken in adds to the residual where it lies. */
		if (t->g->options.infer_only && l->kind == LAYER_NORM && below >= 0 && t->g->folded[below] == i && residual >= 0 &&
		    residual != t->m->layer[below].input[0] && t->life[root(t, residual)].to == forward_at(i) && same_size(t, i, residual))
			join(t, residual, i);
	}
}

static void share_gradients(struct tensors *t)
{
	for (int i = 0; i < t->m->n_layers; i++) {
		const struct layer *l = &t->m->layer[i];
		bool residual = l->kind == LAYER_NORM && l->input[1] != -2;
		if (!t->needed[i] || (l->kind != LAYER_ACTIVATION && l->kind != LAYER_NORM))
			continue;
		int k = residual ? 1 : 0, to = l->input[k];
		if (to >= 0 && t->needed[to] && same_size(t, i, to))
			join(t, gradient_of(t, i, 0), written_by(t, i, k));
	}
}

static status take(struct tensors *t, struct graph *g)
{
	size_t bytes = lifetimes_place(t->life, t->n);
	TRY(g->device->ops->alloc(g->device, bytes, &g->memory));
	char *memory = g->memory;
	for (int i = 0; i < t->m->n_layers; i++) {
		if (t->life[root(t, i)].bytes)
			g->y[i] = memory + t->life[root(t, i)].offset;
		for (int r = 0; t->needed[i] && r < (t->readers[i] ? t->readers[i] : 1); r++)
			g->dy[i][r] = memory + t->life[root(t, gradient_of(t, i, r))].offset;
	}
	return OK;
}

static status plan_buffers(struct graph *g, struct arena *a)
{
	const struct model *m = g->options.model;
	size_t layers = (size_t)m->n_layers, n = layers * (1 + GRAPH_READERS);
	struct tensors t = {.g = g, .m = m, .n = (int)n};
	TRY(ARENA_NEW(a, n, &t.life));
	TRY(ARENA_NEW(a, n, &t.same));
	TRY(ARENA_NEW(a, layers, &t.needed));
	TRY(ARENA_NEW(a, layers, &t.reader));
	TRY(ARENA_NEW(a, layers, &t.readers));
	for (int i = 0; i < t.n; i++)
		t.same[i] = i;
	TRY(find_readers(&t));
	find_folds(&t, g);
	for (int i = 0; i < m->n_layers; i++)
		t.needed[i] = !g->options.infer_only && needs_gradient(&t, i);
	outputs(&t);
	gradients(&t);
	share_outputs(&t);
	share_gradients(&t);
	return take(&t, g);
}

status graph_buffers(struct graph *g)
{
	const struct model *m = g->options.model;
	g->device->ops->formats(g->device, m->layer, m->n_layers, g->options.precision, &g->input, g->format);
	struct arena scratch = {0};
	status s = plan_buffers(g, &scratch);
	arena_free(&scratch);
	return s;
}
