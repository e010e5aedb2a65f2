/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The work of an ensemble, handed out to several threads. Members are read one after another, each into a seat of its own;
 * a member's predictions are made in pieces, by whoever is free and for several members at once; what they are to the
 * ensemble is added in the order of the members, in slices that may go side by side, and then the member is ended and its
 * seat is free. So whatever is added, written or told is what one thread alone would have, in the same order.
 *
 * Where a job fails, all that comes before it in that order is still done, and nothing behind it is begun: the first
 * failure in order is the one that counts, as with one thread. */
#ifndef BASIN_QUEUE_H
#define BASIN_QUEUE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/arena.h"

/* In the order in which they come within a member. */
enum job_kind { JOB_READ, JOB_PIECE, JOB_SLICE, JOB_END };

struct job {
	enum job_kind kind;
	size_t member, part;     /* part: which piece or slice of it */
};

struct queue {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	size_t members, seats, pieces, slices;
	size_t workers;          /* that are there to do it */
	bool reader;             /* one thread more reads, and does nothing else */
	size_t running;          /* jobs */
	size_t given_to_read;    /* members; the last of them may still be read */
	size_t read;
	size_t piece_of, piece;  /* the next piece */
	size_t *left;            /* (seats): pieces of the member there that are not done */
	size_t slice, slices_done, ended;   /* of the member that is added to; members before it */
	bool ending;
	uint64_t failed;         /* place in the order of the first failure; UINT64_MAX: none */
	status result;
	char *message;           /* messages are kept by thread */
};

/* For so many members, in so many seats, each of so many pieces (≥ 1) and slices. Errors: ERR_MEMORY. */
status queue_open(struct queue *q, struct arena *a, size_t members, size_t seats, size_t pieces, size_t slices);
void queue_close(struct queue *q);

/* Who takes part must be told before the first of them calls queue_take; a worker that can't, after all, leaves. */
void queue_join(struct queue *q, size_t workers, bool reader);
void queue_leave(struct queue *q);

/* Waits for a job: one for the reader, or one for a worker. False: nothing is left for such a thread. */
bool queue_take(struct queue *q, bool for_reader, struct job *job);
/* Ends a job that was taken, with the words of this thread's failure where it failed. */
void queue_done(struct queue *q, const struct job *job, status result);

/* After all have left: what this thread failed with counts as the adding of a member's predictions that failed. */
void queue_fail(struct queue *q, size_t member, status result);

/* After all have left: OK, or the failure, whose words are this thread's then. */
status queue_result(struct queue *q);

/* The seat of a member. */
static inline size_t queue_seat(const struct queue *q, size_t member)
{
	return member % q->seats;
}

#endif
