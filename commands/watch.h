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

/* What one thread posts; as far apart as cache lines are, for it is written at every step. */
struct watch_post {
	_Alignas(64) struct watch *watch;
	atomic_ullong steps;             /* taken by this thread */
};

struct watch {
	const struct likelihood *likelihood;
	struct guess guess;
	bool quiet;
	struct watch_post *post;
	int posts;
	pthread_mutex_t lock;            /* guards all that follows, and standard error while the line stands there */
	struct progress progress;
	struct progress_chains chains;
	double *loss;                    /* (chains of the run): each one's last; NaN: none, or it failed */
	int n_loss;
};

/* For the chains that a process takes, `taken` of them; done: steps that they have taken already. Errors: ERR_MEMORY, ERR_INPUT;
 * watch_close is fine after them. */
status watch_open(struct watch *w, const struct problem *p, const struct opts *o, int taken, uint64_t done, int posts);
void watch_close(struct watch *w);

/* What chains are told to call, with a post as context. */
struct chain_watch watch_calls(struct watch_post *post);

/* A chain has come to its end; failed: as failed, or not to its end, `left` steps before it. */
void watch_chain_end(struct watch *w, int k, bool failed, uint64_t left);

/* A line of its own on standard error. */
void watch_say(struct watch *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Shows the line as it is now; the lock must be held. */
void watch_show(struct watch *w);

#endif
