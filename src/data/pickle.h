/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Python pickles that hold plain data: dicts, lists, numbers, strings and uint8 arrays of NumPy. Pickle is a program for a
 * small stack machine that can call anything; this reader knows the opcodes that build plain data and refuses the rest. */
#ifndef BASIN_PICKLE_H
#define BASIN_PICKLE_H

#include <stddef.h>
#include <stdint.h>

#include "src/arena.h"

enum pickle_kind {
	PICKLE_NONE, PICKLE_BOOL, PICKLE_INTEGER, PICKLE_TEXT, PICKLE_LIST, PICKLE_TUPLE, PICKLE_DICT, PICKLE_ARRAY,
	PICKLE_DTYPE, PICKLE_GLOBAL
};

enum { PICKLE_DIMS = 4 };

struct pickle_value {
	enum pickle_kind kind;
	int64_t integer;                 /* bool, integer, global */
	const uint8_t *bytes;            /* str or bytes; an array's elements, C order. They lie in the pickle's own memory */
	size_t size;                     /* bytes */
	struct pickle_value **item;      /* list, tuple; dict: key, value, key, value … */
	size_t n, capacity;              /* items */
	int ndim;                        /* array */
	size_t shape[PICKLE_DIMS];
	struct pickle_value *latin1;     /* str: the bytes that it stands for, once they have been asked for */
};

/* Parses a pickle of protocol 2, 3, 4 or 5. `name` stands in messages. The result lives in the arena and points into data;
 * beside the texts' Latin-1, no longer than the file, it takes 130 MB at most, however long that is.
 * Errors: ERR_INPUT naming the opcode, global or length and its place; ERR_MEMORY. */
status pickle_parse(const char *name, const uint8_t *data, size_t size, struct arena *a, const struct pickle_value **out);

/* A dict's value of that key, or NULL. */
const struct pickle_value *pickle_get(const struct pickle_value *dict, const char *key);

#endif
