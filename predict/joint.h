/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* How probable an ensemble holds several examples at once: members that disagree lower one example's probability no more than
 * members who are all unsure, but of many examples they know together (Osband et al. 2022, "The Neural Testbed"). With members s,
 * the joint NLL of a batch of τ examples is −log (1/S) Σ_s Π_i p_s(y_i): nats a batch.
 *
 * Batches are dyadic (Osband et al. 2022, "Evaluating high-order predictive distributions in deep learning"): two examples are drawn,
 * and each of the τ is one of the two, by a fair coin. Of τ different examples an ensemble would have to be very large for its
 * members' products to be told from the product of its means. */
#ifndef BASIN_JOINT_H
#define BASIN_JOINT_H

#include <stdint.h>

#include "src/arena.h"

enum { JOINT_TAU = 10, JOINT_SEED = 0, JOINT_LEAST = 1000 };

/* 24 bytes a batch. Batches are drawn beforehand, so that nothing is kept of a member. */
struct joint {
	size_t n, members;           /* members added so far */
	size_t batches;              /* as many as pair all examples with each other twice, or more often, up to JOINT_LEAST; 0 where
	                              * there is but one example */
	uint32_t *pair;              /* (batches, 2): examples */
	uint8_t *first;              /* (batches): how many of the τ are the first of the two */
	double *log_sum;             /* (batches): log Σ_s Π p_s */
};

/* Draws batches of n examples (n < 2³²) by JOINT_SEED: the same for every ensemble. Errors: ERR_MEMORY. */
status joint_open(struct arena *a, size_t n, struct joint *out);

/* Adds a member, by its log-likelihoods of the examples (n): nats, −∞ for probability 0. */
void joint_add(struct joint *j, const double *log_lik);

/* The mean over batches; NaN without members or batches, ∞ where a batch has probability 0 of all members. Its standard error
 * counts the pairs of one pairing alone as independent, n/2 of them, and so is a little too large. */
void joint_nll(const struct joint *j, double *nll, double *se);

#endif
