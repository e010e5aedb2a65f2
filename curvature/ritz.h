/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The small problem: eigenvalues of a symmetric matrix of a few hundred rows, by GSL. */
#ifndef BASIN_RITZ_H
#define BASIN_RITZ_H

#include "src/arena.h"

struct ritz {
	size_t room;           /* rows at most; the stride of vector */
	double *value;         /* (n) descending, and */
	double *vector;        /* (n, room): column i is value i's eigenvector, of norm 1 */
	double *work;
};

/* Errors: ERR_MEMORY. */
status ritz_open(struct ritz *r, size_t room, struct arena *a);

/* Of rows and columns from … from + n − 1 of h, whose stride is `room`; its upper triangle is read. 1 ≤ n ≤ room. */
void ritz_solve(struct ritz *r, const double *h, size_t from, size_t n);

#endif
