/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/ensemble.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "predict/draws.h"
#include "predict/ensemble_private.h"
#include "src/memory.h"

float *ensemble_outputs(const struct ensemble *e, size_t member, int j)
{
	float *own = e->seat[queue_seat(&e->queue, member)].outputs[j];
	return own ? own : predictions_place(&e->sets[j], member);
}

enum { STATS_ALIGN = 64 };

size_t ensemble_floats(const struct model *m)
{
	const size_t before = (m->params.count + STATS_ALIGN - 1) / STATS_ALIGN * STATS_ALIGN;
	return m->stats.count ? before + m->stats.count : m->params.count;
}

float *ensemble_stats(const struct model *m, float *theta)
{
	return m->stats.count ? theta + (ensemble_floats(m) - m->stats.count) : NULL;
}

status ensemble_within(const struct ensemble *e, size_t member, status s)
{
	const struct choice *c = &e->from->choice[member];
	return fail_within(s, "%s, step %llu: ", e->from->sources.source[c->source].path, (unsigned long long)c->step);
}

/* ---- what is done with a member, besides predicting ---- */

static status check_counts(const struct network *n, const struct selection *from)
{
	if (from->params == n->model.params.count && from->stats == n->model.stats.count)
		return OK;
	return fail(ERR_INPUT, "it holds %zu parameters and %zu statistics; its own model %s has %zu and %zu", from->params,
	            from->stats, n->model.spec, n->model.params.count, n->model.stats.count);
}

static status read_member(struct ensemble *e, size_t member)
{
	const struct model *m = &e->network->model;
	struct seat *seat = &e->seat[queue_seat(&e->queue, member)];
	struct snaps_record record;
	TRY(selection_read(e->from, member, &record));
	status s = check_counts(e->network, e->from);
	if (s != OK)
		return ensemble_within(e, member, s);
	memcpy(seat->theta, record.params, m->params.count * sizeof(float));
	for (int j = 0; j < e->n_sets; j++)
		if (e->sets[j].how->read)
			e->sets[j].how->read(&e->sets[j], member, seat->theta);
	if (seat->stats)
		memcpy(seat->stats, record.stats, m->stats.count * sizeof(float));
	return OK;
}

/* Slices are numbered through all sets. */
static status add_slice(struct ensemble *e, size_t member, size_t part)
{
	int j = 0;
	while (part >= e->slices[j])
		part -= e->slices[j++];
	/* The device has added it. */
	if (e->tallied[j].device)
		return OK;
	const size_t n = e->sets[j].subject->data.n, first = n * part / e->slices[j], end = n * (part + 1) / e->slices[j];
	return e->sets[j].how->add(&e->sets[j], ensemble_outputs(e, member, j), first, end - first);
}

/* What the end of a member looks at of sums that are on the device. */
static status get_sums(const struct tallied *t, const struct predictions *set, bool last)
{
	if (set->curve)
		TRY(tallied_get(t));
	if (predictions_want_members(set))
		TRY(tallied_get_probs(t, set->probs));
	if (!set->alone || !last)
		return OK;
	TRY(tallied_get_part(t));
	return tallied_get_last(t);
}

/* Of the members that the device kept, this one the last of them. */
static status draw_kept(struct tallied *t, struct predictions *set, size_t member)
{
	const size_t n = t->mixture->n, members = t->n_kept;
	double *host = malloc(members * n * sizeof *host + 1);
	status s = host ? tallied_get_kept(t, host) : fail(ERR_MEMORY, "out of memory: %zu members' log-likelihoods", members);
	for (size_t i = 0; s == OK && i < members; i++) {
		memcpy(t->mixture->last, host + i * n, n * sizeof *host);
		draws_add(set->draws, set, member + 1 - members + i, NULL);
	}
	free(host);
	return s;
}

static status draw(struct ensemble *e, size_t member, int j)
{
	struct tallied *t = &e->tallied[j];
	if (!t->device) {
		draws_add(e->sets[j].draws, &e->sets[j], member, ensemble_outputs(e, member, j));
		return OK;
	}
	TRY(tallied_keep(t));
	return t->n_kept == t->kept_most || member + 1 == e->from->n ? draw_kept(t, &e->sets[j], member) : OK;
}

/* Whether member i is the last one of its file. */
static bool is_last(const struct selection *s, size_t i)
{
	return i + 1 == s->n || s->choice[i + 1].source != s->choice[i].source;
}

static void end_file(const struct selection *s, size_t last, struct predictions *set)
{
	size_t first = last;
	while (first > 0 && s->choice[first - 1].source == s->choice[last].source)
		first--;
	if (!set->alone)
		return;
	set->ending[first] = set->how->member(set, last);
	set->alone[first] = set->how->alone(set, first, last + 1);
}

static status end_member(struct ensemble *e, size_t member)
{
	status s = OK;
	for (int j = 0; s == OK && j < e->n_sets; j++) {
		if (e->tallied[j].device)
			s = get_sums(&e->tallied[j], &e->sets[j], is_last(e->from, member));
		if (s == OK && e->sets[j].how->added)
			s = e->sets[j].how->added(&e->sets[j], member);
		if (s == OK && e->sets[j].draws)
			s = draw(e, member, j);
	}
	if (s != OK)
		return ensemble_within(e, member, s);
	for (int j = 0; j < e->n_sets && is_last(e->from, member); j++)
		end_file(e->from, member, &e->sets[j]);
	return e->watcher ? e->watcher(e->context, member + 1, e->from->n) : OK;
}

status ensemble_do(struct ensemble *e, const struct job *job)
{
	if (job->kind == JOB_READ)
		return read_member(e, job->member);
	if (job->kind == JOB_END)
		return end_member(e, job->member);
	status s = add_slice(e, job->member, job->part);
	return s == OK ? OK : ensemble_within(e, job->member, s);
}

/* ---- the threads ---- */

static void *reader_thread(void *ensemble)
{
	struct ensemble *e = ensemble;
	struct job job;
	while (queue_take(&e->queue, true, &job))
		queue_done(&e->queue, &job, ensemble_do(e, &job));
	return NULL;
}

/* One that can't be opened is done without: the caller's is there. */
static void *worker_thread(void *worker)
{
	struct worker *w = worker;
	if (worker_open(w) == OK)
		worker_run(w);
	worker_close(w);
	queue_leave(&w->of->queue);
	return NULL;
}

/* The first worker is open, and runs in this thread. Those that there is no thread for are done without, and where
 * there is none for the reader, workers read. */
static void run_threads(struct ensemble *e)
{
	struct worker *w = e->worker;
	const size_t workers = e->division.workers;
	pthread_t reader;
	size_t n = 1;
	/* What memory holds is not worth a thread that others wait for. */
	bool reads = !e->from->kept;
	queue_join(&e->queue, workers, reads);
	if (reads && pthread_create(&reader, NULL, reader_thread, e) != 0) {
		reads = false;
		queue_join(&e->queue, workers, false);
	}
	while (n < workers && pthread_create(&w[n].thread, NULL, worker_thread, &w[n]) == 0)
		n++;
	for (size_t i = n; i < workers; i++)
		queue_leave(&e->queue);
	worker_run(&w[0]);
	queue_leave(&e->queue);
	for (size_t i = 1; i < n; i++)
		pthread_join(w[i].thread, NULL);
	if (reads)
		pthread_join(reader, NULL);
}

/* ---- opening ---- */

static status take_workers(struct ensemble *e, size_t n)
{
	TRY(ARENA_NEW(&e->arena, (size_t)e->n_sets, &e->tallied));
	TRY(ARENA_NEW(&e->arena, n, &e->worker));
	for (size_t i = 0; i < n; i++) {
		e->worker[i].of = e;
		TRY(ARENA_NEW(&e->arena, (size_t)e->n_sets, &e->worker[i].potential));
		TRY(ARENA_NEW(&e->arena, (size_t)e->n_sets, &e->worker[i].prepared));
	}
	return OK;
}

static status take_seats(struct ensemble *e)
{
	const struct model *m = &e->network->model;
	struct device *d = e->worker[0].device;
	TRY(ARENA_NEW(&e->arena, e->division.seats, &e->seat));
	for (size_t i = 0; i < e->division.seats; i++) {
		struct seat *seat = &e->seat[i];
		TRY(device_host_alloc(d, ensemble_floats(m) * sizeof *seat->theta, (void **)&seat->theta));
		seat->stats = ensemble_stats(m, seat->theta);
		TRY(ARENA_NEW(&e->arena, (size_t)e->n_sets, &seat->outputs));
		for (int j = 0; j < e->n_sets; j++)
			if (!e->sets[j].how->keeps_outputs && !e->tallied[j].device)
				TRY(ARENA_NEW(&e->arena, e->sets[j].subject->data.n * (size_t)m->outputs, &seat->outputs[j]));
	}
	return OK;
}

static status take_queue(struct ensemble *e)
{
	size_t slices = 0;
	TRY(ARENA_NEW(&e->arena, (size_t)e->n_sets, &e->slices));
	for (int j = 0; j < e->n_sets; j++)
		slices += e->slices[j] = work_slices(&e->sets[j], e->division.workers);
	return queue_open(&e->queue, &e->arena, e->from->n, e->division.seats, e->division.pieces, slices);
}

static void leave_seats(struct ensemble *e)
{
	for (size_t i = 0; e->seat && i < e->division.seats; i++)
		device_host_free(e->worker[0].device, e->seat[i].theta);
}

/* Of sums on the device: to the host, unless a member's outputs were not finite; which comes in that member's place
 * among what failed. */
static status end_tallied(struct ensemble *e)
{
	size_t worst = SIZE_MAX, member, example;
	bool found;
	for (int j = 0; j < e->n_sets; j++) {
		if (!e->tallied[j].device)
			continue;
		TRY(tallied_bad(&e->tallied[j], &found, &member, &example));
		if (found && member < worst) {
			worst = member;
			queue_fail(&e->queue, member, ensemble_within(e, member, mixture_not_finite(e->sets[j].mixture.line, example)));
		}
		TRY(tallied_get(&e->tallied[j]));
	}
	return OK;
}

/* With a first worker, which says what the others will take. */
static status run_first(struct ensemble *e, size_t threads)
{
	struct worker *first = &e->worker[0];
	TRY(worker_open(first));
	work_of(e->network, e->sets, e->n_sets, e->from->n, device_held(first->device), &e->work);
	work_divide(&e->work, threads, memory_available(), &e->division);
	TRY(take_seats(e));
	TRY(take_queue(e));
	run_threads(e);
	status ended = end_tallied(e), s = queue_result(&e->queue);
	queue_close(&e->queue);
	return s != OK ? s : ended;
}

status ensemble_run(struct selection *s, struct network *n, struct predictions *sets, int n_sets, ensemble_watcher *watcher,
                    void *context)
{
	struct ensemble e = {.from = s, .network = n, .sets = sets, .n_sets = n_sets, .watcher = watcher, .context = context};
	const int threads = omp_get_max_threads();
	/* Where a device's memory is not the host's, threads of the host don't make it faster. */
	const size_t most = n->device->ops->on_host ? (size_t)threads : 1;
	status st = take_workers(&e, most);
	if (st == OK) {
		st = run_first(&e, most);
		leave_seats(&e);
		worker_close(&e.worker[0]);
	}
	omp_set_num_threads(threads);  /* the first worker's device has one */
	arena_free(&e.arena);
	return st;
}
