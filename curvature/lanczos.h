/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Extreme eigenvalues of a symmetric operator. */
#ifndef BASIN_LANCZOS_H
#define BASIN_LANCZOS_H

#include <stdbool.h>

#include "curvature/curvature.h"

enum {
	LANCZOS_TOP = 50,        /* eigenvalues that are asked for at most */
	LANCZOS_ROOM = 8,        /* vectors that the basis has beyond them at least */
};

struct lanczos_options {
	size_t top;            /* K ≤ LANCZOS_TOP: the largest; as many as there are where n is less */
	size_t basis;          /* vectors that are kept at most, and K + LANCZOS_ROOM at least; restarted beyond (Wu & Simon 2000);
	                        * 0: 2K + 20. No more than n, where the result is exact but for rounding */
	size_t products;       /* made at most; 0: 100 + 40K */
	double tolerance;      /* of an eigenvalue's residual, as a share of the largest magnitude; 10⁻⁶ at least, which is float's */
	struct rng_key key;    /* of the starts, STREAM_PROBE: start r has the step start + (r + 1)·2³², */
	uint64_t start;        /* below 2³², so that no start is a probe of trace.h */
};

struct lanczos {
	size_t n;                             /* eigenvalues found: K, or fewer where the operator is smaller or products are too few */
	double value[LANCZOS_TOP];            /* descending, with */
	double error[LANCZOS_TOP];            /* bounds: the residual's norm, |βs| (Parlett 1998, §4.5, §13.2), and rounding */
	double least, least_error;            /* the smallest; NaN of none */
	size_t products;
	bool converged;                       /* all n residuals are within the tolerance (the smallest's is not asked for), and a
	                                       * further start in what is orthogonal to them found none that is larger */
};

/* Lanczos with full reorthogonalisation (Lanczos 1950; Parlett 1998, §13): float vectors, sums and coefficients in double, and
 * thick restarts (Wu & Simon 2000, algorithm 1). From one start each multiple eigenvalue is found once: so an invariant subspace
 * (β = 0) is left by a fresh start orthogonal to it, and a result is taken only once a fresh start in its orthogonal complement
 * has met nothing above it, in steps enough that one would have been missed with a probability of less than 10⁻³ (Kuczyński &
 * Woźniakowski 1992, theorem 4.2). Errors: the operator's, at once; ERR_MEMORY, before any product; ERR_INPUT where a product is
 * not finite. */
status lanczos_run(struct curvature *c, const struct lanczos_options *l, struct lanczos *out);

#endif
