/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* NumPy's .npy files (format versions 1, 2 and 3): little-endian arrays of numbers in C order. */
#ifndef BASIN_NPY_H
#define BASIN_NPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "src/arena.h"

enum { NPY_DIMS = 8 };

enum npy_type {
	NPY_U1, NPY_U2, NPY_U4, NPY_U8,
	NPY_I1, NPY_I2, NPY_I4, NPY_I8,
	NPY_F2, NPY_F4, NPY_F8,
	NPY_TYPES
};

struct npy {
	enum npy_type type;
	int ndim;
	int64_t shape[NPY_DIMS];
	size_t count;             /* elements: the product of shape; 1 for ndim 0 */
	const void *data;         /* count elements, 64-byte aligned, in the arena */
};

/* Bytes of an element, and "u1", "f4" … */
size_t npy_size(enum npy_type t);
const char *npy_name(enum npy_type t);
bool npy_is_integer(enum npy_type t);

/* Reads a whole file; bool arrays (b1) come as u1. The header is checked against the file's size before anything is
 * taken. Errors: ERR_INPUT (not .npy, truncated, too long, big-endian, Fortran order, another dtype), ERR_MEMORY. */
status npy_read(const char *path, struct arena *a, struct npy *out);

/* All elements as float or double; i8 and u8 beyond 2⁵³ (2²⁴ for float) are rounded. `to` holds n->count. */
void npy_float(const struct npy *n, float *to);
void npy_double(const struct npy *n, double *to);

/* Element i of an integer array; u8 values above INT64_MAX come as INT64_MAX. */
int64_t npy_integer(const struct npy *n, size_t i);

/* Writes a version 1 array to a stream. A failed write leaves the stream's error flag. */
void npy_put(FILE *to, enum npy_type type, int ndim, const int64_t *shape, const void *data);

/* Writes a version 1 file, in the place of another where one is there. Errors: ERR_IO, ERR_MEMORY; output_open's. */
status npy_write(const char *path, enum npy_type type, int ndim, const int64_t *shape, const void *data);

/* Writes a version 1 header; the elements follow. For arrays that are written piece by piece. Errors: ERR_IO. */
status npy_header(FILE *to, enum npy_type type, int ndim, const int64_t *shape);

#endif
