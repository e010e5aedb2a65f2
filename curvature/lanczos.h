/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Extreme eigenvalues of a symmetric operator. */
#ifndef BASIN_LANCZOS_H
#define BASIN_LANCZOS_H

#include <stdbool.h>

#include "curvature/curvature.h"
#include "src/rng.h"

enum { LANCZOS_TOP = 50 };  /* eigenvalues that are asked for at most */

struct lanczos_options {
	size_t top;            /* K ≤ LANCZOS_TOP, n: the largest */
	size_t basis;          /* vectors that are kept at most, > K; restarted beyond (Wu & Simon 2000); 0: what K asks for */
	size_t products;       /* made at most */
	double tolerance;      /* of an eigenvalue's error bound, as a share of the largest magnitude */
	struct rng_key key;    /* of the start, STREAM_PROBE */
	uint64_t start;        /* its number: a start's step in the stream */
};

struct lanczos {
	size_t n;                             /* eigenvalues found: K, or fewer where the operator is smaller */
	double value[LANCZOS_TOP];            /* descending, with */
	double error[LANCZOS_TOP];            /* bounds: |βs|, the norm of the residual (Parlett 1998, §4.5) */
	double least, least_error;            /* the smallest */
	size_t products;
	bool converged;                       /* all n bounds are within the tolerance (the smallest's is not asked for) */
};

/* Lanczos with full reorthogonalisation (Lanczos 1950; Parlett 1998, §13): float vectors, sums and coefficients in double. An
 * invariant subspace (β = 0) is left by a fresh start orthogonal to it, so that multiple eigenvalues are found as often as they are
 * there where n allows. Errors: the operator's, ERR_MEMORY, ERR_INPUT where a product is not finite. */
status lanczos_run(struct curvature *c, const struct lanczos_options *l, struct lanczos *out);

#endif
