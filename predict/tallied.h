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
	double *kept;                /* device: (kept_most, n), the log-likelihoods by each of the last members */
	size_t kept_most, n_kept;
};

/* Makes room on the device for an empty mixture of logits, for a member's probabilities where they are wanted, and for the
 * log-likelihoods by `keep` members (tallied_keeps; 0: they aren't wanted one by one). The mixture is kept; close it whether that
 * worked or not. Errors: ERR_MEMORY, ERR_LIBRARY. */
status tallied_open(struct device *d, struct mixture *m, bool probs, size_t keep, struct tallied *out);
size_t tallied_bytes(const struct mixture *m, bool probs, size_t keep);

/* How many of a mixture's members have their log-likelihoods kept at a time, so that the host waits for many at once: 16, or as many
 * as take 8 MiB, but no more than there are. */
size_t tallied_keeps(const struct mixture *m, size_t members);
/* Keeps those by the last member, for which nobody waits. And those that are kept to the host (n_kept, n), which are then no longer.
 * Errors: ERR_LIBRARY. */
status tallied_keep(struct tallied *t);
status tallied_get_kept(struct tallied *t, double *host);
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
