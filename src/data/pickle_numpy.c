/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/data/pickle_numpy.h"

#include <string.h>

enum { RECONSTRUCT, NDARRAY, DTYPE, ENCODE };

static const struct {
	const char *module, *word;
	int which;
} globals[] = {
	{"numpy.core.multiarray", "_reconstruct", RECONSTRUCT},
	{"numpy._core.multiarray", "_reconstruct", RECONSTRUCT},
	{"numpy", "ndarray", NDARRAY},
	{"numpy", "dtype", DTYPE},
	{"_codecs", "encode", ENCODE},
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

/* Python 3 writes bytes in protocol 2 as the text whose Latin-1 encoding they are; the pickle has that text in UTF-8. */
static status latin1(const char *name, const struct pickle_value *text, struct arena *a, struct pickle_value *out)
{
	uint8_t *to;
	TRY(arena_take(a, text->size + 1, 1, &to));
	out->kind = PICKLE_TEXT;
	out->bytes = to;
	for (size_t i = 0; i < text->size; i++) {
		uint8_t b = text->bytes[i];
		if (b >= 0x80) {
			if ((b != 0xc2 && b != 0xc3) || i + 1 == text->size || (text->bytes[i + 1] & 0xc0) != 0x80)
				return fail(ERR_INPUT, "%s: malformed pickle: bytes written as text have a character beyond U+00FF",
				            name);
			b = (uint8_t)((b & 3) << 6 | (text->bytes[++i] & 0x3f));
		}
		to[out->size++] = b;
	}
	return OK;
}

status pickle_construct(const char *name, const struct pickle_value *global, const struct pickle_value *arguments,
                        struct arena *a, struct pickle_value **out)
{
	struct pickle_value *v, **arg = arguments->item;
	size_t n = arguments->n;
	TRY(ARENA_NEW(a, 1, &v));
	*out = v;
	if (global->integer == RECONSTRUCT && n == 3 && arg[0]->kind == PICKLE_GLOBAL && arg[0]->integer == NDARRAY) {
		v->kind = PICKLE_ARRAY;
		return OK;
	}
	if (global->integer == DTYPE && n >= 1 && arg[0]->kind == PICKLE_TEXT) {
		if (!same(arg[0]->bytes, arg[0]->size, "u1"))
			return fail(ERR_INPUT, "%s: an array of dtype %.*s; uint8 (u1) was expected", name,
			            (int)(arg[0]->size < 32 ? arg[0]->size : 32), arg[0]->bytes);
		v->kind = PICKLE_DTYPE;
		return OK;
	}
	if (global->integer == ENCODE && n == 2 && arg[0]->kind == PICKLE_TEXT && arg[1]->kind == PICKLE_TEXT &&
	    same(arg[1]->bytes, arg[1]->size, "latin1"))
		return latin1(name, arg[0], a, v);
	return fail(ERR_INPUT, "%s: malformed pickle: a NumPy object is not made the way NumPy writes it", name);
}

status pickle_set_state(const char *name, struct pickle_value *object, const struct pickle_value *state)
{
	size_t count = 1;
	if (object->kind == PICKLE_DTYPE && state->kind == PICKLE_TUPLE)
		return OK;
	/* (version, shape, dtype, Fortran order, bytes) */
	struct pickle_value **s = state->item;
	if (object->kind != PICKLE_ARRAY || state->kind != PICKLE_TUPLE || state->n != 5 || s[1]->kind != PICKLE_TUPLE ||
	    s[2]->kind != PICKLE_DTYPE || (s[3]->kind != PICKLE_BOOL && s[3]->kind != PICKLE_INTEGER) ||
	    s[4]->kind != PICKLE_TEXT)
		return fail(ERR_INPUT, "%s: malformed pickle: an array's state is not what NumPy writes for uint8 arrays", name);
	if (s[1]->n > PICKLE_DIMS)
		return fail(ERR_INPUT, "%s: an array of %zu dimensions; at most %d are read", name, s[1]->n, PICKLE_DIMS);
	if (s[3]->integer && s[1]->n > 1)
		return fail(ERR_INPUT, "%s: an array in Fortran order; C order was expected", name);
	object->ndim = (int)s[1]->n;
	for (size_t d = 0; d < s[1]->n; d++) {
		const struct pickle_value *size = s[1]->item[d];
		if (size->kind != PICKLE_INTEGER || size->integer < 0 ||
		    __builtin_mul_overflow(count, (size_t)size->integer, &count))
			return fail(ERR_INPUT, "%s: malformed pickle: an array's shape is not a tuple of sizes", name);
		object->shape[d] = (size_t)size->integer;
	}
	if (count != s[4]->size)
		return fail(ERR_INPUT, "%s: an array of %zu bytes by its shape holds %zu", name, count, s[4]->size);
	object->bytes = s[4]->bytes;
	object->size = count;
	return OK;
}
