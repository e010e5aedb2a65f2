/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A mixture's sums while members are added to them on a device: the host has them when it asks, and waits for the device no more often
 * than that. */
#ifndef BASIN_TALLIED_H
#define BASIN_TALLIED_H

#include "predict/mixture.h"
#include "src/backend.h"

struct tallied {
	struct device *device;       /* NULL: the mixture is added to on the host */
	struct mixture *mixture;
	struct tally sums;           /* device: all but what is a batch's own */
	double *all;                 /* device: the sums, one behind the other */
	const void *label;           /* device: resident */
};

/* Makes room on the device for an empty mixture of logits, and for a member's probabilities where they are wanted. The mixture is kept;
 * close it whether that worked or not. Errors: ERR_MEMORY, ERR_LIBRARY. */
status tallied_open(struct device *d, struct mixture *m, bool probs, struct tallied *out);
size_t tallied_bytes(const struct mixture *m, bool probs);
/* A zeroed one is fine. */
void tallied_close(struct tallied *t);

/* To the mixture on the host: all sums; those that mixture_part_nll reads; and that mixture_last_nll reads, each example's
 * log-likelihood by the last member. And a member's probabilities (n, c). Errors: ERR_LIBRARY. */
status tallied_get(const struct tallied *t);
status tallied_get_part(const struct tallied *t);
status tallied_get_last(const struct tallied *t);
status tallied_get_probs(const struct tallied *t, float *probs);

/* The first member that had logits which are not finite, from 0, and its first such example; *found: whether there is one.
 * Errors: ERR_MEMORY, ERR_LIBRARY. */
status tallied_bad(const struct tallied *t, bool *found, size_t *member, size_t *example);

#endif
