/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* One thread that predicts, with a device of its own. */
#include "predict/draws.h"
#include "predict/ensemble_private.h"

/* A device that adds classes up keeps the sums of a set; it has one worker. */
static status open_tallied(struct worker *w, int j)
{
	struct predictions *set = &w->of->sets[j];
	const bool probs = predictions_want_members(set);
	const size_t keep = set->draws ? tallied_keeps(&set->mixture, set->members) : 0;
	status s = tallied_open(w->device, &set->mixture, probs, keep, &w->of->tallied[j]);
	return potential_lacks(w->potential[j], s, tallied_bytes(&set->mixture, probs, keep), "the sums of an ensemble");
}

status worker_open(struct worker *w)
{
	struct ensemble *e = w->of;
	struct device *shared = e->network->device;
	if (shared->ops->on_host)
		TRY(shared->ops->open(0, 1, &w->device));
	else
		w->device = shared;
	for (int j = 0; j < e->n_sets; j++) {
		w->prepared[j] = SIZE_MAX;
		TRY(subject_plan(e->network, e->sets[j].subject, w->device, &w->potential[j]));
		/* Outputs that are wanted themselves come to the host. */
		if (w->device->ops->tally && e->sets[j].mixture.c && !(e->sets[j].draws && e->sets[j].draws->probes))
			TRY(open_tallied(w, j));
	}
	return OK;
}

void worker_close(struct worker *w)
{
	struct device *d = w->device;
	if (!d)
		return;
	for (int j = 0; j < w->of->n_sets; j++) {
		potential_close(w->potential[j]);
		if (w->of->tallied[j].device == d)
			tallied_close(&w->of->tallied[j]);
	}
	for (int i = 0; i < 2; i++)
		d->ops->free(d, w->place[i]);
	d->ops->free(d, w->out);
	if (d != w->of->network->device)
		d->ops->close(d);
}

/* ---- a piece of a member's predictions ---- */

/* Parameters and statistics on the device. */
struct loaded {
	const void *theta, *stats;
};

static status open_places(struct worker *w, size_t bytes)
{
	struct device *d = w->device;
	for (size_t i = 0; i < 2; i++)
		TRY(potential_lacks(w->potential[0], d->ops->alloc(d, bytes, (void **)&w->place[i]), (2 - i) * bytes, "snapshots in turn"));
	/* What comes beside the calls must find them zeroed already. */
	return d->ops->sync(d);
}

/* Two members take turns: while the device is at one the next one comes. */
static status bring(struct worker *w, const struct seat *seat, size_t member, struct loaded *l)
{
	const struct model *m = &w->of->network->model;
	const size_t bytes = ensemble_floats(m) * sizeof(float);
	if (!w->place[1])
		TRY(open_places(w, bytes));
	float *place = w->place[member % 2];
	*l = (struct loaded){place, ensemble_stats(m, place)};
	return device_put_begin(w->device, place, seat->theta, bytes);
}

static status load(struct worker *w, const struct seat *seat, size_t member, struct loaded *l)
{
	const struct model *m = &w->of->network->model;
	if (!w->device->ops->on_host)
		return bring(w, seat, member, l);
	TRY(device_resident(w->device, seat->theta, m->params.count * sizeof(float), &l->theta));
	return seat->stats ? device_resident(w->device, seat->stats, m->stats.count * sizeof(float), &l->stats) : OK;
}

/* The seat is the next member's afterwards. */
static status unload(struct worker *w, struct loaded *l)
{
	if (!w->device->ops->on_host)
		return device_put_end(w->device);
	if (l->stats)
		device_release(w->device, l->stats);
	if (l->theta)
		device_release(w->device, l->theta);
	return OK;
}

/* Adds batches of a set to the sums that its device has of it. Nobody waits for them. */
static status tally_batches(struct worker *w, size_t member, int j, size_t from, size_t to)
{
	struct potential *p = w->potential[j];
	const struct tallied *t = &w->of->tallied[j];
	const size_t batch = (size_t)p->batch;
	for (size_t row = from; row < to; row += batch)
		TRY(p->ops->tally(p, row, (int)(to - row < batch ? to - row : batch), &t->sums, member + 1, t->mixture->own_members == 0));
	return OK;
}

/* Batches first … end − 1 of set j. */
static status predict_batches(struct worker *w, size_t member, int j, const struct loaded *l, size_t first, size_t end)
{
	struct potential *p = w->potential[j];
	const size_t k = (size_t)p->outputs, batch = (size_t)p->batch, from = first * batch;
	const size_t to = end * batch < p->n ? end * batch : p->n;
	if (w->prepared[j] != member) {
		TRY(p->ops->prepare(p, l->theta, l->stats));
		w->prepared[j] = member;
	}
	if (w->of->tallied[j].device)
		return tally_batches(w, member, j, from, to);
	for (size_t row = from; row < to; row += batch)
		TRY(p->ops->predict(p, row, (int)(to - row < batch ? to - row : batch), w->out + (row - from) * k));
	return w->device->ops->get(w->device, ensemble_outputs(w->of, member, j) + from * k, w->out, (to - from) * k * sizeof(float));
}

/* A member's batches are numbered through all sets. */
static status predict_piece(struct worker *w, const struct job *job, const struct loaded *l)
{
	const size_t batches = w->of->work.batches, pieces = w->of->division.pieces;
	size_t first = batches * job->part / pieces, end = batches * (job->part + 1) / pieces, before = 0;
	for (int j = 0; j < w->of->n_sets && before < end; j++) {
		const struct potential *p = w->potential[j];
		size_t here = (p->n + (size_t)p->batch - 1) / (size_t)p->batch;
		size_t a = first > before ? first - before : 0, b = end - before < here ? end - before : here;
		if (a < b)
			TRY(predict_batches(w, job->member, j, l, a, b));
		before += here;
	}
	return OK;
}

/* Makes room for the outputs of a set in a piece. */
static status open_out(struct worker *w)
{
	const struct ensemble *e = w->of;
	size_t most = 0, batches = e->work.batches / e->division.pieces + (e->work.batches % e->division.pieces != 0);
	for (int j = 0; j < e->n_sets; j++) {
		const struct subject *s = e->sets[j].subject;
		if (e->tallied[j].device)
			continue;
		size_t rows = batches * (size_t)s->batch < s->data.n ? batches * (size_t)s->batch : s->data.n;
		most = rows > most ? rows : most;
	}
	const size_t bytes = most * (size_t)e->network->model.outputs * sizeof(float);
	status s = w->device->ops->alloc(w->device, bytes, (void **)&w->out);
	return potential_lacks(w->potential[0], s, bytes, "the predictions of a snapshot");
}

static status worker_piece(struct worker *w, const struct job *job)
{
	struct loaded l = {NULL, NULL};
	if (!w->out)
		TRY(open_out(w));
	status s = load(w, &w->of->seat[queue_seat(&w->of->queue, job->member)], job->member, &l);
	if (s == OK)
		s = predict_piece(w, job, &l);
	status unloaded = unload(w, &l);
	return s != OK ? s : unloaded;
}

static status worker_do(struct worker *w, const struct job *job)
{
	if (job->kind != JOB_PIECE)
		return ensemble_do(w->of, job);
	status s = worker_piece(w, job);
	return s == OK ? OK : ensemble_within(w->of, job->member, s);
}

void worker_run(struct worker *w)
{
	struct queue *q = &w->of->queue;
	struct job job;
	while (queue_take(q, false, &job))
		queue_done(q, &job, worker_do(w, &job));
}
