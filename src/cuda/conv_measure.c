/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* How fast cuDNN's engines are at a convolution, and whether what the fastest computes is one. Each is captured, as it will be in a
 * run, so that the host's time is not in the card's; and so one that can't be captured shows. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "src/cuda/conv.h"

enum { RUNS = 5, ROUNDS = 3 };  /* of a graph; of all trials in turn, so that a disturbance meets them all */
enum { LOOKS = 2 };             /* at one that is not captured yet: one disturbance alone drops none */
static const float LONG = 1;    /* milliseconds of a run of which the host's part is nothing: its first times are taken */
/* So many times the shortest time drops a trial: before it has been timed as a graph, when the host's time is in the card's, and
 * then. */
static const float FAR_BEHIND = 3, BEHIND = 2;
/* Of the time of one that cuDNN likes better: what another must stay below to be taken. */
static const float LEAD = 0.97f;

/* What a task reads and writes while it is measured. */
struct ground {
	void *x, *w, *y, *workspace;
	float *off;
	void *result;              /* one of x, w and y */
	size_t count, bytes;       /* of the result */
	int samples;
	cudaEvent_t from, to;
};

static size_t size_of(bool bf16)
{
	return bf16 ? sizeof(uint16_t) : sizeof(float);
}

/* Memory that conv_measure frees, filled. */
static status take_numbers(struct cuda_device *cuda, size_t n, bool bf16, uint32_t seed, void **out)
{
	struct cuda_conv_numbers_args a;
	TRY(cuda_alloc(&cuda->device, n * size_of(bf16), out));
	memset(&a, 0, sizeof a);
	a.to = *out;
	a.n = n;
	a.seed = seed;
	a.bf16 = bf16;
	CUDA_TRY(cuda_launch_conv_numbers(&a, cuda->stream));
	return OK;
}

static status take_ground(struct cuda_device *cuda, const struct conv_task *t, int n, const struct conv_trial *trial,
                          struct ground *g)
{
	const struct conv_shape *s = &t->shape;
	const size_t x = (size_t)s->n * shape_size(s->in), y = (size_t)s->n * shape_size(s->out);
	const size_t w = (size_t)s->out[0] * (size_t)s->kernel * (size_t)s->kernel * (size_t)(s->in[0] / s->groups);
	size_t workspace = 0;
	for (int i = 0; i < n; i++)
		if (trial[i].plan.workspace > workspace)
			workspace = trial[i].plan.workspace;
	TRY(take_numbers(cuda, x, t->bf16, 1, &g->x));
	TRY(take_numbers(cuda, w, t->bf16, 2, &g->w));
	TRY(take_numbers(cuda, y, t->bf16, 3, &g->y));
	TRY(cuda_alloc(&cuda->device, workspace, &g->workspace));
	TRY(cuda_alloc(&cuda->device, CUDA_CONV_SAMPLES * sizeof *g->off, (void **)&g->off));
	g->result = t->part == CONV_DATA ? g->x : t->part == CONV_WEIGHTS ? g->w : g->y;
	g->count = t->part == CONV_DATA ? x : t->part == CONV_WEIGHTS ? w : y;
	g->bytes = g->count * size_of(t->bf16);
	g->samples = g->count < CUDA_CONV_SAMPLES ? (int)g->count : CUDA_CONV_SAMPLES;
	CUDA_TRY(cudaEventCreateWithFlags(&g->from, cudaEventDefault));
	CUDA_TRY(cudaEventCreateWithFlags(&g->to, cudaEventDefault));
	return OK;
}

static void free_ground(struct cuda_device *cuda, struct ground *g)
{
	void *all[] = {g->x, g->w, g->y, g->workspace, g->off};
	cudaEvent_t events[] = {g->from, g->to};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		cuda_free(&cuda->device, all[i]);
	for (size_t i = 0; i < sizeof events / sizeof *events; i++)
		if (events[i])
			cuda_keep(cuda, cuda_check(cudaEventDestroy(events[i]), "cudaEventDestroy", __FILE__));
}

/* ---- a trial ---- */

static status run_once(struct cuda_device *cuda, const struct conv_trial *t, const struct ground *g)
{
	const struct dnn_data data = {3, {CONV_ID_X, CONV_ID_W, CONV_ID_Y}, {g->x, g->w, g->y}};
	return dnn_run(cuda->dnn->card.handle, &t->plan, &data, g->workspace);
}

/* How far the result is off at most, in units of what rounding may do. */
static status compare(struct cuda_device *cuda, const struct conv_task *t, const struct ground *g, float *worst)
{
	float off[CUDA_CONV_SAMPLES];
	struct cuda_conv_check_args a;
	memset(&a, 0, sizeof a);
	a.shape = t->shape;
	a.part = t->part;
	a.x = g->x;
	a.w = g->w;
	a.y = g->y;
	a.off = g->off;
	a.count = g->count;
	a.samples = g->samples;
	a.bf16 = t->bf16;
	a.narrow_factors = t->fast;
	CUDA_TRY(cuda_launch_conv_check(&a, cuda->stream));
	TRY(cuda_get(&cuda->device, off, g->off, (size_t)g->samples * sizeof *off));
	*worst = 0;
	for (int i = 0; i < g->samples; i++)
		if (!(off[i] <= *worst))
			*worst = isnan(off[i]) ? INFINITY : off[i];
	return OK;
}

/* Whether the task is done, all of it: what was there before is no number. */
static status check_result(struct cuda_device *cuda, const struct conv_task *t, const struct conv_trial *trial,
                           const struct ground *g)
{
	float worst;
	CUDA_TRY(cudaMemsetAsync(g->result, 0xff, g->bytes, cuda->stream));
	TRY(run_once(cuda, trial, g));
	TRY(compare(cuda, t, g, &worst));
	return worst <= 1 ? OK : fail(ERR_LIBRARY, "its result is wrong: off by %g times what rounding may do", (double)worst);
}

/* A trial and what it works on. */
struct captured {
	const struct conv_trial *trial;
	const struct ground *ground;
};

static status run_several(struct cuda_device *cuda, const void *of)
{
	const struct captured *c = of;
	for (int i = 0; i < RUNS; i++)
		TRY(run_once(cuda, c->trial, c->ground));
	return OK;
}

/* RUNS of it as a graph. */
static status capture(struct cuda_device *cuda, const struct conv_trial *t, const struct ground *g, cudaGraphExec_t *out)
{
	return cuda_capture(cuda, run_several, &(struct captured){t, g}, out);
}

/* Milliseconds of a graph, or where there is none of one run. */
static status time_once(struct cuda_device *cuda, const struct conv_trial *t, const struct ground *g, cudaGraphExec_t graph, float *ms)
{
	CUDA_TRY(cudaEventRecord(g->from, cuda->stream));
	if (graph)
		CUDA_TRY(cudaGraphLaunch(graph, cuda->stream));
	else
		TRY(run_once(cuda, t, g));
	CUDA_TRY(cudaEventRecord(g->to, cuda->stream));
	CUDA_TRY(cudaEventSynchronize(g->to));
	CUDA_TRY(cudaEventElapsedTime(ms, g->from, g->to));
	if (graph)
		*ms /= RUNS;
	return OK;
}

/* Its time is the shorter one of this and those before. */
static status time_shorter(struct cuda_device *cuda, struct conv_trial *t, const struct ground *g, cudaGraphExec_t graph)
{
	float ms;
	TRY(time_once(cuda, t, g, graph, &ms));
	t->best = ms < t->best ? ms : t->best;
	return OK;
}

static float shortest_of(int n, const struct conv_trial *trial)
{
	float shortest = FLT_MAX;
	for (int i = 0; i < n; i++)
		if (trial[i].best >= 0 && trial[i].best < shortest)
			shortest = trial[i].best;
	return shortest;
}

/* Best is the least that a run took behind the first, which loads the engine's code. Leaves the trial as a graph, unless others are
 * so much shorter that it won't be asked for. */
static status prepare(struct cuda_device *cuda, struct conv_trial *trial, const struct ground *g, float shortest,
                      cudaGraphExec_t *graph)
{
	TRY(run_once(cuda, trial, g));
	trial->best = FLT_MAX;
	for (int look = 0; look < LOOKS; look++)
		TRY(time_shorter(cuda, trial, g, NULL));
	return trial->best > FAR_BEHIND * shortest ? OK : capture(cuda, trial, g, graph);
}

/* What fails is out. */
static void put_out(const struct conv_task *t, struct conv_trial *trial, status why)
{
	char key[CONV_KEY];
	conv_key(t, key);
	trial->best = -1;
	warning_failed(fail_within(why, "%s: an engine that cuDNN proposes (%s) is passed over: ", key, trial->config.text));
}

static void prepare_all(struct cuda_device *cuda, const struct conv_task *t, int n, struct conv_trial *trial, const struct ground *g,
                        cudaGraphExec_t *graph)
{
	for (int i = 0; i < n; i++) {
		const status s = prepare(cuda, &trial[i], g, shortest_of(i, trial), &graph[i]);
		if (s != OK)
			put_out(t, &trial[i], s);
	}
}

/* In turns, those that may still be the fastest: in the first round all that are not far behind. */
static status time_all(struct cuda_device *cuda, int n, struct conv_trial *trial, const struct ground *g, cudaGraphExec_t *graph)
{
	for (int round = 0; round < ROUNDS; round++) {
		const float most = (round ? BEHIND : FAR_BEHIND) * shortest_of(n, trial);
		for (int i = 0; i < n; i++)
			if (trial[i].best > 0 && trial[i].best <= most && trial[i].best < LONG)
				TRY(time_shorter(cuda, &trial[i], g, graph[i]));
	}
	return OK;
}

/* The fastest; of those that are hardly apart the one that cuDNN likes best. −1: none is left. */
static int best_of(const struct conv_trial *trial, int n)
{
	int best = -1;
	for (int i = 0; i < n; i++)
		if (trial[i].best >= 0 && (best < 0 || trial[i].best < LEAD * trial[best].best))
			best = i;
	return best;
}

/* The best that can be captured and whose result is right. */
static int right_one(struct cuda_device *cuda, const struct conv_task *t, int n, struct conv_trial *trial, const struct ground *g,
                     cudaGraphExec_t *graph)
{
	for (;;) {
		const int best = best_of(trial, n);
		status s = best < 0 || graph[best] ? OK : capture(cuda, &trial[best], g, &graph[best]);
		if (s == OK && best >= 0)
			s = check_result(cuda, t, &trial[best], g);
		if (s == OK)
			return best;
		put_out(t, &trial[best], s);
	}
}

status conv_measure(struct cuda_device *cuda, const struct conv_task *t, int n, struct conv_trial *trial, int *best)
{
	*best = -1;
	struct ground g;
	cudaGraphExec_t graph[CONV_TRIALS] = {NULL};
	memset(&g, 0, sizeof g);
	TRY(cuda_wait(cuda));
	status s = take_ground(cuda, t, n, trial, &g);
	if (s == OK)
		prepare_all(cuda, t, n, trial, &g, graph);
	if (s == OK)
		s = time_all(cuda, n, trial, &g, graph);
	if (s == OK)
		*best = right_one(cuda, t, n, trial, &g, graph);
	char *words = s == OK ? NULL : fail_copy();
	for (int i = 0; i < n; i++)
		if (graph[i])
			cuda_keep(cuda, cuda_check(cudaGraphExecDestroy(graph[i]), "cudaGraphExecDestroy", __FILE__));
	free_ground(cuda, &g);
	if (s != OK)
		fail_again(s, words);
	free(words);
	return s;
}
