/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "bench/stopwatch.h"

#include <stdlib.h>

#include "src/clock.h"

/* A layer's own plan with what is needed to time it. */
struct layer_plan {
	struct stopwatch *watch;
	enum layer_kind kind;
	struct layer_plan *own;
};

static struct stopwatch *watch_of(const struct device *d)
{
	return (struct stopwatch *)d->ops;
}

static const struct layer_ops *own_ops(const struct layer_plan *p)
{
	return p->watch->own->layers[p->kind];
}

/* The time at which all that came before is done. */
static status now(struct stopwatch *w, double *out)
{
	if (!w->own->on_host)
		TRY(w->own->sync(w->device));
	*out = clock_seconds();
	return OK;
}

/* Adds what has passed since `start` to a part of the times; to none where it is NULL. */
static status spend(struct stopwatch *w, double *part, double start)
{
	double end;
	TRY(now(w, &end));
	if (part)
		*part += end - start;
	return OK;
}

/* A part of the times, while somebody asks. */
#define PART(watch, part) ((watch)->times ? &(watch)->times->part : NULL)

/* ---- layers ---- */

static status timed_plan(struct device *d, const struct plan_request *r, struct layer_plan **out)
{
	struct stopwatch *w = watch_of(d);
	struct layer_plan *p = calloc(1, sizeof *p);
	*out = NULL;
	if (!p)
		return fail(ERR_MEMORY, "out of memory: a stopwatch");
	*p = (struct layer_plan){.watch = w, .kind = r->layer->kind};
	status s = own_ops(p)->plan(d, r, &p->own);
	if (s != OK) {
		free(p);
		return s;
	}
	*out = p;
	return OK;
}

static void timed_drop(struct layer_plan *p)
{
	if (p)
		own_ops(p)->drop(p->own);
	free(p);
}

static status timed_forward(struct layer_plan *p, const struct layer_io *io)
{
	double start;
	TRY(now(p->watch, &start));
	TRY(own_ops(p)->forward(p->own, io));
	return spend(p->watch, PART(p->watch, forward[p->kind]), start);
}

static status timed_backward(struct layer_plan *p, const struct layer_io *io)
{
	double start;
	TRY(now(p->watch, &start));
	TRY(own_ops(p)->backward(p->own, io));
	start -= p->watch->carried;
	p->watch->carried = 0;
	return spend(p->watch, PART(p->watch, backward[p->kind]), start);
}

static size_t timed_working_bytes(const struct layer_plan *p)
{
	return own_ops(p)->working_bytes(p->own);
}

static status timed_materialise(struct layer_plan *p, const struct weight_source *from, void *working)
{
	double start;
	TRY(now(p->watch, &start));
	TRY(own_ops(p)->materialise(p->own, from, working));
	return spend(p->watch, PART(p->watch, weights), start);
}

/* ---- verbs ---- */

static status timed_point(struct device *d, const struct slots *s, const struct point *at, size_t offset, size_t count,
                          bool frozen, float *out)
{
	struct stopwatch *w = watch_of(d);
	double start;
	TRY(now(w, &start));
	TRY(w->own->point(d, s, at, offset, count, frozen, out));
	return spend(w, PART(w, weights), start);
}

static status timed_add(struct device *d, struct format f, size_t count, void *y, const void *x)
{
	struct stopwatch *w = watch_of(d);
	double start;
	TRY(now(w, &start));
	TRY(w->own->add(d, f, count, y, x));
	return spend(w, &w->carried, start);
}

static status timed_gather(struct device *d, const struct slots *s, const struct gather *g)
{
	struct stopwatch *w = watch_of(d);
	double start;
	TRY(now(w, &start));
	TRY(w->own->gather(d, s, g));
	return spend(w, PART(w, gather), start);
}

static status timed_loss(struct device *d, struct slots *s, const struct loss *l)
{
	struct stopwatch *w = watch_of(d);
	double start;
	TRY(now(w, &start));
	TRY(w->own->loss(d, s, l));
	return spend(w, PART(w, loss), start);
}

void stopwatch_start(struct stopwatch *w, struct device *d)
{
	*w = (struct stopwatch){.timed = *d->ops, .own = d->ops, .device = d};
	for (int k = 0; k < LAYER_KINDS; k++) {
		const struct layer_ops *own = d->ops->layers[k];
		if (!own)
			continue;
		w->ops[k] = *own;
		w->ops[k].plan = timed_plan;
		w->ops[k].drop = timed_drop;
		w->ops[k].forward = timed_forward;
		w->ops[k].backward = timed_backward;
		w->ops[k].jvp = w->ops[k].hvp = NULL;  /* no pass here takes them */
		if (own->working_bytes) {
			w->ops[k].working_bytes = timed_working_bytes;
			w->ops[k].materialise = timed_materialise;
		}
		w->layers[k] = &w->ops[k];
	}
	w->timed.layers = w->layers;
	w->timed.point = timed_point;
	w->timed.add = timed_add;
	w->timed.gather = timed_gather;
	w->timed.loss = timed_loss;
	d->ops = &w->timed;
}
