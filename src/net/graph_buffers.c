/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Which tensors of a graph share memory. A layer runs forward at moment i and backward at 2·layers − i, the loss
 * between; a tensor lives from the moment it is written to the last at which it is read. */
#include "src/net/graph_private.h"

#include "src/net/lifetimes.h"

/* The tensors: y of every layer, then GRAPH_READERS gradients of every layer, then what every layer keeps. */
struct tensors {
	const struct graph *g;
	const struct model *m;
	int batch;             /* examples */
	int n;
	struct lifetime *life;
	int *same;             /* the tensor whose memory it takes over, or itself */
	bool *needed;          /* by layer: a gradient must reach it */
	int (*reader)[GRAPH_READERS];  /* by layer: the layers that read it, */
	int *readers;                  /* and how many */
};

static size_t bytes_of(const struct tensors *t, int layer)
{
	return (size_t)t->batch * shape_size(t->m->layer[layer].out) * format_bytes(t->g->format[layer]);
}

/* READS_…: of a layer without a backward pass, nothing. */
static unsigned reads_of(const struct tensors *t, int layer)
{
	const struct layer_ops *ops = ops_of(t->g, layer);
	return t->needed[layer] && ops->backward_reads ? ops->backward_reads(layer_at(t->g, layer)) : 0;
}

/* IN_PLACE_… */
static unsigned in_place(const struct tensors *t, int layer)
{
	const struct layer_ops *ops = ops_of(t->g, layer);
	return ops->in_place ? ops->in_place(layer_at(t->g, layer)) : 0;
}

static int forward_at(int layer)
{
	return layer;
}

/* With another layer taken in, a layer runs when that one would. */
static int latest_forward(const struct tensors *t, int layer)
{
	return forward_at(t->g->folded[layer] >= 0 ? t->g->folded[layer] : layer);
}

static int backward_at(const struct tensors *t, int layer)
{
	return 2 * t->m->n_layers - layer;
}

static int gradient_of(const struct tensors *t, int layer, int reader)
{
	return t->m->n_layers + layer * GRAPH_READERS + reader;
}

static int kept_of(const struct tensors *t, int layer)
{
	return t->m->n_layers * (1 + GRAPH_READERS) + layer;
}

static int root_of(const struct tensors *t, int tensor)
{
	while (t->same[tensor] != tensor)
		tensor = t->same[tensor];
	return tensor;
}

/* `later` takes over the memory of `earlier`. */
static void join_tensors(struct tensors *t, int earlier, int later)
{
	int a = root_of(t, earlier), b = root_of(t, later);
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

/* A layer and the one that alone reads it become one step when nothing is learned, where the backend can do that; two
 * at most: one that is taken in takes in none. The second input of the two is the second one's. */
static void find_folds(struct tensors *t, struct graph *g)
{
	for (int i = 0; i < t->m->n_layers; i++) {
		const struct layer_ops *ops = ops_of(g, i);
		g->folded[i] = -1;
		if (!ops->folds || t->readers[i] != 1 || t->m->layer[i].input[1] != INPUT_NONE || is_taken(g, PLAN_INFER, i))
			continue;
		const struct layer *next = &t->m->layer[t->reader[i][0]];
		if (next->input[0] == i && ops->folds(&t->m->layer[i], next))
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
	for (int k = 0; k < LAYER_PARAMS; k++)
		if (trainable(t->m, layer_segment(l, k)))
			return true;
	for (int k = 0; k < 2; k++)
		if (l->input[k] >= 0 && t->needed[l->input[k]])
			return true;
	return false;
}

/* ---- lives ---- */

static void extend_life(struct tensors *t, int tensor, int moment)
{
	if (moment > t->life[tensor].to)
		t->life[tensor].to = moment;
}

static void place_outputs(struct tensors *t)
{
	const struct graph *g = t->g;
	for (int i = 0; i < t->m->n_layers; i++) {
		bool stands_for_it = g->options.infer_only && g->folded[i] >= 0;
		t->life[i] = (struct lifetime){.bytes = stands_for_it ? 0 : bytes_of(t, i), .from = forward_at(i), .to = forward_at(i)};
		if (i == t->m->n_layers - 1)
			extend_life(t, i, forward_at(t->m->n_layers));
		/* The derivative of a backward pass may read any tensor, and its tangent. */
		if (reads_of(t, i) & READS_Y || g->options.tangents)
			extend_life(t, i, backward_at(t, i));
		for (int k = 0; k < 2; k++) {
			int below = t->m->layer[i].input[k];
			if (below < 0)
				continue;
			extend_life(t, below, latest_forward(t, i));
			if (reads_of(t, i) & (k ? READS_X1 : READS_X0))
				extend_life(t, below, backward_at(t, i));
		}
	}
}

static void place_gradients(struct tensors *t)
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

/* What a layer keeps from its forward to its backward pass. */
static void place_kept(struct tensors *t)
{
	const struct graph *g = t->g;
	enum plan_mode mode = g->options.infer_only ? PLAN_INFER : g->options.tangents ? PLAN_TANGENT : PLAN_TRAIN;
	for (int i = 0; i < t->m->n_layers; i++) {
		const struct layer_ops *ops = ops_of(g, i);
		if (!ops->kept_bytes || is_taken(g, mode, i))
			continue;
		const struct plan_request r = graph_request(g, i, t->batch, mode);
		t->life[kept_of(t, i)] = (struct lifetime){.bytes = ops->kept_bytes(g->device, &r), .from = forward_at(i),
		                                           .to = t->needed[i] ? backward_at(t, i) : latest_forward(t, i)};
	}
}

/* ---- in place ---- */

/* What alone reads the layer below, and needs nothing of it later, may write over it; but not with another layer taken
 * in. */
static bool over_input(const struct tensors *t, int i)
{
	int below = t->m->layer[i].input[0];
	return in_place(t, i) & IN_PLACE_Y_X0 && below >= 0 && t->g->folded[i] < 0 && t->readers[below] == 1 &&
	       !(reads_of(t, i) & READS_X0) && !(reads_of(t, below) & READS_Y) && same_size(t, i, below);
}

/* A layer that has taken in layer i may write that one's y over its second input, which nobody reads later. */
static bool over_residual(const struct tensors *t, int i)
{
	int below = t->m->layer[i].input[0], residual = t->m->layer[i].input[1];
	return t->g->options.infer_only && below >= 0 && t->g->folded[below] == i && in_place(t, below) & IN_PLACE_Y_X1 &&
	       residual >= 0 && residual != t->m->layer[below].input[0] && same_size(t, i, residual) &&
	       t->life[root_of(t, residual)].to == forward_at(i);
}

static void share_outputs(struct tensors *t)
{
	for (int i = 0; i < t->m->n_layers; i++) {
		if (over_input(t, i))
			join_tensors(t, t->m->layer[i].input[0], i);
		if (over_residual(t, i))
			join_tensors(t, t->m->layer[i].input[1], i);
	}
}

static void share_gradients(struct tensors *t)
{
	static const unsigned bits[] = {IN_PLACE_DX0_DY0, IN_PLACE_DX1_DY0};
	for (int i = 0; i < t->m->n_layers; i++)
		for (int k = 0; t->needed[i] && k < 2; k++) {
			int to = t->m->layer[i].input[k];
			if (!(in_place(t, i) & bits[k]) || to < 0 || !t->needed[to] || !same_size(t, i, to))
				continue;
			join_tensors(t, gradient_of(t, i, 0), written_by(t, i, k));
			break;
		}
}

/* Where a tensor lies in g->memory; NULL where it has no bytes. */
static void *address_of(const struct tensors *t, int tensor)
{
	const struct lifetime *l = &t->life[root_of(t, tensor)];
	return l->bytes ? (char *)t->g->memory + l->offset : NULL;
}

static status take_memory(const struct tensors *t, struct graph *g, size_t bytes)
{
	TRY(g->device->ops->alloc(g->device, graph_copies(g) * bytes, &g->memory));
	g->to_tangents = g->options.tangents ? bytes : 0;
	for (int i = 0; i < t->m->n_layers; i++) {
		g->y[i] = address_of(t, i);
		for (int r = 0; r < GRAPH_READERS; r++)
			g->dy[i][r] = address_of(t, gradient_of(t, i, r));
		g->kept[i] = address_of(t, kept_of(t, i));
	}
	return OK;
}

/* Finds where every tensor lies in one block of so many bytes, for batches of a size; and the layers to fold, whatever the size. */
static status lay_out(struct graph *g, int batch, struct arena *a, struct tensors *out, size_t *bytes)
{
	const struct model *m = g->options.model;
	size_t layers = (size_t)m->n_layers, n = layers * (1 + GRAPH_READERS + 1);
	struct tensors t = {.g = g, .m = m, .batch = batch, .n = (int)n};
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
	place_outputs(&t);
	place_gradients(&t);
	place_kept(&t);
	if (!g->options.tangents) {
		share_outputs(&t);
		share_gradients(&t);
	}
	*bytes = lifetimes_place(t.life, t.n);
	*out = t;
	return OK;
}

static size_t input_bytes(const struct graph *g, int batch)
{
	const int *in = g->options.model->input;
	size_t pixels = (size_t)in[1] * (size_t)in[2];
	return (size_t)batch * (size_t)g->input.channels * pixels * format_bytes(g->input.format);
}

size_t graph_bytes(struct graph *g, int batch)
{
	struct arena scratch = {0};
	struct tensors t;
	size_t bytes;
	status s = lay_out(g, batch, &scratch, &t, &bytes);
	arena_free(&scratch);
	return s == OK ? input_bytes(g, batch) + graph_copies(g) * bytes + graph_tangent_bytes(g, batch) : SIZE_MAX;
}

status graph_buffers(struct graph *g)
{
	const struct model *m = g->options.model;
	struct device *d = g->device;
	struct arena scratch = {0};
	struct tensors t;
	size_t bytes;
	g->input.channels = m->input[0];
	d->ops->formats(d, m->layer, m->n_layers, g->options.precision, &g->input, g->format);
	TRY(d->ops->alloc(d, input_bytes(g, g->options.batch), &g->x));
	status s = lay_out(g, g->options.batch, &scratch, &t, &bytes);
	if (s == OK)
		s = take_memory(&t, g, bytes);
	arena_free(&scratch);
	if (s == OK && g->options.tangents)
		s = d->ops->alloc(d, graph_tangent_bytes(g, g->options.batch), &g->room);
	return s;
}
