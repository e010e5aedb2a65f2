/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/data/pickle_numpy.h"

#include <stdbool.h>
#include <string.h>

enum { RECONSTRUCT, NDARRAY, DTYPE, ENCODE, FROMBUFFER };

static const struct {
	const char *module, *word;
	int which;
} globals[] = {
	{"numpy.core.multiarray", "_reconstruct", RECONSTRUCT},
	{"numpy._core.multiarray", "_reconstruct", RECONSTRUCT},
	{"numpy", "ndarray", NDARRAY},
	{"numpy", "dtype", DTYPE},
	{"_codecs", "encode", ENCODE},
	{"numpy.core.numeric", "_frombuffer", FROMBUFFER},   /* protocol 5 */
	{"numpy._core.numeric", "_frombuffer", FROMBUFFER},
};

static int same(const uint8_t *bytes, size_t size, const char *word)
{
	return size == strlen(word) && !memcmp(bytes, word, size);
}

int pickle_global(const uint8_t *module, size_t module_size, const uint8_t *word, size_t word_size)
{
	for (size_t i = 0; i < sizeof globals / sizeof *globals; i++)
		if (same(module, module_size, globals[i].module) && same(word, word_size, globals[i].word))
			return globals[i].which;
	return -1;
}

/* Python 3 writes bytes in protocol 2 as the text whose Latin-1 encoding they are; the pickle has that text in UTF-8. The
 * result is kept, so that a text which is asked for again and again, or in turn, takes its memory once. */
static status latin1(const char *name, struct pickle_value *text, struct arena *a, struct pickle_value **out)
{
	struct pickle_value *v;
	uint8_t *to;
	*out = text->latin1;
	if (*out)
		return OK;
	TRY(arena_take(a, text->size + 1, 1, &to));
	TRY(ARENA_NEW(a, 1, &v));
	v->kind = PICKLE_TEXT;
	v->bytes = to;
	v->latin1 = v;
	for (size_t i = 0; i < text->size; i++) {
		uint8_t b = text->bytes[i];
		if (b >= 0x80) {
			if ((b != 0xc2 && b != 0xc3) || i + 1 == text->size || (text->bytes[i + 1] & 0xc0) != 0x80)
				return fail(ERR_INPUT, "%s: malformed pickle: bytes written as text have a character beyond U+00FF",
				            name);
			b = (uint8_t)((b & 3) << 6 | (text->bytes[++i] & 0x3f));
		}
		to[v->size++] = b;
	}
	*out = text->latin1 = v;
	return OK;
}

/* Gives an array its shape and bytes. */
static status set_array(const char *name, struct pickle_value *object, const struct pickle_value *shape, bool fortran,
                        const struct pickle_value *bytes)
{
	size_t count = 1;
	if (shape->n > PICKLE_DIMS)
		return fail(ERR_INPUT, "%s: an array of %zu dimensions; at most %d are read", name, shape->n, PICKLE_DIMS);
	if (fortran && shape->n > 1)
		return fail(ERR_INPUT, "%s: an array in Fortran order; C order was expected", name);
	object->ndim = (int)shape->n;
	for (size_t d = 0; d < shape->n; d++) {
		const struct pickle_value *size = shape->item[d];
		if (size->kind != PICKLE_INTEGER || size->integer < 0 ||
		    __builtin_mul_overflow(count, (size_t)size->integer, &count))
			return fail(ERR_INPUT, "%s: malformed pickle: an array's shape is not a tuple of sizes", name);
		object->shape[d] = (size_t)size->integer;
	}
	if (count != bytes->size)
		return fail(ERR_INPUT, "%s: an array of %zu bytes by its shape holds %zu", name, count, bytes->size);
	object->bytes = bytes->bytes;
	object->size = count;
	return OK;
}

status pickle_construct(const char *name, const struct pickle_value *global, const struct pickle_value *arguments,
                        struct arena *a, struct pickle_value **out)
{
	struct pickle_value *v, **arg = arguments->item;
	size_t n = arguments->n;
	if (global->integer == ENCODE && n == 2 && arg[0]->kind == PICKLE_TEXT && arg[1]->kind == PICKLE_TEXT &&
	    same(arg[1]->bytes, arg[1]->size, "latin1"))
		return latin1(name, arg[0], a, out);
	TRY(ARENA_NEW(a, 1, &v));
	*out = v;
	if (global->integer == RECONSTRUCT && n == 3 && arg[0]->kind == PICKLE_GLOBAL && arg[0]->integer == NDARRAY) {
		v->kind = PICKLE_ARRAY;
		return OK;
	}
	/* (bytes, dtype, shape, order) */
	if (global->integer == FROMBUFFER && n == 4 && arg[0]->kind == PICKLE_TEXT && arg[1]->kind == PICKLE_DTYPE &&
	    arg[2]->kind == PICKLE_TUPLE && arg[3]->kind == PICKLE_TEXT) {
		v->kind = PICKLE_ARRAY;
		return set_array(name, v, arg[2], !same(arg[3]->bytes, arg[3]->size, "C"), arg[0]);
	}
	if (global->integer == DTYPE && n >= 1 && arg[0]->kind == PICKLE_TEXT) {
		if (!same(arg[0]->bytes, arg[0]->size, "u1"))
			return fail(ERR_INPUT, "%s: an array of dtype %.*s; uint8 (u1) was expected", name,
			            (int)(arg[0]->size < 32 ? arg[0]->size : 32), arg[0]->bytes);
		v->kind = PICKLE_DTYPE;
		return OK;
	}
	return fail(ERR_INPUT, "%s: malformed pickle: a NumPy object is not made the way NumPy writes it", name);
}

status pickle_set_state(const char *name, struct pickle_value *object, const struct pickle_value *state)
{
	if (object->kind == PICKLE_DTYPE && state->kind == PICKLE_TUPLE)
		return OK;
	/* (version, shape, dtype, Fortran order, bytes) */
	struct pickle_value **s = state->item;
	if (object->kind != PICKLE_ARRAY || state->kind != PICKLE_TUPLE || state->n != 5 || s[1]->kind != PICKLE_TUPLE ||
	    s[2]->kind != PICKLE_DTYPE || (s[3]->kind != PICKLE_BOOL && s[3]->kind != PICKLE_INTEGER) ||
	    s[4]->kind != PICKLE_TEXT)
		return fail(ERR_INPUT, "%s: malformed pickle: an array's state is not what NumPy writes for uint8 arrays", name);
	return set_array(name, object, s[1], s[3]->integer != 0, s[4]);
}
