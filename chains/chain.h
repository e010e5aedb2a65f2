/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A chain: a state with its files, and the loop that takes steps, keeps snapshots, logs and checkpoints. */
#ifndef BASIN_CHAIN_H
#define BASIN_CHAIN_H

#include <stdatomic.h>

#include "chains/keep.h"
#include "chains/state.h"
#include "src/files/log.h"
#include "src/files/run.h"
#include "src/files/snaps.h"

/* Who wants to know what a chain does; a function may be NULL. They are called by the thread that runs the chain. */
struct chain_watch {
	void *context;
	/* Chain k has done so many updates; the last line of its log (step 0: none yet). Called after every step. */
	void (*stepped)(void *context, int k, uint64_t step, const struct log_line *line);
	/* Chain k has come to its end; nll: the mean loss of its last epoch, or of as much of it as is known; nats per example. */
	void (*ended)(void *context, int k, double nll);
	/* Chain k ends as failed; fail_words(why, …) says why. */
	void (*stopped)(void *context, int k, status why);
};

/* What the chains of a run share. Everything is kept, not copied. */
struct chain_plan {
	struct state_plan state;         /* method, potential, N, B, T, δ; its lr_max is the schedule's */
	struct schedule schedule;        /* its total is the steps of a chain */
	struct keep keep;
	bool recompute_stats;            /* θ is kept with the batch-norm statistics of a pass at θ, not with its own */
	uint64_t epoch_steps;            /* ⌈N/B⌉; 1 where a step is one of all data */
	uint32_t seed;
	int chains;
	bool counts_correct;             /* the likelihood has right and wrong answers */
	const float *init;               /* host: initial parameters, or NULL for the model's own */
	const float *init_stats;         /* host: batch-norm statistics that belong to them, or NULL */
	enum snaps_dtype dtype;
	json_t *meta;                    /* of the snapshot files, but their "chain" */
	uint64_t log_every;              /* steps */
	uint64_t checkpoint_steps;       /* 0: by time */
	double checkpoint_seconds;
	struct run *run;
	const struct chain_watch *watch;     /* NULL: nobody */
	const atomic_int *stop;              /* set by a signal */
};

enum chain_phase { CHAIN_RUNNING, CHAIN_DONE, CHAIN_FAILED };

struct chain;

/* Whether the potential takes every batch that the chains will have. Errors: ERR_USAGE, naming sizes that would do. */
status chain_check_batches(const struct chain_plan *plan);

/* Makes chain k ready: from its checkpoint where it has one, else from its initial parameters, with its files created and
 * a checkpoint of step 0 written. Until chain_close it is this process's alone. Errors: ERR_BUSY (another process has it),
 * ERR_USAGE (the method refuses its parameters), ERR_IO, ERR_DAMAGE, ERR_MEMORY. */
status chain_open(const struct chain_plan *plan, int k, struct chain **out);

/* Whether chain k came to the run's end, by its checkpoint's facts: then there is nothing to open, to lock or to sync. What can't
 * be told is false, and chain_open's to say. */
bool chain_finished(const struct chain_plan *plan, int k);

/* Takes one step with what it ends with: due snapshots, log line, checkpoint. Nothing where the chain is not running. A
 * loss that is not finite ends the chain as failed, which is not an error here. Errors: ERR_IO, ERR_INTERRUPTED (a stop was
 * asked for; the checkpoint is written), ERR_LIBRARY. */
status chain_advance(struct chain *c);

/* The two halves of it: the first has the device begin with the step, and the second, which may wait, does what the step ends
 * with; one thread that has several chains lets devices work between. Nothing where the chain is not running, or has begun no
 * step. Errors: together chain_advance's. */
status chain_begin_step(struct chain *c);
status chain_end_step(struct chain *c);

/* Advances to the end, or to a stop. Errors: as chain_advance. */
status chain_run(struct chain *c);

enum chain_phase chain_phase(const struct chain *c);
/* Updates that were begun. */
uint64_t chain_step(const struct chain *c);
/* Bytes that the vectors of a chain take, on the device and beside it. */
size_t chain_bytes(const struct chain_plan *plan);
/* NULL is fine. */
void chain_close(struct chain *c);

#endif
