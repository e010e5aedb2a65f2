/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What the kernels of small matrix products and their callers (product.h) agree on. */
#ifndef BASIN_CPU_PRODUCT_KERNELS_H
#define BASIN_CPU_PRODUCT_KERNELS_H

#include <stdbool.h>
#include <stddef.h>

enum { PRODUCT_PITCH = 16 };   /* rows of a turned matrix start at multiples of it: the widest vector */

/* C (m, n) = A (m, k) · B (k, n), all float32: element (i, j) of A at a[i·a_row + j·a_column], row j of B at b + j·b_row, that of C at
 * c + i·n. Every element of C is one sum over k in order, from its bias on: its bits depend on no other size. */
struct product_kernel {
	size_t m, n, k;
	const float *a, *b, *bias;     /* bias (n), or NULL for zeros */
	size_t a_row, a_column, b_row;
	float *c;
	bool padded;                   /* whole vectors of B may be read up to the end of its rows */
	bool add;                      /* to what C holds */
};

/* (rows, columns) to (columns, rows), its rows from_row and to_row numbers apart; bias (rows), or NULL, is added. `room` ≥ rows numbers
 * of each new row may be written: zeros up to the end of its last vector. */
struct turn_kernel {
	size_t rows, columns, from_row, to_row, room;
	const float *bias;
};

#endif
