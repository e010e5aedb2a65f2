/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What is said of a run while it goes on: one line of progress for all chains, and what happens to each. The threads that run
 * chains post what they do, each in a place of its own; one thread shows it. */
#ifndef BASIN_WATCH_H
#define BASIN_WATCH_H

#include <pthread.h>
#include <stdatomic.h>

#include "commands/problem.h"
#include "commands/progress.h"

/* What is said of chains, and of workers. */
enum watch_kind { WATCH_RESUMED, WATCH_BUSY, WATCH_BROKEN, WATCH_STOPPED, WATCH_POOR, WATCH_STILL, WATCH_WORKER, WATCH_KINDS };

/* What one thread posts; as far apart as cache lines are, for it is written at every step. */
struct watch_post {
	_Alignas(64) struct watch *watch;
	atomic_ullong steps;             /* taken by this thread */
};

struct watch {
	const struct likelihood *likelihood;
	struct guess guess;
	int acceptance;                  /* which number of a log's line it is; −1: none */
	bool quiet;
	struct watch_post *post;
	int posts;
	pthread_mutex_t lock;            /* guards all that follows, and standard error while the line stands there */
	struct progress progress;
	struct progress_chains chains;
	uint64_t chain_steps;            /* of a whole chain */
	const uint64_t *known;           /* (chains of the run): steps that each had taken when the process began */
	int said[WATCH_KINDS];
	double *loss;                    /* (chains of the run): each one's last; NaN: none, or it failed */
	int n_loss;
};

/* For the chains that a process takes, `taken` of them; done: (chains of the run) steps that each of them has taken already,
 * which is kept, not copied. Errors: ERR_MEMORY, ERR_INPUT; watch_close is fine after them. */
status watch_open(struct watch *w, const struct problem *p, const struct opts *o, int taken, const uint64_t *done, int posts);
void watch_close(struct watch *w);

/* What chains are told to call, with a post as context. */
struct chain_watch watch_calls(struct watch_post *post);

/* Chain k takes no more steps here. */
enum watch_end { WATCH_DONE, WATCH_FAILED, WATCH_ELSEWHERE };
/* left: steps that it has not taken. */
void watch_chain_end(struct watch *w, int k, enum watch_end how, uint64_t left);
/* The same of a chain that was not opened. */
void watch_chain_skip(struct watch *w, int k, enum watch_end how);

/* A line of its own on standard error; of many of a kind the first few are said, and that there are more. */
void watch_say(struct watch *w, enum watch_kind kind, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Shows the line as it is now; the lock must be held. */
void watch_show(struct watch *w);

#endif
