/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "src/files/pack.h"
#include "src/json_build.h"

/* Levels of arrays and maps: more than any header has, less than msgpack-c's unpacker bears. */
enum { DEPTH_MOST = 16 };

/* The first bytes of a value: what kind it is, how long these bytes are, the plain bytes that follow, and for arrays and
 * maps the values that follow. */
struct head {
	enum { HEAD_SCALAR, HEAD_TEXT, HEAD_BIN, HEAD_ARRAY, HEAD_MAP } kind;
	size_t bytes;
	uint32_t payload, count;
};

static uint32_t big_endian(const uint8_t *p, size_t width)
{
	uint32_t v = 0;
	for (size_t i = 0; i < width; i++)
		v = v << 8 | p[i];
	return v;
}

/* The head of a value whose length or count takes `width` bytes after the type byte. */
static enum pack_span sized_head(const uint8_t *p, size_t n, size_t width, struct head *h)
{
	if (n < 1 + width)
		return PACK_CUT;
	uint32_t size = big_endian(p + 1, width);
	h->bytes = 1 + width;
	if (h->kind == HEAD_ARRAY || h->kind == HEAD_MAP)
		h->count = size;
	else
		h->payload = size;
	return PACK_WHOLE;
}

/* The type bytes 0xc0 to 0xdf, msgpack's specification, "Formats". */
static enum pack_span typed_head(const uint8_t *p, size_t n, struct head *h)
{
	static const uint8_t number_bytes[] = {4, 8, 1, 2, 4, 8, 1, 2, 4, 8};  /* 0xca float32 … 0xd3 int64 */
	uint8_t type = p[0];
	if (type == 0xc0 || type == 0xc2 || type == 0xc3)
		return PACK_WHOLE;
	if (type >= 0xc4 && type <= 0xc6) {
		h->kind = HEAD_BIN;
		return sized_head(p, n, (size_t)1 << (type - 0xc4), h);
	}
	if (type >= 0xca && type <= 0xd3) {
		h->payload = number_bytes[type - 0xca];
		return PACK_WHOLE;
	}
	if (type >= 0xd9 && type <= 0xdb) {
		h->kind = HEAD_TEXT;
		return sized_head(p, n, (size_t)1 << (type - 0xd9), h);
	}
	if (type >= 0xdc) {
		h->kind = type <= 0xdd ? HEAD_ARRAY : HEAD_MAP;
		return sized_head(p, n, type & 1 ? 4 : 2, h);
	}
	return PACK_BAD;
}

static enum pack_span read_head(const uint8_t *p, size_t n, struct head *h)
{
	*h = (struct head){.kind = HEAD_SCALAR, .bytes = 1};
	if (n == 0)
		return PACK_CUT;
	if (p[0] < 0x80 || p[0] >= 0xe0)
		return PACK_WHOLE;
	if (p[0] >= 0xc0)
		return typed_head(p, n, h);
	if (p[0] >= 0xa0) {
		h->kind = HEAD_TEXT;
		h->payload = p[0] & 0x1f;
	} else {
		h->kind = p[0] >= 0x90 ? HEAD_ARRAY : HEAD_MAP;
		h->count = p[0] & 0x0f;
	}
	return PACK_WHOLE;
}

enum pack_span pack_span(const uint8_t *data, size_t n, size_t *bytes)
{
	uint64_t left[DEPTH_MOST + 1] = {1};  /* values still to come, by level */
	size_t at = 0, values = 0;
	for (int level = 0; level >= 0;) {
		if (left[level] == 0) {
			level--;
			continue;
		}
		left[level]--;
		if (values++ == PACK_VALUES_MOST)
			return PACK_MANY;
		struct head h;
		enum pack_span s = read_head(data + at, n - at, &h);
		if (s != PACK_WHOLE)
			return s;
		at += h.bytes;
		uint64_t inside = h.kind == HEAD_MAP ? 2 * (uint64_t)h.count : h.count;
		/* Every value takes a byte at least. */
		if (h.payload > n - at || inside > n - at)
			return PACK_CUT;
		at += h.payload;
		if (inside && level == DEPTH_MOST)
			return PACK_BAD;
		if (inside)
			left[++level] = inside;
	}
	*bytes = at;
	return PACK_WHOLE;
}

status pack_read_map(struct pack_reader *r, uint32_t *pairs)
{
	struct head h;
	if (read_head(r->at, (size_t)(r->end - r->at), &h) != PACK_WHOLE || h.kind != HEAD_MAP)
		return fail(ERR_DAMAGE, "expected a msgpack map");
	r->at += h.bytes;
	*pairs = h.count;
	return OK;
}

status pack_read_bin(struct pack_reader *r, uint32_t *bytes)
{
	struct head h;
	if (read_head(r->at, (size_t)(r->end - r->at), &h) != PACK_WHOLE || h.kind != HEAD_BIN)
		return fail(ERR_DAMAGE, "expected msgpack binary data");
	r->at += h.bytes;
	*bytes = h.payload;
	return OK;
}

status pack_read_text(struct pack_reader *r, char *text, size_t size)
{
	struct head h;
	size_t n = (size_t)(r->end - r->at);
	if (read_head(r->at, n, &h) != PACK_WHOLE || h.kind != HEAD_TEXT || h.payload > n - h.bytes ||
	    h.payload >= size || memchr(r->at + h.bytes, 0, h.payload))
		return fail(ERR_DAMAGE, "expected a msgpack string of less than %zu bytes", size);
	memcpy(text, r->at + h.bytes, h.payload);
	text[h.payload] = 0;
	r->at += h.bytes + h.payload;
	return OK;
}

static status to_json(const msgpack_object *o, json_t **out);

/* msgpack-c gives an empty text no address. */
static const char *text_of(const msgpack_object_str *s)
{
	return s->size ? s->ptr : "";
}

static status map_to_json(const msgpack_object_map *map, json_t **out)
{
	*out = json_object();
	for (uint32_t i = 0; i < map->size; i++) {
		const msgpack_object *key = &map->ptr[i].key;
		if (key->type != MSGPACK_OBJECT_STR || memchr(text_of(&key->via.str), 0, key->via.str.size))
			return fail(ERR_DAMAGE, "a key of a map is not text");
		char *name = strndup(text_of(&key->via.str), key->via.str.size);
		json_t *value = NULL;
		status s = !name || !*out ? fail(ERR_MEMORY, "out of memory")
		         : json_object_get(*out, name) ? fail(ERR_DAMAGE, "the key \"%s\" comes twice", name)
		                                       : to_json(&map->ptr[i].val, &value);
		/* Takes the value over, and refuses what is not UTF-8. */
		errno = 0;
		if (s == OK && json_object_set_new(*out, name, value))
			s = json_failed(ERR_DAMAGE, "a key of a map is not UTF-8");
		else if (s != OK)
			json_decref(value);
		free(name);
		TRY(s);
	}
	return OK;
}

static status array_to_json(const msgpack_object_array *array, json_t **out)
{
	*out = json_array();
	for (uint32_t i = 0; i < array->size; i++) {
		json_t *value = NULL;
		status s = to_json(&array->ptr[i], &value);
		if (s != OK) {
			json_decref(value);
			return s;
		}
		if (json_array_append_new(*out, value))
			return fail(ERR_MEMORY, "out of memory");
	}
	return OK;
}

/* *out may hold a part of the value after a failure, for the caller to free. */
static status to_json(const msgpack_object *o, json_t **out)
{
	switch (o->type) {
	case MSGPACK_OBJECT_MAP:
		TRY(map_to_json(&o->via.map, out));
		break;
	case MSGPACK_OBJECT_ARRAY:
		TRY(array_to_json(&o->via.array, out));
		break;
	case MSGPACK_OBJECT_STR:
		errno = 0;
		*out = json_stringn(text_of(&o->via.str), o->via.str.size);
		if (!*out)
			return json_failed(ERR_DAMAGE, "a string is not UTF-8");
		break;
	case MSGPACK_OBJECT_POSITIVE_INTEGER:
		if (o->via.u64 > INT64_MAX)
			return fail(ERR_DAMAGE, "the integer %llu is too large", (unsigned long long)o->via.u64);
		*out = json_integer((json_int_t)o->via.u64);
		break;
	case MSGPACK_OBJECT_NEGATIVE_INTEGER:
		*out = json_integer(o->via.i64);
		break;
	case MSGPACK_OBJECT_FLOAT32:
	case MSGPACK_OBJECT_FLOAT64:
		*out = isfinite(o->via.f64) ? json_real(o->via.f64) : json_null();
		break;
	case MSGPACK_OBJECT_BOOLEAN:
		*out = json_boolean(o->via.boolean);
		break;
	case MSGPACK_OBJECT_NIL:
		*out = json_null();
		break;
	case MSGPACK_OBJECT_BIN:
	case MSGPACK_OBJECT_EXT:
	default:
		return fail(ERR_DAMAGE, "binary data where a number, text, array or map was expected");
	}
	return *out ? OK : fail(ERR_MEMORY, "out of memory");
}

status pack_read_json(struct pack_reader *r, json_t **out)
{
	*out = NULL;
	/* msgpack-c takes an array's memory before it has seen the elements, so the lengths are checked first. */
	size_t bytes, end = 0;
	if (pack_span(r->at, (size_t)(r->end - r->at), &bytes) != PACK_WHOLE)
		return fail(ERR_DAMAGE, "malformed msgpack");
	msgpack_zone zone;
	if (!msgpack_zone_init(&zone, MSGPACK_ZONE_CHUNK_SIZE))
		return fail(ERR_MEMORY, "out of memory");
	msgpack_object object;
	errno = 0;
	msgpack_unpack_return got = msgpack_unpack((const char *)r->at, bytes, &end, &zone, &object);
	status s = got == MSGPACK_UNPACK_SUCCESS ? to_json(&object, out) : json_failed(ERR_DAMAGE, "malformed msgpack");
	msgpack_zone_destroy(&zone);
	if (s != OK) {
		json_decref(*out);
		*out = NULL;
		return s;
	}
	r->at += bytes;
	return OK;
}
