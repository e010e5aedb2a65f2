/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Slots: the small table of numbers that a step's verbs read and write, where the device can reach it. Coefficients go
 * in before a step, losses and sums come out; verbs name them by index, so a recorded step replays without the host. */
#ifndef BASIN_SLOTS_H
#define BASIN_SLOTS_H

#include <stdbool.h>
#include <stdint.h>

#include "src/rng.h"

enum slot {
	SLOT_NONE,            /* as a coefficient or scale: 0, and the term costs nothing; a zeroed struct names it */
	SLOT_NLL,             /* mean of ℓᵢ over the last batch, nats per example */
	SLOT_NLL_TOTAL,       /* running sums over every example of every counted batch: Σ ℓᵢ, */
	SLOT_CORRECT_TOTAL,   /* right answers (classification; else 0), */
	SLOT_SEEN_TOTAL,      /* examples */
	SLOT_BAD,             /* sticky: 1 + the step whose loss was not finite, or 0 */
	SLOT_GOOD_NLL,        /* the last finite SLOT_NLL */
	SLOT_SCALAR,
	SLOT_SAMPLER = SLOT_SCALAR,   /* first of the sampler's own */
	SLOTS = 32
};

struct slots {
	double value[SLOTS];  /* the host's copy */
	uint64_t step;        /* k of every noise counter of this step: updates done before it */
	struct rng_key key;   /* seed and chain */
	void *device;         /* the backend's copy; NULL where the device reads the host's */
};

/* Sets SLOT_NLL, or adds to it, and keeps SLOT_GOOD_NLL and SLOT_BAD by what comes out: what a loss does on a device that
 * reads the host's slots. */
void slots_value(struct slots *s, double value, bool add);

#endif
