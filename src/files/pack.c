/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/files/pack.h"

#include <string.h>

static const char seal_key[] = "\xa8" "checksum";

static status packed(int bad)
{
	return bad ? fail(ERR_MEMORY, "out of memory while encoding msgpack") : OK;
}

static status pack_string(msgpack_packer *p, const char *text, size_t n)
{
	return packed(msgpack_pack_str(p, n) || msgpack_pack_str_body(p, text, n));
}

status pack_text(msgpack_packer *p, const char *text)
{
	return pack_string(p, text, strlen(text));
}

status pack_pair(msgpack_packer *p, const char *key, const json_t *value)
{
	TRY(pack_text(p, key));
	return pack_json(p, value);
}

static status pack_object(msgpack_packer *p, json_t *object)
{
	const char *key;
	json_t *value;
	TRY(packed(msgpack_pack_map(p, json_object_size(object))));
	json_object_foreach(object, key, value)
		TRY(pack_pair(p, key, value));
	return OK;
}

static status pack_array(msgpack_packer *p, const json_t *array)
{
	size_t i;
	json_t *value;
	TRY(packed(msgpack_pack_array(p, json_array_size(array))));
	json_array_foreach(array, i, value)
		TRY(pack_json(p, value));
	return OK;
}

status pack_json(msgpack_packer *p, const json_t *value)
{
	json_int_t whole = json_integer_value(value);
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return pack_object(p, (json_t *)value);
	case JSON_ARRAY:
		return pack_array(p, value);
	case JSON_STRING:
		return pack_string(p, json_string_value(value), json_string_length(value));
	case JSON_INTEGER:
		return packed(whole < 0 ? msgpack_pack_fix_int64(p, whole) : msgpack_pack_fix_uint64(p, (uint64_t)whole));
	case JSON_REAL:
		return packed(msgpack_pack_double(p, json_real_value(value)));
	case JSON_TRUE:
		return packed(msgpack_pack_true(p));
	case JSON_FALSE:
		return packed(msgpack_pack_false(p));
	case JSON_NULL:
		break;
	}
	return packed(msgpack_pack_nil(p));
}

void pack_put_be64(uint8_t *to, uint64_t v)
{
	for (int i = 0; i < 8; i++)
		to[i] = (uint8_t)(v >> (56 - 8 * i));
}

uint64_t pack_get_be64(const uint8_t *from)
{
	uint64_t v = 0;
	for (int i = 0; i < 8; i++)
		v = v << 8 | from[i];
	return v;
}

void pack_seal(uint8_t seal[PACK_SEAL], uint64_t checksum)
{
	memcpy(seal, seal_key, 9);
	seal[9] = 0xcf;
	pack_put_be64(seal + 10, checksum);
}

int pack_unseal(const uint8_t seal[PACK_SEAL], uint64_t *checksum)
{
	*checksum = pack_get_be64(seal + 10);
	return memcmp(seal, seal_key, 9) == 0 && seal[9] == 0xcf;
}
