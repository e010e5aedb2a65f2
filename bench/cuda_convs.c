/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The convolutions, norms and pools of a network on a card, by the plans that training and predictions make: each way of each shape
 * by itself, how fast it is and who does it, and what all of a step's convolutions take. A line of JSON for each, as soon as it is
 * known; medians over rounds of calls that are put off and replayed as a graph, as a step's are.
 *
 *   bench/cuda_convs BATCH ROUNDS REPEATS [MODEL [PRODUCT]]     (resnet18; TFLOP/s of a product of matrices, to compare with)
 *
 * Convolutions: forward; data, the gradient of the input; weights, the gradient of the weights; fused, a prediction with the norm and
 * the activation behind it. Norms and pools in GB/s, as if each pass read twice what it reads at all, as means and variances ask for,
 * and wrote once. Exit status 2: there is no card, for the reason on standard error. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "bench/cuda_timing.h"
#include "src/cuda/cuda.h"
#include "src/net/model.h"

enum way { FORWARD, DATA, WEIGHTS, FUSED, WAYS };
static const char *const names[WAYS] = {"forward", "data", "weights", "fused"};
static const char *const keys[WAYS] = {" fprop ", " dgrad ", " wgrad ", " fprop "};  /* in the choices' names */

struct work {
	struct timing timing;
	struct device *d;
	struct model model;
	int batch;
	double product;                    /* TFLOP/s; 0: unknown */
	struct batch_format images;
	struct format format[LAYERS_MAX];
	void *tensor[5];                   /* device, the largest tensor's size each: x, residual, y, dy, dx */
	float *theta, *gradient, *stats;   /* device */
	void *working, *kept;              /* device; of the layer that is measured */
	struct slots slots;
	struct json_t *choices;            /* those that were seen */
	double seconds[WAYS], flop[WAYS];  /* of all convolutions of a step */
};

/* One layer's pass. */
struct pass {
	const struct layer_ops *ops;
	struct layer_plan *plan;
	struct layer_io io;
};

static status run_forward(void *work)
{
	struct pass *p = work;
	return p->ops->forward(p->plan, &p->io);
}

static status run_backward(void *work)
{
	struct pass *p = work;
	return p->ops->backward(p->plan, &p->io);
}

/* ---- what is measured ---- */

static struct format format_of(const struct work *w, int input)
{
	return input == INPUT_BATCH ? w->images.format : input == INPUT_NONE ? (struct format){.block = 0} : w->format[input];
}

static struct plan_request request_of(const struct work *w, const struct layer *l, enum plan_mode mode)
{
	const int i = (int)(l - w->model.layer);
	return (struct plan_request){
		.layer = l, .n = w->batch, .mode = mode, .precision = w->images.format.bf16 ? PRECISION_BF16 : PRECISION_FP32,
		.x = {format_of(w, l->input[0]), format_of(w, l->input[1])}, .y = w->format[i],
		.channels = l->input[0] == INPUT_BATCH ? w->images.channels : l->in[0],
	};
}

static const struct layer_ops *ops_of(const struct work *w, const struct layer *l)
{
	return w->d->ops->layers[l->kind];
}

/* The layer that a prediction's plan of l takes in, or NULL. */
static const struct layer *folded_of(const struct work *w, const struct layer *l)
{
	const int i = (int)(l - w->model.layer);
	for (int k = i + 1; k < w->model.n_layers && ops_of(w, l)->folds; k++)
		if (w->model.layer[k].input[0] == i && ops_of(w, l)->folds(l, &w->model.layer[k]))
			return &w->model.layer[k];
	return NULL;
}

/* Whether two layers do the same work. */
static bool alike(const struct work *w, const struct layer *a, const struct layer *b)
{
	const bool first = a->input[0] == INPUT_BATCH, other = b->input[0] == INPUT_BATCH;
	return a->kind == b->kind && memcmp(a->in, b->in, sizeof a->in) == 0 && memcmp(a->out, b->out, sizeof a->out) == 0 &&
	       a->kernel == b->kernel && a->stride == b->stride && a->pad == b->pad && a->groups == b->groups && first == other &&
	       (a->input[1] == INPUT_NONE) == (b->input[1] == INPUT_NONE) && a->activation == b->activation &&
	       !folded_of(w, a) == !folded_of(w, b);
}

/* How many layers are like l, or 0 where an earlier one is. */
static int count_alike(const struct work *w, const struct layer *l)
{
	int n = 0;
	for (int i = 0; i < w->model.n_layers; i++)
		if (alike(w, l, &w->model.layer[i])) {
			if (n == 0 && &w->model.layer[i] != l)
				return 0;
			n++;
		}
	return n;
}

static void set_io(const struct work *w, const struct layer *l, struct layer_io *io)
{
	*io = (struct layer_io){.x = {w->tensor[0], l->input[1] == INPUT_NONE ? NULL : w->tensor[1]}, .y = w->tensor[2],
	                        .stats = layer_stat(l) < 0 ? NULL : w->stats, .kept = w->kept, .dy = {w->tensor[3], NULL}};
	for (int k = 0; k < LAYER_PARAMS; k++)
		if (layer_segment(l, k) >= 0)
			io->param[k] = w->theta + w->model.params.at[layer_segment(l, k)].offset;
}

/* The plan, and its working weights where it has some. */
static status open_pass(struct work *w, const struct plan_request *r, struct pass *p)
{
	const struct layer *l = r->layer, *folded = r->folded;
	const struct point at = {.theta = w->theta};
	struct weight_source from = {.slots = &w->slots, .at = &at, .stats = w->stats};
	p->ops = ops_of(w, l);
	TRY(p->ops->plan(w->d, r, &p->plan));
	set_io(w, folded ? folded : l, &p->io);
	if (!p->ops->working_bytes || p->ops->working_bytes(p->plan) == 0)
		return OK;
	for (int k = 0; k < LAYER_PARAMS; k++) {
		from.param[k] = layer_segment(l, k) < 0 ? NULL : &w->model.params.at[layer_segment(l, k)];
		from.folded[k] = !folded || layer_segment(folded, k) < 0 ? NULL : &w->model.params.at[layer_segment(folded, k)];
	}
	TRY(w->d->ops->alloc(w->d, p->ops->working_bytes(p->plan), &w->working));
	p->io.param[PARAM_WEIGHT] = w->working;
	return p->ops->materialise(p->plan, &from, w->working);
}

static void close_pass(struct work *w, struct pass *p)
{
	cuda_forget(cuda_of(w->d));
	if (p->plan)
		p->ops->drop(p->plan);
	w->d->ops->free(w->d, w->working);
	w->d->ops->free(w->d, w->kept);
	w->working = w->kept = NULL;
}

/* ---- what is said ---- */

/* The text of a choice of this way that was not there before, or "". Errors: ERR_MEMORY. */
static status new_choice(struct work *w, enum way way, const char **out)
{
	json_t *all = json_object(), *text;
	const char *key;
	*out = "";
	if (!all)
		return fail(ERR_MEMORY, "out of memory: choices");
	status s = w->d->ops->choices_save(w->d, all);
	json_object_foreach(all, key, text)
		if (strncmp(key, "conv ", 5) == 0 && strstr(key, keys[way]) && !json_object_get(w->choices, key)) {
			if (json_object_set(w->choices, key, text))
				s = fail(ERR_MEMORY, "out of memory: choices");
			*out = json_string_value(json_object_get(w->choices, key));
		}
	json_decref(all);
	return s;
}

static void say_rate(const struct work *w, const char *what, double flop, double seconds, int times, const char *engine)
{
	const double rate = flop / seconds / 1e12;
	printf("{\"what\": \"%s\", \"value\": %.5g, \"unit\": \"TFLOP/s\", \"microseconds\": %.2f, \"times\": %d", what, rate,
	       seconds * 1e6, times);
	if (w->product > 0)
		printf(", \"share\": %.4f", rate / w->product);
	if (*engine)
		printf(", \"engine\": \"%s\"", engine);
	printf("}\n");
	fflush(stdout);
}

static double flop_of(const struct work *w, const struct layer *l)
{
	return 2.0 * w->batch * (double)shape_size(l->out) * (l->in[0] / l->groups) * l->kernel * l->kernel;
}

/* ---- convolutions ---- */

static status measure_way(struct work *w, const struct layer *l, int times, enum way way)
{
	char what[160];
	double seconds;
	const char *engine;
	struct pass p = {.plan = NULL};
	struct plan_request r = request_of(w, l, way == FUSED ? PLAN_INFER : PLAN_TRAIN);
	if (way == FUSED) {
		r.folded = folded_of(w, l);
		r.y = w->format[r.folded - w->model.layer];
		r.x[1] = format_of(w, r.folded->input[1]);
	}
	status s = open_pass(w, &r, &p);
	const int weight = layer_segment(l, PARAM_WEIGHT);
	p.io.dx[0] = way == DATA ? w->tensor[4] : NULL;
	p.io.dparam[PARAM_WEIGHT] = way == WEIGHTS ? w->gradient + w->model.params.at[weight].offset : NULL;
	if (s == OK)
		s = timing_seconds(&w->timing, way == FORWARD || way == FUSED ? run_forward : run_backward, &p, &seconds);
	close_pass(w, &p);
	TRY(s);
	TRY(new_choice(w, way, &engine));
	snprintf(what, sizeof what, "%s %dx%dx%d %dk%ds%d, batch %d", names[way], l->in[0], l->in[1], l->in[2], l->out[0], l->kernel,
	         l->stride, w->batch);
	say_rate(w, what, flop_of(w, l), seconds, times, engine);
	w->seconds[way] += times * seconds;
	w->flop[way] += times * flop_of(w, l);
	return OK;
}

static status measure_convolution(struct work *w, const struct layer *l, int times)
{
	TRY(measure_way(w, l, times, FORWARD));
	if (l->input[0] != INPUT_BATCH)
		TRY(measure_way(w, l, times, DATA));
	TRY(measure_way(w, l, times, WEIGHTS));
	return folded_of(w, l) ? measure_way(w, l, times, FUSED) : OK;
}

static void say_sums(const struct work *w)
{
	char what[96];
	double seconds = 0, flop = 0;
	for (int way = 0; way < WAYS; way++) {
		snprintf(what, sizeof what, "%s, all of %s, batch %d", names[way], w->model.spec, w->batch);
		if (w->seconds[way] > 0)
			say_rate(w, what, w->flop[way], w->seconds[way], 1, "");
		seconds += way == FUSED ? 0 : w->seconds[way];
		flop += way == FUSED ? 0 : w->flop[way];
	}
	snprintf(what, sizeof what, "a step's convolutions of %s, batch %d", w->model.spec, w->batch);
	if (seconds > 0)
		say_rate(w, what, flop, seconds, 1, "");
}

/* ---- norms and pools ---- */

static size_t bytes_of(const struct work *w, const int shape[3], struct format f)
{
	return (size_t)w->batch * shape_size(shape) * format_bytes(f);
}

/* Bytes of a pass that reads its tensors as often as norms do, or once; a pool's input is the larger tensor. */
static double traffic(const struct work *w, const struct layer *l, const struct plan_request *r, bool back)
{
	const bool residual = l->input[1] != INPUT_NONE, norm = l->kind == LAYER_NORM;
	const unsigned reads = back && ops_of(w, l)->backward_reads ? ops_of(w, l)->backward_reads(l) : 0;
	const double x = (double)bytes_of(w, l->in, r->x[0]), y = (double)bytes_of(w, l->out, r->y);
	double read = back ? y + (reads & READS_X0 ? x : 0) + (reads & READS_Y ? y : 0) : x;
	return (norm ? 2 : 1) * read + (residual ? x : 0) + (back ? x : y);
}

static status measure_bytes(struct work *w, const struct layer *l, int times)
{
	const struct plan_request r = request_of(w, l, PLAN_TRAIN);
	const char *kind = l->kind == LAYER_NORM ? "norm" : "pool", *residual = l->input[1] == INPUT_NONE ? "" : " with residual";
	struct pass p = {.plan = NULL};
	double seconds[2];
	size_t kept = ops_of(w, l)->kept_bytes ? ops_of(w, l)->kept_bytes(w->d, &r) : 0;
	status s = kept ? w->d->ops->alloc(w->d, kept, &w->kept) : OK;
	if (s == OK)
		s = open_pass(w, &r, &p);
	if (s == OK)
		s = timing_seconds(&w->timing, run_forward, &p, &seconds[0]);
	p.io.dx[0] = w->tensor[4];
	p.io.dx[1] = l->input[1] == INPUT_NONE ? NULL : w->tensor[3];
	for (int k = 0; k < LAYER_PARAMS; k++)
		if (layer_segment(l, k) >= 0)
			p.io.dparam[k] = w->gradient + w->model.params.at[layer_segment(l, k)].offset;
	if (s == OK)
		s = timing_seconds(&w->timing, run_backward, &p, &seconds[1]);
	close_pass(w, &p);
	TRY(s);
	for (int back = 0; back < 2; back++)
		printf("{\"what\": \"%s%s %s %dx%dx%d, batch %d\", \"value\": %.5g, \"unit\": \"GB/s\", \"microseconds\": %.2f, "
		       "\"times\": %d}\n", kind, residual, back ? "backward" : "forward", l->in[0], l->in[1], l->in[2], w->batch,
		       traffic(w, l, &r, back) / seconds[back] / 1e9, seconds[back] * 1e6, times);
	fflush(stdout);
	return OK;
}

/* ---- all ---- */

/* A layer that fails is told, and the others are measured. */
static status measure_all(struct work *w)
{
	static const enum layer_kind order[] = {LAYER_CONV, LAYER_NORM, LAYER_POOL};
	status worst = OK;
	for (size_t k = 0; k < sizeof order / sizeof *order; k++) {
		for (int i = 0; i < w->model.n_layers; i++) {
			const struct layer *l = &w->model.layer[i];
			const int times = l->kind == order[k] ? count_alike(w, l) : 0;
			if (times == 0)
				continue;
			status s = l->kind == LAYER_CONV ? measure_convolution(w, l, times) : measure_bytes(w, l, times);
			if (s != OK)
				fprintf(stderr, "bench/cuda_convs: layer %d: %s\n", i, fail_message(s));
			worst = s == OK ? worst : s;
		}
		if (order[k] == LAYER_CONV)
			say_sums(w);
	}
	return worst;
}

/* Of the device, with the values that a chain begins with. */
static status take_vector(const struct work *w, const struct segments *of, float **out)
{
	const size_t bytes = (of->count + 1) * sizeof(float);
	float *host = malloc(bytes);
	status s = host ? w->d->ops->alloc(w->d, bytes, (void **)out) : fail(ERR_MEMORY, "out of memory: %zu bytes", bytes);
	if (s == OK) {
		segments_init(of, (struct rng_key){1, 0}, host);
		s = w->d->ops->put(w->d, *out, host, of->count * sizeof(float));
	}
	free(host);
	return s;
}

static status open_work(struct work *w, const char *spec)
{
	const int input[3] = {3, 32, 32};
	size_t largest = 0;
	TRY(cuda_backend.open(0, 0, &w->d));
	w->timing.d = w->d;
	TRY(model_build(spec, NULL, NULL, input, 10, &w->model));
	w->images.channels = input[0];
	w->d->ops->formats(w->d, w->model.layer, w->model.n_layers, PRECISION_BF16, &w->images, w->format);
	largest = (size_t)w->images.channels * 32 * 32;
	for (int i = 0; i < w->model.n_layers; i++)
		if (shape_size(w->model.layer[i].out) > largest)
			largest = shape_size(w->model.layer[i].out);
	largest *= (size_t)w->batch;
	for (int i = 0; i < 5; i++)
		TRY(w->d->ops->alloc(w->d, largest * sizeof(float), &w->tensor[i]));
	TRY(timing_fill(w->d, w->tensor, 5, largest, w->images.format.bf16));
	TRY(take_vector(w, &w->model.params, &w->theta));
	TRY(take_vector(w, &w->model.params, &w->gradient));
	TRY(take_vector(w, &w->model.stats, &w->stats));
	w->choices = json_object();
	TRY(w->choices ? OK : fail(ERR_MEMORY, "out of memory: choices"));
	TRY(w->d->ops->slots_open(w->d, &w->slots));
	return w->d->ops->slots_send(w->d, &w->slots);
}

static void close_work(struct work *w)
{
	if (!w->d)
		return;
	w->d->ops->slots_close(w->d, &w->slots);
	for (int i = 0; i < 5; i++)
		w->d->ops->free(w->d, w->tensor[i]);
	w->d->ops->free(w->d, w->theta);
	w->d->ops->free(w->d, w->gradient);
	w->d->ops->free(w->d, w->stats);
	json_decref(w->choices);
	model_free(&w->model);
	w->d->ops->close(w->d);
}

int main(int argc, char **argv)
{
	struct work w = {
		.batch = (int)timing_number(argc, argv, 1, 128, 1 << 16),
		.timing = {.rounds = (int)timing_number(argc, argv, 2, 7, TIMING_ROUNDS_MAX),
		           .repeats = (int)timing_number(argc, argv, 3, 20, 10000)},
		.product = argc > 5 ? strtod(argv[5], NULL) : 0,
	};
	status s = open_work(&w, argc > 4 ? argv[4] : "resnet18");
	if (s == OK)
		s = measure_all(&w);
	else
		fprintf(stderr, "bench/cuda_convs: %s\n", fail_message(s));
	close_work(&w);
	return fail_exit_status(s);
}
