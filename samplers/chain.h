/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A chain: its state, and the loop that takes steps, keeps snapshots, logs and checkpoints. */
#ifndef BASIN_CHAIN_H
#define BASIN_CHAIN_H

#include <signal.h>

#include "samplers/keep.h"
#include "src/files/log.h"
#include "src/files/run.h"
#include "samplers/sampler.h"
#include "src/files/snaps.h"

/* What the chains of a run share. Everything is kept, not copied. */
struct chain_plan {
	const struct sampler *sampler;
	const struct opts *options;
	struct potential *potential;
	struct schedule schedule;        /* its total is the steps of a chain */
	struct keep keep;
	size_t n;                        /* N */
	int batch;                       /* B */
	bool iid;                        /* batches drawn with replacement instead of by epochs */
	bool recompute_stats;            /* θ is kept with the batch-norm statistics of a pass at θ, not with its own */
	uint64_t epoch_steps;            /* ⌈N/B⌉ */
	double temperature, decay;       /* T, δ */
	uint32_t seed;
	int chains;
	bool counts_correct;             /* the likelihood has right and wrong answers */
	const float *init;               /* host: initial parameters, or NULL for the model's own */
	const float *init_stats;         /* host: batch-norm statistics that belong to them, or NULL */
	enum snaps_dtype dtype;
	json_t *meta;                    /* of the snapshot files; "chain" is set for each */
	uint64_t log_every;              /* steps */
	uint64_t checkpoint_steps;       /* 0: by time */
	double checkpoint_seconds;
	struct run *run;
	struct progress *progress;
	const volatile sig_atomic_t *stop;   /* set by a signal */
};

/* Sets the facts of chain k's sampler, options read and checked; vectors and batches are not there yet.
 * Errors: ERR_USAGE. */
status chain_sampler(const struct chain_plan *plan, int k, struct sampler_state *out);

enum chain_phase { CHAIN_RUNNING, CHAIN_DONE, CHAIN_FAILED };

struct chain;

/* Makes chain k ready: from its checkpoint where it has one, else from its initial parameters, with its files created and
 * a checkpoint of step 0 written. Errors: ERR_USAGE (the sampler refuses its options), ERR_IO, ERR_DAMAGE, ERR_MEMORY. */
status chain_open(const struct chain_plan *plan, int k, struct chain **out);

/* Takes the steps that are left, or those up to a stop. A non-finite loss ends the chain as failed, which is not an
 * error here. Errors: ERR_IO, ERR_INTERRUPTED (stopped by a signal, checkpoint written), ERR_LIBRARY. */
status chain_run(struct chain *c);

enum chain_phase chain_phase(const struct chain *c);
uint64_t chain_step(const struct chain *c);
/* NULL is fine. */
void chain_close(struct chain *c);

#endif
