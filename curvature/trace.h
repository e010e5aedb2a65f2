/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Traces by random probes. */
#ifndef BASIN_TRACE_H
#define BASIN_TRACE_H

#include "curvature/curvature.h"

struct estimate {
	double value;
	double se;            /* standard error of the probes' mean; NaN of one probe */
};

/* The mean of n values, `stride` apart, and √(Σ(x − x̄)²/(n − 1)/n). */
struct estimate estimate_of(const double *x, size_t stride, size_t n);

struct trace {
	struct estimate whole;
	struct estimate *part;     /* (parts), or NULL */
};

/* tr H = E zᵀHz, z of independent signs (Hutchinson 1990), over so many probes from number `first` on (steps of STREAM_PROBE); of
 * n ≤ probes the exact trace is taken by unit vectors instead, and its error is 0. One probe's variance is 2(‖H‖_F² − Σ Hᵢᵢ²).
 * parts: (n) the part that each element belongs to, from 0 to n_parts − 1, whose block's trace is estimated from the same
 * products; NULL: none. out->part has room for them, and is the caller's. Errors: the operator's, at once; ERR_USAGE (no probes),
 * ERR_MEMORY, ERR_INPUT where a product is not finite. */
status trace_run(struct curvature *c, struct rng_key key, uint64_t first, size_t probes, const int *parts, int n_parts,
                 struct trace *out);

#endif
