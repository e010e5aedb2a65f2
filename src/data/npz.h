/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* NumPy's .npz files: zip archives that hold one .npy file (npy.h) an array. */
#ifndef BASIN_NPZ_H
#define BASIN_NPZ_H

#include "src/data/npy.h"

struct npz_array {
	const char *name;         /* without ".npy" */
	enum npy_type type;
	int ndim;                 /* 0: a scalar */
	const int64_t *shape;     /* (ndim) */
	const void *data;         /* in C order */
};

/* Writes an archive of n ≥ 1 arrays with different names to a stream, in their order, stored and not compressed. No time
 * of day goes into it: the same arrays give the same bytes. A failed write leaves the stream's error flag.
 * Errors: ERR_LIBRARY, naming the array; ERR_MEMORY (the archive is put together in memory). */
status npz_write(FILE *to, const struct npz_array *array, size_t n);

#endif
