/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The inside of a chain, shared by the loop (chain.c), by what opens it (chain_open.c) and by what saves and restores it
 * (chain_checkpoint.c); nobody else includes this. */
#ifndef BASIN_CHAIN_PRIVATE_H
#define BASIN_CHAIN_PRIVATE_H

#include "chains/chain.h"

/* The running totals at some step. */
struct chain_mark {
	uint64_t step;
	double nll, correct, seen;
};

/* A snapshot on its way to its file: its vectors lie in `host`, and what changes them there waits for it (chain_keep.c). */
struct chain_leaving {
	bool under_way;
	bool keeps[SAMPLER_VECTORS];           /* that a record is written of */
	uint64_t step;
	double epoch, nll;
	float *stats[SAMPLER_VECTORS];         /* device_host_alloc (n_stats): that they are kept with; NULL where there are none */
	/* device: the vectors and those statistics as they were, while the chain goes on; NULL where a get waits for them anyway */
	float *copy[SAMPLER_VECTORS], *copy_stats[SAMPLER_VECTORS];
};

struct chain {
	struct arena arena;
	const struct chain_plan *plan;
	int k;
	bool taken;                            /* locked */
	const char *checkpoint;                /* its file */
	enum chain_phase phase;
	bool under_way;                        /* a step was begun, and is not ended */
	struct state state;
	float *host[SAMPLER_VECTORS];          /* device_host_alloc (n_params) each: on the way to and from files */
	float *host_stats;                     /* (n_stats), or NULL */
	float *pass_stats;                     /* device: statistics of a vector that is being kept; NULL where none are made */
	struct chain_leaving leaving;
	struct chain_mark logged, kept;        /* at the last log line, at the last snapshot */
	struct chain_mark ending;              /* where the last epoch begins; before it, where the chain began */
	struct chain_mark timed;               /* where the log's clock was last set to 0: step and seen alone */
	double timed_at, checkpointed_at, synced_at;    /* monotonic seconds; 0 before the first step */
	bool unsynced;                         /* snapshots were written since the last sync */
	struct log_line line;                  /* the last one */
	const char *log_fields[SAMPLER_REPORTS + 1];    /* what the method reports, NULL-terminated */
	struct snaps_writer *snaps;
	struct log_file *log;
};

/* Whether state vector i is kept with the batch-norm statistics of a pass at it: always where no batch went through it,
 * since only the first vector, θ, has statistics of its own. */
bool chain_makes_stats(const struct chain_plan *plan, int i);

/* Ends the chain, and this chain alone, nothing of it being on its way; why: what was recorded with fail(). Errors: ERR_IO. */
status chain_end_failed(struct chain *c, status why);
/* The same where a number was not finite, which `what` says, at a step. */
status chain_end_diverged(struct chain *c, const char *what, uint64_t step);

/* Means since a mark of the running totals, which then moves on to now. */
void chain_since(struct chain_mark *mark, const struct slots *s, uint64_t step, double *nll, double *accuracy);
/* Epochs that the chain has done. */
double chain_epochs(const struct chain *c);

/* chain_keep.c: memory for snapshots on their way; bytes of it; and its end. Errors: ERR_MEMORY, ERR_LIBRARY. */
status chain_keep_open(struct chain *c);
size_t chain_keep_bytes(const struct chain_plan *plan);
void chain_keep_close(struct chain *c);
/* Has the device sum the squares of what is kept: before the slots are fetched that chain_keep then looks at. Errors: ERR_LIBRARY. */
status chain_keep_norms(struct chain *c);
/* Begins to keep the state as it is; nothing may be on its way. A parameter or a statistic that is not finite ends the chain.
 * Errors: ERR_IO, ERR_LIBRARY. */
status chain_keep(struct chain *c);
/* Writes what is on its way if it has come, or once it has. Beyond the range of the snapshots' type the chain ends. Errors: ERR_IO,
 * ERR_LIBRARY. */
status chain_leave(struct chain *c, bool wait);

/* Syncs the files, then replaces the checkpoint. Errors: ERR_IO. */
status chain_checkpoint(struct chain *c);
status chain_sync(struct chain *c, double now);

/* Fills the host's vectors, the slots and the chain's own numbers from its checkpoint, which says how long its files are.
 * Errors: ERR_DAMAGE, ERR_IO, ERR_INPUT. */
status chain_restore(struct chain *c, uint64_t *snaps_at, uint64_t *log_at);

#endif
