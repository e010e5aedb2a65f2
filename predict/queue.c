/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/queue.h"

#include <stdlib.h>

status queue_open(struct queue *q, struct arena *a, size_t members, size_t seats, size_t pieces, size_t slices)
{
	*q = (struct queue){.members = members, .seats = seats, .pieces = pieces, .slices = slices, .failed = UINT64_MAX};
	TRY(ARENA_NEW(a, seats, &q->left));
	pthread_mutex_init(&q->lock, NULL);
	pthread_cond_init(&q->changed, NULL);
	return OK;
}

void queue_close(struct queue *q)
{
	pthread_mutex_destroy(&q->lock);
	pthread_cond_destroy(&q->changed);
	free(q->message);
	q->message = NULL;
}

void queue_join(struct queue *q, size_t workers, bool reader)
{
	pthread_mutex_lock(&q->lock);
	q->workers = workers;
	q->reader = reader;
	pthread_mutex_unlock(&q->lock);
}

void queue_leave(struct queue *q)
{
	pthread_mutex_lock(&q->lock);
	q->workers--;
	pthread_cond_broadcast(&q->changed);
	pthread_mutex_unlock(&q->lock);
}

/* Where a job stands in the order of one thread that does all. */
static uint64_t place_of(const struct queue *q, const struct job *job)
{
	const size_t before[] = {0, 1, 1 + q->pieces, 1 + q->pieces + q->slices};  /* by kind */
	return (uint64_t)job->member * (before[JOB_END] + 1) + before[job->kind] + job->part;
}

/* ---- what can be done now; with the lock ---- */

static bool may_read(const struct queue *q, struct job *job)
{
	*job = (struct job){JOB_READ, q->given_to_read, 0};
	return q->given_to_read == q->read && q->read < q->members && q->read < q->ended + q->seats &&
	       place_of(q, job) < q->failed;
}

static bool may_predict(const struct queue *q, struct job *job)
{
	*job = (struct job){JOB_PIECE, q->piece_of, q->piece};
	return q->piece_of < q->read && place_of(q, job) < q->failed;
}

/* The slices of one member, and after them its end. */
static bool may_add(const struct queue *q, struct job *job)
{
	*job = (struct job){q->slice < q->slices ? JOB_SLICE : JOB_END, q->ended, q->slice < q->slices ? q->slice : 0};
	return q->ended < q->read && q->left[queue_seat(q, q->ended)] == 0 && !q->ending &&
	       (job->kind == JOB_SLICE || q->slices_done == q->slices) && place_of(q, job) < q->failed;
}

/* What frees a seat comes first, then what fills one. */
static bool find_job(const struct queue *q, bool for_reader, struct job *job)
{
	if (!q->workers)
		return false;
	if (for_reader)
		return may_read(q, job);
	return may_add(q, job) || (!q->reader && may_read(q, job)) || may_predict(q, job);
}

/* Whether nothing will come for such a thread. */
static bool is_over(const struct queue *q, bool for_reader)
{
	return !q->workers || q->ended == q->members || (for_reader && q->given_to_read == q->members) ||
	       (q->failed != UINT64_MAX && !q->running);
}

static void give_job(struct queue *q, const struct job *job)
{
	q->running++;
	if (job->kind == JOB_READ) {
		q->given_to_read++;
	} else if (job->kind == JOB_PIECE) {
		q->piece = (q->piece + 1) % q->pieces;
		q->piece_of += q->piece == 0;
	} else if (job->kind == JOB_SLICE) {
		q->slice++;
	} else {
		q->ending = true;
	}
}

bool queue_take(struct queue *q, bool for_reader, struct job *job)
{
	bool got;
	pthread_mutex_lock(&q->lock);
	while (!(got = find_job(q, for_reader, job)) && !is_over(q, for_reader))
		pthread_cond_wait(&q->changed, &q->lock);
	if (got)
		give_job(q, job);
	pthread_mutex_unlock(&q->lock);
	return got;
}

static void note_failure(struct queue *q, const struct job *job, status result)
{
	if (place_of(q, job) >= q->failed)
		return;
	q->failed = place_of(q, job);
	q->result = result;
	free(q->message);
	q->message = fail_copy();
}

void queue_fail(struct queue *q, size_t member, status result)
{
	note_failure(q, &(struct job){JOB_SLICE, member, 0}, result);
}

static void note_success(struct queue *q, const struct job *job)
{
	size_t *left = &q->left[queue_seat(q, job->member)];
	if (job->kind == JOB_READ) {
		*left = q->pieces;
		q->read++;
	} else if (job->kind == JOB_PIECE) {
		--*left;
	} else if (job->kind == JOB_SLICE) {
		q->slices_done++;
	} else {
		q->slice = q->slices_done = 0;
		q->ending = false;
		q->ended++;
	}
}

void queue_done(struct queue *q, const struct job *job, status result)
{
	pthread_mutex_lock(&q->lock);
	if (result == OK)
		note_success(q, job);
	else
		note_failure(q, job, result);
	q->running--;
	pthread_cond_broadcast(&q->changed);
	pthread_mutex_unlock(&q->lock);
}

status queue_result(struct queue *q)
{
	return q->failed == UINT64_MAX ? OK : fail_again(q->result, q->message);
}
