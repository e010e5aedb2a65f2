/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A sampler without a run: its vectors and slots on the potential's device, and its steps. Several states may share a
 * potential and be advanced in turns: a step leaves nothing behind in it that another one's would see. */
#ifndef BASIN_STATE_H
#define BASIN_STATE_H

#include "chains/batches.h"
#include "samplers/sampler.h"

/* What a state is opened with. Pointers are kept, not copied. */
struct state_plan {
	const struct sampler *sampler;
	struct potential *potential;
	double param[SAMPLER_PARAMS];            /* in the order of sampler->params; NaN: not given, and no default */
	const float *array[SAMPLER_ARRAYS];      /* host, as sampler->arrays has them; NULL: not given */
	size_t n;                                /* N */
	int batch;                               /* B */
	bool iid;                                /* batches drawn with replacement instead of by epochs */
	double temperature, decay;               /* T, δ */
	double lr_max;                           /* the largest λ that any step will have */
	uint64_t burn_in;                        /* steps in which the method may adapt itself */
};

struct state {
	struct sampler_state s;
	struct batches batches;
	struct batches further;                  /* of the method's further batches; closed where it has none */
	struct arena arena;
	uint64_t step;                           /* updates done */
};

/* The state's numbers alone, with its parameters checked: what target and info read. It has no vectors, and need not be
 * closed. Errors: ERR_USAGE, where the method refuses its parameters. */
status state_facts(const struct state_plan *p, struct rng_key key, struct sampler_state *out);

/* Takes the device's memory; vectors are zero. The state of a chain is given by its key. On failure it is closed.
 * Errors: ERR_USAGE, ERR_MEMORY, ERR_LIBRARY. */
status state_open(struct state *st, const struct state_plan *p, struct rng_key key);
void state_close(struct state *st);

/* Whether the state has vector i. */
bool state_has(const struct state *st, int i);

/* Vector i from and to host memory (n_params); the statistics of θ (n_stats) where there are any. Errors: ERR_LIBRARY. */
status state_put(struct state *st, int i, const float *host);
status state_get(struct state *st, int i, float *host);
status state_put_stats(struct state *st, const float *host);
status state_get_stats(struct state *st, float *host);

/* Takes step number st->step at λ and T, without injected noise where st->s.exploring says so. The λ of the step before is the one
 * that st->s.lr still has; whoever goes on with a state puts it there. The device may still be at work when it returns. Errors:
 * ERR_LIBRARY. */
status state_step(struct state *st, double lr, double temperature);

#endif
