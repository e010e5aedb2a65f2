/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Slots: the small table of numbers that a step's verbs read and write, where the device can reach it. Coefficients go
 * in before a step, losses and sums come out; verbs name them by index, so a recorded step replays without the host.
 *
 * Each slot has one owner. The device's are written by verbs (losses, sums, scalar results): slots_fetch brings them to the
 * host's copy, slots_send leaves them alone, and slots_set alone, at opening, on resuming, or where a potential computes on
 * the host, puts the host's copy of them in their place. The host's, and step and key, are what it sets before a step:
 * slots_send takes them to the device. On a device that reads the host's copy all three do nothing. */
#ifndef BASIN_SLOTS_H
#define BASIN_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/err.h"
#include "src/rng.h"

enum slot {
	SLOT_NONE,            /* as a coefficient, scale or row: 0, and the term costs nothing; a zeroed struct names it */

	/* The device's. */
	SLOT_NLL,             /* mean of ℓᵢ over the last batch, nats per example */
	SLOT_NLL_TOTAL,       /* running sums over every example of every counted batch: Σ ℓᵢ, with its class's factor, */
	SLOT_CORRECT_TOTAL,   /* right answers (classification; else 0), */
	SLOT_SEEN_TOTAL,      /* examples */
	SLOT_BAD,             /* sticky: 1 + the step whose counted loss was not finite, or 0 */
	SLOT_GOOD_NLL,        /* the last finite SLOT_NLL of those that count */
	SLOT_NORM,            /* first of those for Σ x² of what is about to be kept, to see that it is finite */
	SLOT_RESULT = 13,     /* first of those that hold a sum or a scalar result within one step, and no longer */
	SLOT_SCALAR = 25,     /* first of the sampler's scalars, which last from step to step: a thermostat */

	/* The host's. */
	SLOT_FIRST = 41,      /* the batch's first row, a whole number below 2⁵³ */
	SLOT_FIRST_1,         /* the first row of a step's further batch, where it has one */
	SLOT_PRIOR,           /* 1/√(Nδ), the deviation of a prior of factor 1 at T = 1; kinds other than gaussian need it */
	SLOT_SAMPLER,         /* first of the sampler's coefficients */
	SLOTS = 78
};

enum {
	SLOT_NORMS = SLOT_RESULT - SLOT_NORM,       /* 6 */
	SLOT_RESULTS = SLOT_SCALAR - SLOT_RESULT,   /* 12 */
	SLOT_SCALARS = SLOT_FIRST - SLOT_SCALAR,    /* 16 */
	SLOT_COEFS = SLOTS - SLOT_SAMPLER           /* 34 */
};

struct slots {
	double value[SLOTS];  /* the host's copy */
	uint64_t step;        /* k of every noise counter of this step: updates done before it */
	struct rng_key key;   /* seed and chain */
	void *device;         /* the backend's copy; NULL where the device reads the host's */
};

/* Whether a verb may write to it: what every backend asks first. Errors: ERR_USAGE where the slot is not the device's. */
status slot_writable(int slot);

/* Whether a coefficient may be other than 0, as far as the host knows: it is not SLOT_NONE, nor one of the host's that is 0. */
bool slot_may_count(const struct slots *s, int slot);

/* The row that a batch begins with: value[row] + offset, where `row` is SLOT_FIRST or SLOT_FIRST_1, or SLOT_NONE for 0. */
static inline size_t slots_row(const struct slots *s, int row, size_t offset)
{
	return (row == SLOT_NONE ? 0 : (size_t)s->value[row]) + offset;
}

/* What a slot is called in checkpoints: "nll"; NULL for those that are not kept, or not under a name of their own. */
const char *slots_name(int slot);

/* Sets SLOT_NLL, or adds to it: what a loss does on a device that reads the host's slots. Where it counts, as a step's first
 * gradient does, SLOT_GOOD_NLL and SLOT_BAD follow from what comes out; a proposal that is only looked at may have any value. */
void slots_value(struct slots *s, double value, bool add, bool count);

#endif
