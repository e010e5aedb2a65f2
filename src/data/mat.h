/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* MATLAB's level 5 files (`save -v6` and `-v7`, "MAT-File Format", MathWorks): their numeric arrays. */
#ifndef BASIN_MAT_H
#define BASIN_MAT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "src/arena.h"
#include "src/text.h"

enum { MAT_DIMS = 4 };

/* Classes, as MATLAB numbers them; the integers lie in between, narrow to wide, signed first. */
enum mat_class { MAT_DOUBLE = 6, MAT_SINGLE = 7, MAT_INT8 = 8, MAT_UINT8 = 9, MAT_UINT64 = 15 };

struct mat_array {
	const char *name;        /* the one to look for */
	bool found;              /* what follows is set where it is */
	int class;
	bool complex;
	int ndim;                /* may exceed MAT_DIMS; the first ones are kept */
	size_t dim[MAT_DIMS];
	size_t count;            /* elements; 0 where they are not read: more dimensions, complex, or no numbers */
	int type;                /* how they are stored, which may be narrower than the class */
	bool swapped;            /* big-endian */
	uint8_t *data;           /* count of them, column-major, in the arena */
};

/* Reads the members of these names. Every element of the file is followed to its end, and compressed ones to their checksum.
 * Errors: ERR_INPUT naming file and member or byte (damaged, truncated, another format, the same name twice), ERR_MEMORY. */
status mat_read(const char *path, struct arena *a, struct mat_array *wanted, size_t n);

/* Element i, whatever its type; integers beyond 2⁵³ are rounded. */
double mat_number(const struct mat_array *v, size_t i);

/* Whether the data are unsigned bytes as they lie. */
bool mat_is_bytes(const struct mat_array *v);

/* In MATLAB's words: "32×32×3×5 uint8 array". */
struct text mat_words(const struct mat_array *v);

/* Writes the start of a file, and a uint8 array of at most MAT_DIMS dimensions. What the stream refuses stays in its error
 * flag. Errors: ERR_USAGE (4 GiB or more). */
void mat_write_start(FILE *to);
status mat_write_bytes(FILE *to, const char *name, int ndim, const size_t *dim, const uint8_t *data);

#endif
