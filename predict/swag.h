/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A Gaussian fitted to snapshots, and draws from it: SWAG (Maddox et al., A Simple Baseline for Bayesian Uncertainty in Deep
 * Learning, NeurIPS 2019, arXiv 1902.02476). With θ₁, θ₂, … in the order in which they are added and m̄ the mean so far,
 *
 *   m̄ = (1/n) Σ θᵢ,   v = (1/n) Σ θᵢ∘θᵢ − m̄∘m̄,   D: the last K columns θᵢ − m̄, m̄ then with θᵢ in it,
 *   θ̃ = m̄ + √s · [√v ∘ ξ₁ + D ξ₂ / √(K − 1)],   ξ₁ ∈ R^d and ξ₂ ∈ R^K standard normal,
 *
 * whose mean is m̄ and whose covariance is s · (diag(v) + D Dᵀ/(K − 1)). K is fixed: columns that were not collected are 0.
 * K = 0 leaves the second term out. s = 1/2 is the paper's SWAG, s = 1 with K = 0 its diagonal one, and s = 0 SWA.
 *
 * v is summed up around the mean (Welford), so that it is not what two large numbers leave, and is exactly 0 for what never
 * moved, which then stays where it is to the bit. Elsewhere it is at least 1e-30, as in the authors' code. */
#ifndef BASIN_SWAG_H
#define BASIN_SWAG_H

#include <stdbool.h>
#include <stddef.h>

#include "src/err.h"
#include "src/rng.h"

/* K + 4 floats of memory a parameter. */
struct swag {
	size_t d, rank;       /* parameters; K */
	size_t n;             /* snapshots so far */
	double *sum;          /* (d): Σ θᵢ */
	double *square;       /* (d): Σ (θᵢ − m̄)∘(θᵢ − m̄) */
	float *deviation;     /* (K, d): column of the i-th snapshot, from 0, in row i mod K */
};

/* An empty fit of d ≥ 1 parameters; rank: K, 0 or at least 2. Errors: ERR_USAGE, ERR_MEMORY; *out is then empty. */
status swag_open(size_t d, size_t rank, struct swag *out);
void swag_close(struct swag *s);

/* Adds a snapshot: (d), memory order. */
void swag_add(struct swag *s, const float *theta);

struct swag_request {
	struct rng_key key;
	uint64_t number;      /* of the draw: the step of its noise */
	double scale;         /* s ≥ 0 */
	bool narrow;          /* for a type of half the size: the floats are rounded to odd, so that rounding them again to that type
	                       * gives what the draw itself would be rounded to (Boldo and Melquiond 2008) */
};

/* A draw of a fit of one snapshot or more: (d), memory order. A function of the fit and the request alone. */
void swag_draw(const struct swag *s, const struct swag_request *r, float *out);

#endif
