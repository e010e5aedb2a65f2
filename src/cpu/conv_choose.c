/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Which algorithm does a direction of a convolution: asked for, known from the device's choices, or measured on scratch
 * data. A choice is kept by shape, not by batch size, so that a run that goes on makes the same ones. */
#include "src/cpu/conv.h"

#include <float.h>
#include <jansson.h>
#include <omp.h>
#include <stdio.h>
#include <string.h>

enum {
	ROUNDS_MIN = 2, ROUNDS_MAX = 10,
	CHANNELS_OF_A_TILE = 24  /* in and out together: as many a tile predict as fast by Winograd's as by direct sums */
};
static const double SECONDS = 0.2;           /* after which a direction's times are taken as they are */
static const double MULTIPLICATIONS = 3e9;   /* that a measured batch may have: Winograd's fixed costs need large ones */
static const double AGREE = 1.1;             /* a time is believed when another one comes so close */
static const double BEHIND = 3;              /* how many times the shortest time drops a candidate */
static const double LEAD = 0.97;             /* of direct's time: what another algorithm must stay below to be taken */

static const char *const names[] = {
	[CONV_DIRECT] = "direct", [CONV_WINOGRAD] = "winograd", [CONV_GEMM] = "gemm", [CONV_LIBRARY_WINOGRAD] = "library winograd"};
enum { ALGOS = sizeof names / sizeof *names };

static void choice_key(const struct onednn_conv *c, char *key, size_t size)
{
	static const char *const directions[] = {[API_FORWARD] = "forward", [API_DATA] = "data", [API_WEIGHTS] = "weights"};
	snprintf(key, size, "conv %dx%dx%d %d k%d s%d p%d g%d %s %s", c->in[0], c->in[1], c->in[2], c->out[0], c->kernel, c->stride,
	         c->pad, c->groups, c->bf16 ? "bf16" : "f32", directions[c->direction]);
}

/* A candidate while it is measured. */
struct trial {
	struct conv_part part;
	double best, second;       /* the two shortest times, seconds */
};

/* Memory that a measured pass reads and writes; the contents do not matter. */
struct ground {
	void *x, *y, *weights;
	float *gradient;
};

static status run_once(struct device *d, const struct onednn *o, const struct onednn_conv *c, struct conv_part *part,
                       const struct ground *g)
{
	if (c->direction == API_WEIGHTS)
		return conv_part_gradient(d, o, part, g->x, g->y, false, g->gradient);
	if (c->direction == API_FORWARD)
		return conv_part_run(d, o, part, g->x, g->weights, c->bias ? g->gradient : NULL, g->y);
	return conv_part_run(d, o, part, g->y, g->weights, NULL, g->x);
}

static status time_once(struct device *d, const struct onednn *o, const struct onednn_conv *c, struct trial *t,
                        const struct ground *g)
{
	double start = omp_get_wtime();
	TRY(run_once(d, o, c, &t->part, g));
	double took = omp_get_wtime() - start;
	if (took < t->best) {
		t->second = t->best;
		t->best = took;
	} else if (took < t->second) {
		t->second = took;
	}
	return OK;
}

static status take_ground(struct device *d, const struct onednn_conv *c, const struct trial *trials, struct ground *g)
{
	size_t size = c->bf16 ? sizeof(uint16_t) : sizeof(float), n = (size_t)c->n;
	size_t weights = (size_t)c->out[0] * (size_t)(c->in[0] / c->groups * c->kernel * c->kernel), most = 0;
	for (int a = 0; a < ALGOS; a++)
		if (trials[a].part.weights.bytes > most)
			most = trials[a].part.weights.bytes;
	TRY(d->ops->alloc(d, n * shape_size(c->in) * size, &g->x));
	TRY(d->ops->alloc(d, n * shape_size(c->out) * size, &g->y));
	TRY(d->ops->alloc(d, most, &g->weights));
	return d->ops->alloc(d, (weights + (size_t)c->out[0]) * sizeof(float), (void **)&g->gradient);
}

static void free_ground(struct device *d, struct ground *g)
{
	void *all[] = {g->x, g->y, g->weights, g->gradient};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		d->ops->free(d, all[i]);
}

static bool times_settled(const struct trial *trials, double shortest)
{
	for (int a = 0; a < ALGOS; a++)
		if (trials[a].part.made && trials[a].best <= BEHIND * shortest && trials[a].second > AGREE * trials[a].best)
			return false;
	return true;
}

/* Times the candidates in turns, so that a disturbance meets them all, until the two shortest times of each agree. */
static status time_all(struct device *d, const struct onednn *o, const struct onednn_conv *c, struct trial *trials)
{
	struct ground g = {0};
	status s = take_ground(d, c, trials, &g);
	double shortest = DBL_MAX;
	for (int a = 0; s == OK && a < ALGOS; a++)
		if (trials[a].part.made)
			s = run_once(d, o, c, &trials[a].part, &g);  /* the first run also fills caches and makes threads */
	double start = omp_get_wtime();
	for (int round = 0; s == OK && round < ROUNDS_MAX; round++) {
		if (round >= ROUNDS_MIN && (times_settled(trials, shortest) || omp_get_wtime() - start > SECONDS))
			break;
		for (int a = 0; s == OK && a < ALGOS; a++)
			if (trials[a].part.made && (!round || trials[a].best <= BEHIND * shortest))
				s = time_once(d, o, c, &trials[a], &g);
		for (int a = 0; a < ALGOS; a++)
			shortest = trials[a].best < shortest ? trials[a].best : shortest;
	}
	free_ground(d, &g);
	return s;
}

static status measure_algos(struct device *d, const struct onednn *o, const struct onednn_conv *c,
                            enum conv_algo *choice)
{
	struct onednn_conv small = *c;
	struct trial trials[ALGOS] = {0};
	double example = (double)c->out[0] * c->out[1] * c->out[2] * c->kernel * c->kernel * c->in[0] / c->groups;
	int candidates = 0;
	if (example * c->n > MULTIPLICATIONS)
		small.n = MULTIPLICATIONS > example ? (int)(MULTIPLICATIONS / example) : 1;
	status s = OK;
	*choice = CONV_DIRECT;
	for (int a = 0; a < ALGOS; a++)
		trials[a].best = trials[a].second = DBL_MAX;
	for (int a = CONV_DIRECT; s == OK && a < ALGOS; a++) {
		s = conv_part_make(d, o, &small, (enum conv_algo)a, &trials[a].part);
		/* Seconds a run, and conv_choose would not take it. */
		if (trials[a].part.reference && c->direction == API_WEIGHTS && conv_gemm_can(c))
			conv_part_drop(&trials[a].part);
	}
	if (!trials[CONV_WINOGRAD].part.own)
		conv_part_drop(&trials[CONV_LIBRARY_WINOGRAD].part);  /* which both are */
	for (int a = CONV_DIRECT; a < ALGOS; a++)
		candidates += trials[a].part.made;
	if (s == OK && candidates > 1)
		s = time_all(d, o, &small, trials);
	double bar = trials[CONV_DIRECT].best * LEAD;
	for (int a = CONV_DIRECT + 1; s == OK && candidates > 1 && a < ALGOS; a++)
		if (trials[a].part.made && trials[a].best < bar) {
			bar = trials[a].best;
			*choice = (enum conv_algo)a;
		}
	for (int a = 0; a < ALGOS; a++)
		conv_part_drop(&trials[a].part);
	return s;
}

/* What the choices say, or CONV_AUTO. */
static enum conv_algo known_choice(const struct device *d, const char *key)
{
	const char *name = json_string_value(json_object_get(((const struct cpu_device *)d)->choices, key));
	for (int a = CONV_DIRECT; name && a < ALGOS; a++)
		if (!strcmp(name, names[a]))
			return (enum conv_algo)a;
	return CONV_AUTO;
}

/* Of few tiles, transforming the weights takes longest: eight images of 4×4, 512 channels wide, take three times direct's. */
static enum conv_algo inference_algo(const struct onednn_conv *c)
{
	return conv_winograd_tiles(c) * CHANNELS_OF_A_TILE < (size_t)(c->in[0] + c->out[0]) ? CONV_DIRECT : CONV_WINOGRAD;
}

static status decide_algo(struct device *d, const struct onednn *o, const struct onednn_conv *c, enum conv_algo *algo)
{
	char key[128];
	if (c->inference) {
		*algo = inference_algo(c);
		return OK;
	}
	choice_key(c, key, sizeof key);
	*algo = known_choice(d, key);
	if (*algo != CONV_AUTO)
		return OK;
	TRY(measure_algos(d, o, c, algo));
	if (json_object_set_new(((struct cpu_device *)d)->choices, key, json_string(names[*algo])))
		return fail(ERR_MEMORY, "out of memory: keeping the choice of an algorithm");
	return OK;
}

status conv_choose(struct device *d, const struct onednn *o, const struct onednn_conv *c, enum conv_algo asked,
                   struct conv_part *part)
{
	enum conv_algo algo = asked;
	if (asked == CONV_AUTO)
		TRY(decide_algo(d, o, c, &algo));
	TRY(conv_part_make(d, o, c, algo, part));
	if (!part->made && algo != CONV_DIRECT)
		TRY(conv_part_make(d, o, c, CONV_DIRECT, part));
	if (!part->reference || c->direction != API_WEIGHTS || !conv_gemm_can(c))
		return OK;
	conv_part_drop(part);
	return conv_part_make(d, o, c, CONV_GEMM, part);
}
