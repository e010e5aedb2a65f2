/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A file is a header of 128 bytes and elements, each a tag (type, bytes that follow) and its data. A member is an element of
 * type MATRIX, or of type COMPRESSED with that inside, and holds elements itself: flags, dimensions, name, numbers. */
#include "src/data/mat.h"

#include <string.h>

#include "src/data/inflate.h"
#include "src/data/input_file.h"

enum { START = 128, TAG = 8, HEAD = 512, NAME_MOST = 63, CLASSES = 18 };
enum { INT8 = 1, UINT8, INT16, UINT16, INT32, UINT32, SINGLE, DOUBLE = 9, INT64 = 12, UINT64, MATRIX, COMPRESSED, TYPES };
enum { COMPLEX = 0x800, OPAQUE = 17 };  /* of the flags; a class that has other elements inside */

static const size_t type_bytes[TYPES] = {
	[INT8] = 1, [UINT8] = 1, [INT16] = 2, [UINT16] = 2, [INT32] = 4, [UINT32] = 4, [SINGLE] = 4, [DOUBLE] = 8, [INT64] = 8,
	[UINT64] = 8,
};
static const char *const class_names[CLASSES] = {
	"unknown", "cell", "struct", "object", "char", "sparse", "double", "single", "int8", "uint8", "int16", "uint16", "int32",
	"uint32", "int64", "uint64", "function", "opaque",
};

/* What a name may hold. */
static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

/* Bytes of a file, or of what was inflated. */
struct part {
	uint8_t *at, *end;
	bool swapped;
};

struct element {
	uint32_t type;
	size_t bytes;
	uint8_t *data;
};

static uint32_t word(const uint8_t *at, bool swapped)
{
	return swapped ? (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3] :
		(uint32_t)at[3] << 24 | (uint32_t)at[2] << 16 | (uint32_t)at[1] << 8 | at[0];
}

/* The element at p->at, which is passed; false where its tag does not fit. Up to four bytes of data may lie in the tag. */
static bool take(struct part *p, struct element *e)
{
	size_t left = (size_t)(p->end - p->at);
	if (left < TAG)
		return false;
	uint32_t first = word(p->at, p->swapped);
	bool small = first >> 16;
	e->type = small ? first & 0xffff : first;
	e->bytes = small ? first >> 16 : word(p->at + 4, p->swapped);
	e->data = p->at + (small ? 4 : TAG);
	if (e->bytes > (small ? 4 : left - TAG))
		return false;
	size_t whole = small ? TAG : TAG + e->bytes + (TAG - e->bytes % TAG) % TAG;
	p->at += whole < left ? whole : left;
	return true;
}

/* What comes before a matrix's numbers. The tag of the whole is passed, and says how much there is to be. */
static bool take_head(struct part *p, struct mat_array *out, char name[NAME_MOST + 1])
{
	struct element flags, dims, text;
	*out = (struct mat_array){.swapped = p->swapped, .count = 1};
	*name = 0;
	if (!take(p, &flags) || flags.type != UINT32 || flags.bytes != 8)
		return false;
	uint32_t bits = word(flags.data, p->swapped);
	out->class = bits & 0xff;
	out->complex = bits & COMPLEX;
	if (out->class >= OPAQUE)
		return out->class == OPAQUE;
	if (!take(p, &dims) || dims.type != INT32 || dims.bytes % 4 || dims.bytes < 8)
		return false;
	out->ndim = (int)(dims.bytes / 4);
	for (int d = 0; d < out->ndim; d++) {
		uint32_t size = word(dims.data + 4 * d, p->swapped);
		if (size > INT32_MAX || __builtin_mul_overflow(out->count, size, &out->count))
			return false;
		if (d < MAT_DIMS)
			out->dim[d] = size;
	}
	if (!take(p, &text) || text.type != INT8 || text.bytes > NAME_MOST)
		return false;
	memcpy(name, text.data, text.bytes);
	name[text.bytes] = 0;
	return true;
}

/* Finds the numbers of a member that lies in memory whole. */
static status take_numbers(struct part p, const char *path, struct mat_array *out)
{
	const char *wanted = out->name;
	char name[NAME_MOST + 1];
	struct element numbers = {0};
	p.at += TAG;
	if (!take_head(&p, out, name))
		return fail(ERR_INPUT, "%s: member '%s' is damaged", path, wanted);
	out->name = wanted;
	out->found = true;
	if (out->class < MAT_DOUBLE || out->class > MAT_UINT64 || out->complex || out->ndim > MAT_DIMS) {
		out->count = 0;
		return OK;
	}
	if (!take(&p, &numbers) || p.at != p.end || numbers.type >= TYPES || !type_bytes[numbers.type] ||
	    numbers.bytes % type_bytes[numbers.type] || numbers.bytes / type_bytes[numbers.type] != out->count)
		return fail(ERR_INPUT, "%s: member '%s' is damaged: its numbers are not as many as its dimensions say", path, name);
	out->type = (int)numbers.type;
	out->data = numbers.data;
	return OK;
}

/* Brings a member to the arena; `size` bytes are known to be there. */
static status keep(const char *path, const struct element *e, size_t size, bool swapped, struct arena *a,
                   struct mat_array *out)
{
	uint8_t *to;
	if (out->found)
		return fail(ERR_INPUT, "%s: holds member '%s' twice", path, out->name);
	TRY(arena_take(a, size, 1, &to));
	if (e->type == COMPRESSED)
		TRY(inflate_into(INFLATE_ZLIB, e->data, e->bytes, to, size, &size));
	else
		memcpy(to, e->data - TAG, size);
	return take_numbers((struct part){to, to + size, swapped}, path, out);
}

/* One element of the file; `byte` says where it begins. */
static status read_member(const char *path, size_t byte, const struct element *e, bool swapped, struct arena *a,
                          struct mat_array *wanted, size_t n)
{
	uint8_t inflated[HEAD], *start = e->data - TAG;
	char name[NAME_MOST + 1] = "";
	struct mat_array seen;
	size_t size = TAG + e->bytes;
	status s = OK;
	if (e->type == COMPRESSED) {
		start = inflated;
		s = inflate_into(INFLATE_ZLIB, e->data, e->bytes, start, HEAD, &size);
	}
	struct part head = {start, start + (size < HEAD ? size : HEAD), swapped};
	bool sound = size >= TAG && word(start, swapped) == MATRIX && (s != OK || word(start + 4, swapped) == size - TAG);
	head.at += sound ? TAG : 0;
	sound = sound && take_head(&head, &seen, name);
	if (s != OK && *name && !name[strspn(name, letters)])
		return fail_within(s, "%s: member '%s' is ", path, name);
	if (s != OK)
		return fail_within(s, "%s: the element at byte %zu is ", path, byte);
	if (!sound)
		return fail(ERR_INPUT, "%s: the element at byte %zu is damaged, or not an array as MATLAB writes it", path, byte);
	for (size_t i = 0; i < n; i++)
		if (strcmp(name, wanted[i].name) == 0)
			TRY(keep(path, e, size, swapped, a, &wanted[i]));
	return OK;
}

static status check_start(const char *path, const uint8_t *bytes, size_t size, bool *swapped)
{
	static const char hdf5[] = "\x89HDF\r\n\x1a\n";
	if ((size > START && !memcmp(bytes + 124, "\0\2IM", 4)) || (size > 8 && !memcmp(bytes, hdf5, 8)))
		return fail(ERR_INPUT, "%s: a MATLAB 7.3 file, which is HDF5; save it with -v7", path);
	*swapped = size >= START && !memcmp(bytes + 124, "\1\0MI", 4);
	if (size < START || (!*swapped && memcmp(bytes + 124, "\0\1IM", 4)))
		return fail(ERR_INPUT, "%s: not a MATLAB 5 file (as saved with -v6 or -v7)%s", path, size < START ? ": truncated" : "");
	return OK;
}

static status read_bytes(const char *path, uint8_t *bytes, size_t size, struct arena *a, struct mat_array *wanted, size_t n)
{
	bool swapped;
	TRY(check_start(path, bytes, size, &swapped));
	for (size_t at = START; at < size;) {
		uint8_t *tag = bytes + at;
		size_t left = size - at;
		struct element e = {0};
		if (left >= TAG)
			e = (struct element){word(tag, swapped), word(tag + 4, swapped), tag + TAG};
		if (left < TAG || e.bytes > left - TAG)
			return fail(ERR_INPUT, "%s: truncated: the element at byte %zu announces %zu bytes, %zu are left with its tag",
			            path, at, e.bytes, left);
		if (e.type != MATRIX && e.type != COMPRESSED)
			return fail(ERR_INPUT, "%s: the element at byte %zu is of type %u; 14 (an array) or 15 (compressed) was expected",
			            path, at, e.type);
		TRY(read_member(path, at, &e, swapped, a, wanted, n));
		at += TAG + e.bytes;
	}
	return OK;
}

status mat_read(const char *path, struct arena *a, struct mat_array *wanted, size_t n)
{
	struct arena file = {0};
	uint8_t *bytes;
	size_t size;
	status s = input_read(path, &file, &bytes, &size);
	if (s == OK)
		s = read_bytes(path, bytes, size, a, wanted, n);
	arena_free(&file);
	return s;
}

static uint64_t bits_of(const struct mat_array *v, size_t i)
{
	size_t bytes = type_bytes[v->type];
	const uint8_t *at = v->data + i * bytes;
	uint64_t bits = 0;
	for (size_t k = 0; k < bytes; k++)
		bits |= (uint64_t)at[v->swapped ? bytes - 1 - k : k] << 8 * k;
	return bits;
}

double mat_number(const struct mat_array *v, size_t i)
{
	uint64_t bits = bits_of(v, i);
	uint32_t half = (uint32_t)bits;
	float single;
	double number;
	switch (v->type) {
	case INT8:
		return (int8_t)bits;
	case INT16:
		return (int16_t)bits;
	case INT32:
		return (int32_t)bits;
	case INT64:
		return (double)(int64_t)bits;
	case SINGLE:
		memcpy(&single, &half, sizeof single);
		return (double)single;
	case DOUBLE:
		memcpy(&number, &bits, sizeof number);
		return number;
	default:
		return (double)bits;
	}
}

bool mat_is_bytes(const struct mat_array *v)
{
	return v->type == UINT8;
}

struct text mat_words(const struct mat_array *v)
{
	struct text out = {.n = 0};
	for (int d = 0; d < v->ndim && d < MAT_DIMS; d++)
		text_add(&out, "%s%zu", d ? "×" : "", v->dim[d]);
	text_add(&out, "%s %s%s array", v->ndim > MAT_DIMS ? "×…" : "", v->complex ? "complex " : "", class_names[v->class]);
	return out;
}
