/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/net/graph_private.h"

/* ---- opening ---- */

static status take_buffers(struct graph *g)
{
	const struct model *m = g->options.model;
	struct device *d = g->device;
	size_t frozen = 0;
	TRY(graph_buffers(g));
	TRY(ARENA_NEW(&g->arena, (size_t)m->params.n, &g->param));
	TRY(ARENA_NEW(&g->arena, (size_t)m->params.n, &g->point_at));
	for (int i = 0; i < GRAPH_PLANS; i++) {
		TRY(ARENA_NEW(&g->arena, (size_t)m->n_layers, &g->plan[i].io));
		if (g->options.tangents)
			TRY(ARENA_NEW(&g->arena, (size_t)m->n_layers, &g->plan[i].dot));
	}
	for (int i = 0; i < m->params.n; i++)
		if (m->params.at[i].frozen && m->params.at[i].count > frozen)
			frozen = m->params.at[i].count;
	if (g->options.tangents)
		TRY(d->ops->alloc(d, m->params.count * sizeof(float), (void **)&g->direction));
	return frozen && !g->options.infer_only ? d->ops->alloc(d, frozen * sizeof(float), (void **)&g->zeros) : OK;
}

static void give_back(struct graph *g)
{
	struct device *d = g->device;
	d->ops->free(d, g->x);
	d->ops->free(d, g->memory);
	d->ops->free(d, g->zeros);
	d->ops->free(d, g->direction);
	d->ops->free(d, g->room);
	g->x = g->memory = g->room = NULL;
	g->zeros = g->direction = NULL;
}

status graph_open(struct graph *g, struct device *d, const struct graph_options *o)
{
	const char *lacks = model_lacks(o->model, d);
	*g = (struct graph){0};
	if (lacks)
		return fail(ERR_USAGE, "{device} %s: has no %s yet, which {model} %s needs; {device} cpu has", d->ops->name, lacks,
		            o->model->spec);
	if (o->tangents)
		TRY(graph_has_tangents(o->model, d));
	*g = (struct graph){.device = d, .options = *o};
	status s = take_buffers(g);
	if (s != OK) {
		give_back(g);
		s = graph_buffers_lack(g, s);
		graph_close(g);
	}
	return s;
}

static void plan_drop(struct graph *g, struct graph_plan *p)
{
	for (int i = 0; i < g->options.model->n_layers; i++)
		if (p->layer[i])
			ops_of(g, i)->drop(p->layer[i]);
	*p = (struct graph_plan){.io = p->io, .dot = p->dot};
	if (g->ready == p)
		g->ready = NULL;
}

void graph_close(struct graph *g)
{
	if (!g->device)
		return;
	struct device *d = g->device;
	for (int i = 0; i < GRAPH_PLANS; i++)
		plan_drop(g, &g->plan[i]);
	for (int i = 0; i < g->options.model->n_layers; i++)
		d->ops->free(d, g->working[i]);
	give_back(g);
	d->ops->free(d, g->point);
	arena_free(&g->arena);
	*g = (struct graph){0};
}

/* ---- plans ---- */

static struct format format_of(const struct graph *g, int tensor)
{
	return tensor >= 0 ? g->format[tensor] : g->input.format;
}

/* The layer that gives what layer i's plan computes: itself, or the one it takes in, with its second input. */
static int last_of(const struct graph *g, enum plan_mode mode, int i)
{
	int taken = taken_by(g, mode, i);
	return taken >= 0 ? taken : i;
}

struct plan_request graph_request(const struct graph *g, int i, int n, enum plan_mode mode)
{
	const struct layer *l = layer_at(g, i);
	int last = last_of(g, mode, i);
	return (struct plan_request){
		.layer = l, .n = n, .batch = g->options.batch, .mode = mode, .precision = g->options.precision,
		.algo = g->options.algo, .fast = g->options.fast,
		.folded = last != i ? layer_at(g, last) : NULL,
		.x = {format_of(g, l->input[0]), format_of(g, layer_at(g, last)->input[1])}, .y = g->format[last],
		.channels = l->input[0] == INPUT_BATCH ? g->input.channels : 0,
	};
}

/* Bytes that measuring how a layer is computed best takes for a while: its tensors and weights once more. */
static size_t trial_bytes(const struct graph *g, const struct plan_request *r)
{
	const struct layer *l = r->layer;
	const int weight = layer_segment(l, PARAM_WEIGHT);
	const size_t pixels = (size_t)l->in[1] * (size_t)l->in[2];
	const size_t in = (size_t)(r->channels > l->in[0] ? r->channels : l->in[0]) * pixels * format_bytes(r->x[0]);
	const size_t out = shape_size(l->out) * format_bytes(r->y);
	return (size_t)r->n * (in + out) + (weight < 0 ? 0 : g->options.model->params.at[weight].count * sizeof(float));
}

/* A direction's weights lie behind those at the point, where vectors begin. */
static size_t padded(size_t bytes)
{
	return (bytes + 63) / 64 * 64;
}

static status plan_layer(struct graph *g, struct graph_plan *p, int i)
{
	struct device *d = g->device;
	const struct plan_request r = graph_request(g, i, p->n, p->mode);
	TRY(graph_lacks(g, ops_of(g, i)->plan(d, &r, &p->layer[i]), trial_bytes(g, &r), "measuring how a layer is computed best"));
	size_t bytes = padded(working_bytes(g, p, i));
	if (bytes <= g->working_bytes[i])
		return OK;
	/* The new one first: without it the other plans still have theirs. */
	const size_t all = graph_copies(g) * bytes;
	void *larger;
	TRY(graph_lacks(g, d->ops->alloc(d, all, &larger), all, "a layer's working weights"));
	d->ops->free(d, g->working[i]);
	g->working[i] = larger;
	g->working_bytes[i] = bytes;
	g->ready = NULL;
	return OK;
}

static const void *tensor_at(const struct graph *g, int tensor)
{
	return tensor >= 0 ? g->y[tensor] : tensor == INPUT_BATCH ? g->x : NULL;
}

/* How many parts of its output's gradient a layer takes. */
static int parts_taken(const struct graph *g, int i)
{
	return ops_of(g, i)->two_gradients ? 2 : 1;
}

/* Tensors and gradients; unwritten, by layer: the readers of its output whose gradient is still to come. */
static void place_io(const struct graph *g, const struct graph_plan *p, int i, int *unwritten)
{
	const struct layer *l = layer_at(g, i);
	int last = last_of(g, p->mode, i);
	struct layer_io *io = &p->io[i];
	*io = (struct layer_io){.x = {tensor_at(g, l->input[0]), tensor_at(g, layer_at(g, last)->input[1])}, .y = g->y[last],
	                        .kept = g->kept[i]};
	if (!g->dy[i][0])
		return;
	for (int r = 0; r < parts_taken(g, i); r++)
		io->dy[r] = g->dy[i][r];
	/* Readers write in the reverse of the order in which they read. */
	for (int k = 2; k-- > 0;)
		if (l->input[k] >= 0 && g->dy[l->input[k]][0])
			io->dx[k] = g->dy[l->input[k]][--unwritten[l->input[k]]];
}

static status plan_layers(struct graph *g, struct graph_plan *p)
{
	int layers = g->options.model->n_layers, unwritten[LAYERS_MAX];
	for (int i = 0; i < layers; i++) {
		for (unwritten[i] = 0; unwritten[i] < GRAPH_READERS && g->dy[i][unwritten[i]];)
			unwritten[i]++;
		if (!is_taken(g, p->mode, i))
			TRY(plan_layer(g, p, i));
	}
	for (int i = layers; i-- > 0;) {
		place_io(g, p, i, unwritten);
		if (p->mode == PLAN_TANGENT)
			graph_place_tangents(g, p, i);
	}
	return OK;
}

status graph_plan(struct graph *g, int n, enum plan_mode mode, struct graph_plan **out)
{
	struct graph_plan *oldest = &g->plan[0];
	*out = NULL;
	for (int i = 0; i < GRAPH_PLANS; i++) {
		struct graph_plan *p = &g->plan[i];
		if (p->n == n && p->mode == mode) {
			p->used = ++g->clock;
			*out = p;
			return OK;
		}
		if (p->used < oldest->used)
			oldest = p;
	}
	plan_drop(g, oldest);
	oldest->n = n;
	oldest->mode = mode;
	status s = plan_layers(g, oldest);
	if (s != OK) {
		plan_drop(g, oldest);
		return s;
	}
	oldest->used = ++g->clock;
	*out = oldest;
	return OK;
}

/* ---- passes ---- */

float *graph_stats(const struct graph *g, int i, float *stats)
{
	const struct layer *l = layer_at(g, i);
	return l->stat ? stats + g->options.model->stats.at[layer_stat(l)].offset : NULL;
}

status graph_forward(struct graph *g, const struct graph_plan *p, float *stats, enum stats_policy policy, const struct slots *s,
                     int share)
{
	for (int i = 0; i < g->options.model->n_layers; i++) {
		/* A layer that has taken in another one waits for that one's turn: then its second input is there. */
		int run = is_taken(g, p->mode, i) ? layer_at(g, i)->input[0] : i;
		if (run == i && taken_by(g, p->mode, i) >= 0)
			continue;
		struct layer_io *io = &p->io[run];
		io->stats = graph_stats(g, run, stats);
		io->policy = policy;
		io->slots = s;
		io->stats_share = share;
		TRY(ops_of(g, run)->forward(p->layer[run], io));
	}
	return OK;
}

status graph_slice(struct graph *g, const struct segment *seg, float *gradient, bool add, float **slice)
{
	if (!seg)
		return OK;
	if (!seg->frozen)
		*slice = gradient + seg->offset;
	else if (!add)
		return g->device->ops->copy(g->device, gradient + seg->offset, g->zeros, seg->count * sizeof(float));
	return OK;
}

status graph_gather_parts(struct graph *g, const struct graph_plan *p, int i, bool tangents)
{
	struct device *d = g->device;
	const size_t count = (size_t)p->n * shape_size(layer_at(g, i)->out), by = tangents ? g->to_tangents : 0;
	for (int r = GRAPH_READERS - 1; r >= parts_taken(g, i); r--)
		if (g->dy[i][r])
			TRY(d->ops->add(d, g->format[i], count, (char *)g->dy[i][0] + by, (char *)g->dy[i][r] + by));
	return OK;
}

status graph_backward(struct graph *g, const struct graph_plan *p, float *stats, float *gradient, bool add)
{
	for (int i = g->options.model->n_layers; i-- > 0;) {
		const struct layer *l = layer_at(g, i);
		struct layer_io *io = &p->io[i];
		io->add_dparams = add;
		for (int k = 0; k < LAYER_PARAMS; k++) {
			io->dparam[k] = NULL;
			TRY(graph_slice(g, segment_at(g, layer_segment(l, k)), gradient, add, &io->dparam[k]));
		}
		if (!g->dy[i][0])
			continue;
		TRY(graph_gather_parts(g, p, i, false));
		io->stats = graph_stats(g, i, stats);
		TRY(ops_of(g, i)->backward(p->layer[i], io));
	}
	return OK;
}

float *graph_output(const struct graph *g)
{
	return g->y[g->options.model->n_layers - 1];
}

float *graph_output_gradient(const struct graph *g)
{
	return g->dy[g->options.model->n_layers - 1][0];
}
