/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Where a graph's tensors lie, by brute force: stand-in layers with any traits fill what they write with a number of
 * their own, and find in all that they read the number of whoever was to write it. */
#include "src/net/graph.h"

#include <stdlib.h>
#include <string.h>

#include "tests/tap.h"

enum { TRIALS = 300, LAYERS = 24, BATCH = 5, WIDTH = 40 };

/* What a layer of the network at hand declares. */
struct traits {
	unsigned reads, in_place;
	size_t kept, room;         /* numbers of an example */
	bool folds;
};

static struct model model;
static struct traits traits[LAYERS];
static struct {
	int layer, k;
} reader[LAYERS][2];           /* in the order they read: who reads a layer's output, and as which input */
static int readers[LAYERS];
static bool moved[LAYERS];     /* by a parameter that is not frozen */
static bool sound;             /* everything that was read held what it should */
static int over_x0, over_x1, back[2], folded, kept;  /* how often a bit was of use */
static int tangents;           /* how many were read */

static int random_below(uint64_t trial, int bound)
{
	static uint32_t draw;
	return (int)rng_below((struct rng_key){17, 0}, STREAM_PROBE, trial, draw++, (uint64_t)bound);
}

/* ---- stand-in layers ---- */

struct layer_plan {
	int layer, last, n;        /* last: the layer folded in, or the same one */
	bool keeps;
};

static int index_of(const struct layer *l)
{
	return (int)(l - model.layer);
}

static size_t size_of(int layer)
{
	return shape_size(layer < 0 ? model.input : model.layer[layer].out);
}

static void write_number(void *to, size_t count, int number)
{
	for (size_t i = 0; i < count; i++)
		((int32_t *)to)[i] = number;
}

static void read_number(const void *from, size_t count, int number)
{
	for (size_t i = 0; i < count; i++)
		sound = sound && from && ((const int32_t *)from)[i] == number;
}

/* The numbers: of y (of the batch, 0), of what is kept, and of the gradient that a reader gives for its input k. */
static int number_of_y(int layer)
{
	return layer + 1;
}

static int number_of_kept(int layer)
{
	return 1000 + layer;
}

static int number_of_gradient(int layer, int k)
{
	return 2000 + 2 * layer + k;
}

/* And of what something's tangent is. */
static int number_of_tangent(int number)
{
	return 3000 + number;
}

static size_t kept_bytes(const struct device *d, const struct plan_request *r)
{
	(void)d;
	return (size_t)r->n * traits[index_of(r->layer)].kept * sizeof(int32_t);
}

static status plan(struct device *d, const struct plan_request *r, struct layer_plan **out)
{
	(void)d;
	*out = malloc(sizeof **out);
	if (!*out)
		return ERR_MEMORY;
	int layer = index_of(r->layer);
	**out = (struct layer_plan){layer, r->folded ? index_of(r->folded) : layer, r->n, traits[layer].kept > 0};
	folded += r->folded != NULL;
	return OK;
}

static void drop(struct layer_plan *p)
{
	free(p);
}

static status forward(struct layer_plan *p, const struct layer_io *io)
{
	const int input[2] = {model.layer[p->layer].input[0], model.layer[p->last].input[1]};
	size_t n = (size_t)p->n;
	for (int k = 0; k < 2; k++)
		if (input[k] != INPUT_NONE)
			read_number(io->x[k], n * size_of(input[k]), input[k] < 0 ? 0 : number_of_y(input[k]));
	sound = sound && (p->last == p->layer || io->y != io->x[0]);
	over_x0 += io->y == io->x[0];
	over_x1 += io->y == io->x[1];
	if (p->keeps)
		write_number(io->kept, n * traits[p->layer].kept, number_of_kept(p->layer));
	write_number(io->y, n * size_of(p->last), number_of_y(p->last));
	if (p->keeps)
		read_number(io->kept, n * traits[p->layer].kept, number_of_kept(p->layer));
	return OK;
}

static status backward(struct layer_plan *p, const struct layer_io *io)
{
	const struct layer *l = &model.layer[p->layer];
	const struct traits *t = &traits[p->layer];
	size_t n = (size_t)p->n;
	for (int k = 0; k < 2; k++)
		if (l->input[k] != INPUT_NONE && t->reads & (k ? READS_X1 : READS_X0))
			read_number(io->x[k], n * size_of(l->input[k]), l->input[k] < 0 ? 0 : number_of_y(l->input[k]));
	if (t->reads & READS_Y)
		read_number(io->y, n * size_of(p->layer), number_of_y(p->layer));
	if (p->keeps) {
		read_number(io->kept, n * t->kept, number_of_kept(p->layer));
		kept++;
	}
	for (int r = 0; r < readers[p->layer]; r++) {
		int from = number_of_gradient(reader[p->layer][r].layer, reader[p->layer][r].k);
		read_number(io->dy[r], n * size_of(p->layer), from);
	}
	for (int k = 0; k < 2; k++)
		if (io->dx[k]) {
			write_number(io->dx[k], n * size_of(l->input[k]), number_of_gradient(p->layer, k));
			back[k] += io->dx[k] == io->dy[0];
		}
	return OK;
}

static size_t tangent_bytes(const struct plan_request *r)
{
	return (size_t)r->n * traits[index_of(r->layer)].room * sizeof(int32_t);
}

/* All that a forward and a backward pass had and made, whatever the layer declares, and the tangents of its inputs; after the layer
 * worked in its room. */
static void read_all(const struct layer_plan *p, const struct layer_io *io, const struct layer_io *dot)
{
	const struct layer *l = &model.layer[p->layer];
	const size_t n = (size_t)p->n;
	write_number(dot->room, n * traits[p->layer].room, 9000);
	for (int k = 0; k < 2; k++) {
		const int below = l->input[k];
		if (below != INPUT_NONE)
			read_number(io->x[k], n * size_of(below), below < 0 ? 0 : number_of_y(below));
		sound = sound && (dot->x[k] != NULL) == (below >= 0 && moved[below]);
		tangents += dot->x[k] != NULL;
		if (dot->x[k])
			read_number(dot->x[k], n * size_of(below), number_of_tangent(number_of_y(below)));
	}
	read_number(io->y, n * size_of(p->layer), number_of_y(p->layer));
	if (p->keeps)
		read_number(io->kept, n * traits[p->layer].kept, number_of_kept(p->layer));
}

static status jvp(struct layer_plan *p, const struct layer_io *io, const struct layer_io *dot)
{
	read_all(p, io, dot);
	sound = sound && moved[p->layer] && (dot->param[0] == NULL) == model.params.at[p->layer].frozen;
	write_number(dot->y, (size_t)p->n * size_of(p->layer), number_of_tangent(number_of_y(p->layer)));
	return OK;
}

static status hvp(struct layer_plan *p, const struct layer_io *io, const struct layer_io *dot)
{
	const struct layer *l = &model.layer[p->layer];
	const size_t n = (size_t)p->n;
	read_all(p, io, dot);
	read_number(dot->y, n * size_of(p->layer), number_of_tangent(number_of_y(p->layer)));
	for (int r = 0; r < readers[p->layer]; r++) {
		const int from = number_of_gradient(reader[p->layer][r].layer, reader[p->layer][r].k);
		read_number(io->dy[r], n * size_of(p->layer), from);
		read_number(dot->dy[r], n * size_of(p->layer), number_of_tangent(from));
	}
	for (int k = 0; k < 2; k++) {
		sound = sound && !dot->dx[k] == !io->dx[k];
		if (!io->dx[k])
			continue;
		read_number(io->dx[k], n * size_of(l->input[k]), number_of_gradient(p->layer, k));
		write_number(dot->dx[k], n * size_of(l->input[k]), number_of_tangent(number_of_gradient(p->layer, k)));
	}
	sound = sound && !io->dparam[0] && (dot->dparam[0] == NULL) == model.params.at[p->layer].frozen;
	if (dot->dparam[0])
		*dot->dparam[0] = 7;
	return OK;
}

static unsigned backward_reads(const struct layer *l)
{
	return traits[index_of(l)].reads;
}

static unsigned in_place(const struct layer *l)
{
	return traits[index_of(l)].in_place;
}

static bool folds(const struct layer *l, const struct layer *next)
{
	(void)next;
	return traits[index_of(l)].folds;
}

static void formats(const struct device *d, const struct layer *layers, int n, enum precision precision,
                    struct batch_format *batch, struct format *out)
{
	(void)d, (void)layers, (void)precision;
	batch->format = (struct format){false, 1};
	for (int i = 0; i < n; i++)
		out[i] = batch->format;
}

/* ---- networks ---- */

static void add_reader(int of, int layer, int k)
{
	if (of < 0)
		return;
	reader[of][readers[of]].layer = layer;
	reader[of][readers[of]++].k = k;
}

/* Every layer reads the one before it, so that none is idle. */
static void add_layer(int second, int width)
{
	int i = model.n_layers++;
	model.layer[i] = (struct layer){.input = {i ? i - 1 : INPUT_BATCH, second}, .out = {width, 1, 1},
	                                .param = {1 + model.params.n}};
	MUST(segments_add(&model.params, &model.arena, "w", 1, (int64_t[]){1}, INIT_CONSTANT, 0, NULL));
	readers[i] = 0;
	add_reader(model.layer[i].input[0], i, 0);
	if (second != INPUT_NONE)
		add_reader(second, i, 1);
}

/* The whole network a number of times with plans of several sizes and modes; the first makes a gradient where it
 * can. */
static void run(struct device *d, bool infer_only)
{
	static const struct {
		int n;
		enum plan_mode mode;
	} passes[] = {{BATCH, PLAN_TRAIN}, {BATCH - 2, PLAN_INFER}, {BATCH - 3, PLAN_TRAIN}, {BATCH, PLAN_INFER}};
	struct graph g;
	struct graph_plan *p;
	float theta[LAYERS] = {0}, gradient[LAYERS];
	MUST(graph_open(&g, d, &(struct graph_options){.model = &model, .batch = BATCH, .infer_only = infer_only}));
	int last = model.n_layers - 1;
	for (size_t i = 0; i < sizeof passes / sizeof *passes; i++) {
		bool train = passes[i].mode == PLAN_TRAIN;
		if (infer_only && train)
			continue;
		size_t n = (size_t)passes[i].n;
		MUST(graph_plan(&g, passes[i].n, passes[i].mode, &p));
		MUST(graph_weights(&g, p, NULL, &(struct point){.theta = theta}, NULL));
		write_number(g.x, n * size_of(INPUT_BATCH), 0);
		MUST(graph_forward(&g, p, NULL, STATS_RUN, NULL, SLOT_NONE));
		read_number(graph_output(&g), n * size_of(last), number_of_y(last));
		if (!train || !graph_output_gradient(&g))
			continue;
		write_number(graph_output_gradient(&g), n * size_of(last), 0);
		MUST(graph_backward(&g, p, NULL, gradient, false));
	}
	graph_close(&g);
}

/* The same with tangents, nothing of which is in place, whatever layers declare. The product takes the direction's place. */
static void run_tangents(struct device *d)
{
	struct graph g;
	struct graph_plan *p;
	float theta[LAYERS] = {0}, v[LAYERS];
	const int last = model.n_layers - 1;
	for (int i = 0; i <= last; i++) {
		const struct layer *l = &model.layer[i];
		moved[i] = !model.params.at[i].frozen;
		for (int k = 0; k < 2; k++)
			moved[i] = moved[i] || (l->input[k] >= 0 && moved[l->input[k]]);
	}
	MUST(graph_open(&g, d, &(struct graph_options){.model = &model, .batch = BATCH, .tangents = true}));
	for (int n = BATCH; n > 0; n -= 3) {
		for (int i = 0; i <= last; i++)
			v[i] = 5;
		MUST(graph_plan(&g, n, PLAN_TANGENT, &p));
		MUST(graph_weights(&g, p, NULL, &(struct point){.theta = theta}, NULL));
		write_number(g.x, (size_t)n * size_of(INPUT_BATCH), 0);
		MUST(graph_forward(&g, p, NULL, STATS_USE, NULL, SLOT_NONE));
		MUST(graph_direction(&g, p, v));
		MUST(graph_jvp(&g, p));
		read_number(graph_output(&g), (size_t)n * size_of(last), number_of_y(last));
		sound = sound && (graph_output_dot(&g) != NULL) == moved[last] && (graph_output_gradient_dot(&g) != NULL) == moved[last];
		if (moved[last]) {
			read_number(graph_output_dot(&g), (size_t)n * size_of(last), number_of_tangent(number_of_y(last)));
			write_number(graph_output_gradient(&g), (size_t)n * size_of(last), 0);
			write_number(graph_output_gradient_dot(&g), (size_t)n * size_of(last), 0);
		}
		MUST(graph_hvp(&g, p, NULL, v, false));
		for (int i = 0; i <= last; i++)
			sound = sound && v[i] == (model.params.at[i].frozen ? 0 : 7);
	}
	graph_close(&g);
}

static void start(void)
{
	model_free(&model);
	model = (struct model){.input = {WIDTH, 1, 1}, .spec = "any"};
	over_x0 = over_x1 = back[0] = back[1] = folded = kept = 0;
}

static void any_network(struct device *d, uint64_t trial)
{
	start();
	int layers = 3 + random_below(trial, LAYERS - 3);
	for (int i = 0; i < layers; i++) {
		int second = random_below(trial, 3) ? INPUT_NONE : random_below(trial, i + 1) - 1;
		bool full = second >= 0 && readers[second] + (second == i - 1) >= 2;
		traits[i] = (struct traits){.reads = (unsigned)random_below(trial, 8),
		                            .in_place = (unsigned)random_below(trial, 16),
		                            .kept = (size_t)(random_below(trial, 2) * random_below(trial, 2 * WIDTH)),
		                            .room = (size_t)random_below(trial, 2 * WIDTH), .folds = random_below(trial, 2)};
		add_layer(full ? INPUT_NONE : second, random_below(trial, 2) ? WIDTH : 1 + random_below(trial, WIDTH));
		model.params.at[i].frozen = random_below(trial, 4) == 0;
	}
	for (int infer_only = 0; infer_only < 2; infer_only++)
		run(d, infer_only);
	const int in_place = over_x0 + back[0] + back[1];
	run_tangents(d);
	sound = sound && over_x0 + back[0] + back[1] == in_place;
}

/* A chain of layers of one size that all declare the same. */
static void chain(struct device *d, struct traits t, bool infer_only)
{
	start();
	for (int i = 0; i < LAYERS; i++) {
		traits[i] = t;
		add_layer(INPUT_NONE, WIDTH);
	}
	run(d, infer_only);
}

/* What layers declare is made use of, and nothing else. */
static void declared(struct device *d)
{
	sound = true;
	chain(d, (struct traits){.reads = READS_X0}, false);
	ok(!over_x0 && !back[0] && !folded && !kept && sound, "layers that declare nothing get nothing");
	chain(d, (struct traits){.in_place = IN_PLACE_Y_X0 | IN_PLACE_DX0_DY0}, false);
	ok(over_x0 == 4 * (LAYERS - 1) && back[0] == 2 * (LAYERS - 1) && sound, "what may work in place does, both ways");
	chain(d, (struct traits){.reads = READS_X0, .in_place = IN_PLACE_Y_X0}, false);
	ok(!over_x0 && sound, "but for what its own backward reads");
	chain(d, (struct traits){.reads = READS_Y, .in_place = IN_PLACE_Y_X0}, false);
	ok(!over_x0 && sound, "and for what that of the layer below does");
	chain(d, (struct traits){.reads = READS_X0 | READS_Y, .in_place = IN_PLACE_Y_X0}, true);
	ok(over_x0 == 2 * (LAYERS - 1) && sound, "without a backward pass nothing stands in the way");
	chain(d, (struct traits){.kept = 7}, false);
	ok(kept == 2 * LAYERS && sound, "what is kept is there for backward");
	chain(d, (struct traits){.folds = true}, false);
	ok(folded == 2 * LAYERS / 2 && sound, "what folds is folded in plans to infer, two at a time");
}

int main(void)
{
	static const struct layer_ops ops = {
		.two_gradients = true, .plan = plan, .drop = drop, .forward = forward, .backward = backward,
		.backward_reads = backward_reads, .in_place = in_place, .folds = folds, .kept_bytes = kept_bytes, .jvp = jvp, .hvp = hvp,
		.tangent_bytes = tangent_bytes,
	};
	static const struct layer_ops *const table[LAYER_KINDS] = {&ops};
	struct device *d;
	MUST(backend_open("cpu", 1, &d));
	const struct backend *real = d->ops;
	struct backend fake = *real;
	fake.layers = table;
	fake.formats = formats;
	d->ops = &fake;
	declared(d);
	int used[6] = {0};
	bool all_sound = true;
	for (uint64_t trial = 0; trial < TRIALS; trial++) {
		sound = true;
		any_network(d, trial);
		all_sound = all_sound && sound;
		const int now[] = {over_x0, over_x1, back[0], back[1], folded, kept};
		for (int i = 0; i < 6; i++)
			used[i] += now[i];
	}
	ok(tangents > 0, "tangents were read");
	ok(all_sound, "nothing is lost before its last reader has had it, %d networks of layers with any traits", TRIALS);
	ok(used[0] && used[1] && used[2] && used[3] && used[4] && used[5], "and every trait was of use in some of them");
	model_free(&model);
	d->ops = real;
	real->close(d);
	return done_testing();
}
