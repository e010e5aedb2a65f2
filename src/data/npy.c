/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The format: "\x93NUMPY", version, header length, a Python dict literal padded with spaces to a multiple of 64 bytes,
 * data. Source: numpy.lib.format (NEP 1). */
#include "src/data/npy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "src/data/input_file.h"
#include "src/files/output_file.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "arrays are read and written as they lie in memory: a little-endian machine is needed"
#endif

static const struct {
	const char *name;
	size_t size;
} types[NPY_TYPES] = {
	[NPY_U1] = {"u1", 1}, [NPY_U2] = {"u2", 2}, [NPY_U4] = {"u4", 4}, [NPY_U8] = {"u8", 8},
	[NPY_I1] = {"i1", 1}, [NPY_I2] = {"i2", 2}, [NPY_I4] = {"i4", 4}, [NPY_I8] = {"i8", 8},
	[NPY_F2] = {"f2", 2}, [NPY_F4] = {"f4", 4}, [NPY_F8] = {"f8", 8},
};

static const char magic[6] = {'\x93', 'N', 'U', 'M', 'P', 'Y'};

size_t npy_size(enum npy_type t)
{
	return types[t].size;
}

const char *npy_name(enum npy_type t)
{
	return types[t].name;
}

bool npy_is_integer(enum npy_type t)
{
	return t < NPY_F2;
}

/* ---- the header's dict literal ---- */

struct cursor {
	const char *path, *at;   /* `at` ends with a zero byte */
};

static bool next_is(struct cursor *c, char wanted)
{
	c->at += strspn(c->at, " \t\n");
	if (*c->at != wanted || !wanted)
		return false;
	c->at++;
	return true;
}

/* A quoted word without escapes into word[size]. */
static bool take_word(struct cursor *c, char *word, size_t size)
{
	c->at += strspn(c->at, " \t\n");
	char quote = *c->at;
	if (quote != '\'' && quote != '"')
		return false;
	const char *end = strchr(c->at + 1, quote);
	size_t length = end ? (size_t)(end - c->at - 1) : 0;
	if (!end || length >= size || memchr(c->at + 1, '\\', length))
		return false;
	memcpy(word, c->at + 1, length);
	word[length] = 0;
	c->at = end + 1;
	return true;
}

static status take_type(struct cursor *c, enum npy_type *type)
{
	char word[16];
	if (!take_word(c, word, sizeof word))
		return fail(ERR_INPUT, "%s: the header's 'descr' is not a plain number type; structured arrays are not read",
		            c->path);
	if (word[0] == '>' && word[1] && word[2] != '1')
		return fail(ERR_INPUT, "%s: big-endian array (%s); save it little-endian: x.astype('<%s')", c->path, word,
		            word + 1);
	/* Zeros and ones, and no image. */
	if (!strcmp(word, "|b1")) {
		*type = NPY_I1;
		return OK;
	}
	if (strchr("<|=>", word[0]) && word[0])
		for (int t = 0; t < NPY_TYPES; t++)
			if (!strcmp(word + 1, types[t].name)) {
				*type = (enum npy_type)t;
				return OK;
			}
	return fail(ERR_INPUT, "%s: dtype %s is not read; u1 to u8, i1 to i8, f2, f4, f8 and b1 are", c->path, word);
}

static status take_shape(struct cursor *c, struct npy *n)
{
	const char *bad = "%s: the header's 'shape' is not a tuple of sizes";
	n->ndim = 0;
	n->count = 1;
	if (!next_is(c, '('))
		return fail(ERR_INPUT, bad, c->path);
	while (!next_is(c, ')')) {
		int64_t size = 0;
		int digits = 0;
		for (; *c->at >= '0' && *c->at <= '9' && digits < 18; c->at++, digits++)
			size = size * 10 + (*c->at - '0');
		if (!digits || (*c->at >= '0' && *c->at <= '9'))
			return fail(ERR_INPUT, bad, c->path);
		if (n->ndim == NPY_DIMS)
			return fail(ERR_INPUT, "%s: more than %d dimensions", c->path, NPY_DIMS);
		n->shape[n->ndim++] = size;
		if (__builtin_mul_overflow(n->count, (size_t)size, &n->count))
			return fail(ERR_INPUT, "%s: the header's shape overflows", c->path);
		if (*c->at == 'L')   /* Python 2 wrote long integers so */
			c->at++;
		if (!next_is(c, ',') && *c->at != ')')
			return fail(ERR_INPUT, bad, c->path);
	}
	return OK;
}

static status take_header(struct cursor *c, struct npy *n)
{
	bool type = false, order = false, shape = false, fortran = false;
	bool good = next_is(c, '{');
	while (good && !next_is(c, '}')) {
		char key[32];
		if (!take_word(c, key, sizeof key) || !next_is(c, ':'))
			return fail(ERR_INPUT, "%s: the header is not a dict of 'descr', 'fortran_order' and 'shape'", c->path);
		if (!strcmp(key, "descr") && !type) {
			TRY(take_type(c, &n->type));
			type = true;
		} else if (!strcmp(key, "shape") && !shape) {
			TRY(take_shape(c, n));
			shape = true;
		} else if (!strcmp(key, "fortran_order") && !order) {
			c->at += strspn(c->at, " ");
			fortran = !strncmp(c->at, "True", 4);
			good = fortran || !strncmp(c->at, "False", 5);
			c->at += good ? (fortran ? 4 : 5) : 0;
			order = true;
		} else {
			return fail(ERR_INPUT, "%s: the header has an unexpected or repeated key '%s'", c->path, key);
		}
		if (!next_is(c, ',') && *c->at != '}')
			good = false;
	}
	if (!good || !type || !order || !shape)
		return fail(ERR_INPUT, "%s: the header is not a dict of 'descr', 'fortran_order' and 'shape'", c->path);
	if (fortran && n->ndim > 1)
		return fail(ERR_INPUT, "%s: Fortran order; save it in C order: numpy.ascontiguousarray(x)", c->path);
	return OK;
}

status npy_read(const char *path, struct arena *a, struct npy *out)
{
	uint8_t *file;
	char *header;
	size_t size, bytes;
	*out = (struct npy){0};
	TRY(input_read(path, a, &file, &size));
	if (size < 10 || memcmp(file, magic, sizeof magic))
		return fail(ERR_INPUT, "%s: not a .npy file: it does not begin with \\x93NUMPY and a header", path);
	int version = file[6];
	if (version < 1 || version > 3)
		return fail(ERR_INPUT, "%s: .npy format version %d; 1, 2 and 3 are read", path, version);
	size_t head = version == 1 ? 10 : 12;
	if (size < head)
		return fail(ERR_INPUT, "%s: truncated in its header", path);
	size_t length = (size_t)file[8] | (size_t)file[9] << 8;
	if (version > 1)
		length |= (size_t)file[10] << 16 | (size_t)file[11] << 24;
	if (length > size - head)
		return fail(ERR_INPUT, "%s: truncated: a header of %zu bytes is announced, %zu are left", path, length,
		            size - head);
	TRY(ARENA_NEW(a, length + 1, &header));
	memcpy(header, file + head, length);
	struct cursor c = {path, header};
	TRY(take_header(&c, out));
	c.at += strspn(c.at, " \t\n");
	if (c.at != header + length)
		return fail(ERR_INPUT, "%s: the header has something after its dict", path);
	size_t have = size - head - length;
	if (__builtin_mul_overflow(out->count, types[out->type].size, &bytes) || bytes != have)
		return fail(ERR_INPUT, "%s: holds %zu bytes of data; its header (%zu elements of %s) asks for %s%zu", path, have,
		            out->count, types[out->type].name, bytes > have ? "" : "only ", bytes);
	/* numpy pads headers so that data is aligned to 16 or 64 bytes, but a foreign writer need not. */
	out->data = file + head + length;
	if ((head + length) % 64)
		out->data = memmove(file, out->data, bytes);
	return OK;
}

/* ---- conversions ---- */

/* IEEE 754 binary16. */
static float half(uint16_t h)
{
	int exponent = h >> 10 & 31, fraction = h & 1023;
	float magnitude = exponent == 31 ? (fraction ? NAN : INFINITY) :
		exponent ? ldexpf((float)(1024 + fraction), exponent - 25) : ldexpf((float)fraction, -24);
	return h & 0x8000 ? -magnitude : magnitude;
}

#define CONVERT(target, to, n)                                                                                \
	do {                                                                                                  \
		switch ((n)->type) {                                                                          \
		case NPY_U1: CONVERT_FROM(uint8_t, target, to, n); break;                                     \
		case NPY_U2: CONVERT_FROM(uint16_t, target, to, n); break;                                    \
		case NPY_U4: CONVERT_FROM(uint32_t, target, to, n); break;                                    \
		case NPY_U8: CONVERT_FROM(uint64_t, target, to, n); break;                                    \
		case NPY_I1: CONVERT_FROM(int8_t, target, to, n); break;                                      \
		case NPY_I2: CONVERT_FROM(int16_t, target, to, n); break;                                     \
		case NPY_I4: CONVERT_FROM(int32_t, target, to, n); break;                                     \
		case NPY_I8: CONVERT_FROM(int64_t, target, to, n); break;                                     \
		case NPY_F4: CONVERT_FROM(float, target, to, n); break;                                       \
		case NPY_F8: CONVERT_FROM(double, target, to, n); break;                                      \
		case NPY_F2:                                                                                  \
			for (size_t i = 0; i < (n)->count; i++)                                               \
				(to)[i] = (target)half(((const uint16_t *)(n)->data)[i]);                     \
			break;                                                                                \
		case NPY_TYPES: break;                                                                        \
		}                                                                                             \
	} while (0)
#define CONVERT_FROM(type, target, to, n)                                                                     \
	for (size_t i = 0; i < (n)->count; i++)                                                               \
		(to)[i] = (target)((const type *)(n)->data)[i]

void npy_float(const struct npy *n, float *to)
{
	CONVERT(float, to, n);
}

void npy_double(const struct npy *n, double *to)
{
	CONVERT(double, to, n);
}

int64_t npy_integer(const struct npy *n, size_t i)
{
	const void *p = (const char *)n->data + i * types[n->type].size;
	switch (n->type) {
	case NPY_U1: return *(const uint8_t *)p;
	case NPY_U2: return *(const uint16_t *)p;
	case NPY_U4: return *(const uint32_t *)p;
	case NPY_U8: return *(const uint64_t *)p > INT64_MAX ? INT64_MAX : (int64_t)*(const uint64_t *)p;
	case NPY_I1: return *(const int8_t *)p;
	case NPY_I2: return *(const int16_t *)p;
	case NPY_I4: return *(const int32_t *)p;
	case NPY_I8: return *(const int64_t *)p;
	default: return INT64_MIN;
	}
}

/* ---- writing ---- */

status npy_header(FILE *to, enum npy_type type, int ndim, const int64_t *shape)
{
	char text[320];
	int n = snprintf(text, sizeof text, "{'descr': '%c%s', 'fortran_order': False, 'shape': (",
	                 types[type].size == 1 ? '|' : '<', types[type].name);
	for (int d = 0; d < ndim; d++)
		n += snprintf(text + n, sizeof text - (size_t)n, d + 1 < ndim ? "%lld, " : ndim == 1 ? "%lld," : "%lld",
		              (long long)shape[d]);
	n += snprintf(text + n, sizeof text - (size_t)n, "), }");
	while ((10 + n + 1) % 64)
		text[n++] = ' ';
	text[n++] = '\n';
	uint8_t head[10];
	memcpy(head, magic, sizeof magic);
	head[6] = 1;
	head[7] = 0;
	head[8] = (uint8_t)(n & 255);
	head[9] = (uint8_t)(n >> 8);
	if (fwrite(head, sizeof head, 1, to) != 1 || fwrite(text, (size_t)n, 1, to) != 1)
		return fail(ERR_IO, "can't write a .npy header");
	return OK;
}

void npy_put(FILE *to, enum npy_type type, int ndim, const int64_t *shape, const void *data)
{
	size_t count = 1;
	for (int d = 0; d < ndim; d++)
		count *= (size_t)shape[d];
	if (npy_header(to, type, ndim, shape) == OK && count)
		fwrite(data, types[type].size, count, to);
}

static status write_into(struct arena *a, const char *path, enum npy_type type, int ndim, const int64_t *shape,
                         const void *data)
{
	struct output_file f;
	TRY(output_open(&f, a, NULL, path, true));
	npy_put(f.to, type, ndim, shape, data);
	return output_close(&f, OK);
}

status npy_write(const char *path, enum npy_type type, int ndim, const int64_t *shape, const void *data)
{
	struct arena a = {0};
	status s = write_into(&a, path, type, ndim, shape, data);
	arena_free(&a);
	return s;
}
