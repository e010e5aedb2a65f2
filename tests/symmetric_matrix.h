/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A symmetric matrix in double as an operator, whose eigenvalues are known: what the tests of curvature/ are made on. */
#ifndef BASIN_TESTS_SYMMETRIC_MATRIX_H
#define BASIN_TESTS_SYMMETRIC_MATRIX_H

#include <stdbool.h>

#include "curvature/curvature.h"

struct symmetric {
	struct curvature base;
	double *a;             /* (n, n); or (n), the diagonal */
	bool diagonal;
	double *value;         /* (n), descending */
	size_t made;           /* products asked for */
	size_t interrupt;      /* the product, from 1, that is interrupted; 0: none */
	size_t infinite;       /* the product whose last element is infinite; 0: none */
};

/* diag(values), or with `turned` the same in random directions: four reflections. */
void symmetric_of(struct symmetric *m, size_t n, const double *values, bool turned, uint32_t seed);

/* (G + Gᵀ)/√(2n) of a G of normals, whose eigenvalues, here GSL's, have Wigner's semicircle of radius 2 for their density as n
 * grows. */
void symmetric_wigner(struct symmetric *m, size_t n, uint32_t seed);

void symmetric_free(struct symmetric *m);

#endif
