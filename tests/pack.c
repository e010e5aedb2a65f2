/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* JSON as msgpack: bytes from msgpack's specification, round trips, and lengths that must not be believed. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "src/files/pack.h"
#include "tests/tap.h"

static size_t encode(const json_t *value, msgpack_sbuffer *b)
{
	msgpack_packer p;
	msgpack_sbuffer_clear(b);
	msgpack_packer_init(&p, b, msgpack_sbuffer_write);
	MUST(pack_json(&p, value));
	return b->size;
}

static void bytes_are(json_t *value, const char *want, size_t n, const char *name)
{
	msgpack_sbuffer b;
	msgpack_sbuffer_init(&b);
	ok(encode(value, &b) == n && memcmp(b.data, want, n) == 0, "%s", name);
	msgpack_sbuffer_destroy(&b);
	json_decref(value);
}

static void known_bytes(void)
{
	bytes_are(json_integer(1), "\xcf\0\0\0\0\0\0\0\1", 9, "a small integer takes 9 bytes");
	bytes_are(json_integer(-2), "\xd3\xff\xff\xff\xff\xff\xff\xff\xfe", 9, "a negative one is an int64");
	bytes_are(json_real(-1.5), "\xcb\xbf\xf8\0\0\0\0\0\0", 9, "a real is a float64");
	bytes_are(json_pack("{s:[n,b,b]}", "λ", 1, 0),
	          "\x81\xa2\xce\xbb\x93\xc0\xc3\xc2", 8, "maps, arrays, text, null, booleans");
}

static void round_trips(void)
{
	json_t *value = json_pack("{s:i, s:I, s:f, s:f, s:f, s:s, s:[[], {}, n, b], s:{s:{s:s%}}}", "zero", 0,
	                          "least", (json_int_t)INT64_MIN, "tenth", 0.1, "minus zero", -0.0,
	                          "smallest", 5e-324, "text", "σ² = 1e−3", "list", 1, "deep", "er", "nul", "a\0b", (size_t)3);
	json_t *back, *null_back;
	msgpack_sbuffer b;
	msgpack_sbuffer_init(&b);
	size_t n = encode(value, &b);
	struct pack_reader r = {(uint8_t *)b.data, (uint8_t *)b.data + n};
	MUST(pack_read_json(&r, &back));
	ok(json_equal(value, back) && r.at == r.end, "values come back");
	ok(signbit(json_real_value(json_object_get(back, "minus zero"))), "so does the sign of zero");
	ok(strcmp(json_object_iter_key(json_object_iter(back)), "zero") == 0, "keys keep their order");
	static const uint8_t nan_bytes[] = {0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0};
	r = (struct pack_reader){nan_bytes, nan_bytes + sizeof nan_bytes};
	MUST(pack_read_json(&r, &null_back));
	ok(json_is_null(null_back), "NaN becomes null");
	json_decref(null_back);
	/* {"": ["", "a"]} by msgpack's specification. */
	static const uint8_t empty_bytes[] = {0x81, 0xa0, 0x92, 0xa0, 0xa1, 'a'};
	json_t *empty, *expected = json_pack("{s:[s,s]}", "", "", "a");
	r = (struct pack_reader){empty_bytes, empty_bytes + sizeof empty_bytes};
	ok(pack_read_json(&r, &empty) == OK && json_equal(empty, expected), "an empty text is read as one, as a key too");
	json_decref(empty);
	json_decref(expected);
	msgpack_sbuffer_destroy(&b);
	json_decref(value);
	json_decref(back);
}

static void refuses(const char *bytes, size_t n, const char *name)
{
	struct pack_reader r = {(const uint8_t *)bytes, (const uint8_t *)bytes + n};
	json_t *value = (json_t *)1;
	ok(pack_read_json(&r, &value) == ERR_DAMAGE && !value && r.at == (const uint8_t *)bytes, "refused: %s", name);
}

static void refusals(void)
{
	char deep[40];
	memset(deep, 0x91, sizeof deep);
	refuses("", 0, "nothing");
	refuses("\xdd\xff\xff\xff\xff\xc0", 6, "an array of four billion values in one byte");
	refuses("\xdf\x7f\xff\xff\xff\xc0\xc0", 7, "a map of two billion pairs in two bytes");
	refuses("\xdb\xff\xff\xff\xff" "abc", 8, "a string of four billion bytes in three");
	refuses("\xcf\0\0\0", 4, "half an integer");
	refuses(deep, sizeof deep, "forty arrays inside one another");
	refuses("\xc1", 1, "the type byte that msgpack never uses");
	refuses("\xc4\1x", 3, "binary data");
	refuses("\xd4\1x", 3, "an extension type");
	refuses("\x81\1\1", 3, "a key that is not text");
	refuses("\x82\xa1" "a\1\xa1" "a\2", 7, "a key that comes twice");
	refuses("\xcf\xff\xff\xff\xff\xff\xff\xff\xff", 9, "an integer beyond int64");
	refuses("\x82\xa0\1\xa0\2", 5, "an empty key that comes twice");
	refuses("\xa2\xff\xfe", 3, "text that is not UTF-8");
	refuses("\x81\xa1\xff\1", 4, "a key that is not UTF-8");
	refuses("\x92\xc0\xa1\xff", 4, "the same inside an array");
}

static void spans(void)
{
	/* One value of each family with its length by the specification. */
	static const struct { const char *bytes; size_t n; } values[] = {
		{"\x7f", 1}, {"\xe0", 1}, {"\xc0", 1}, {"\xc2", 1}, {"\xc3", 1}, {"\xcc\1", 2}, {"\xcd\1\2", 3}, {"\xce\1\2\3\4", 5},
		{"\xcf\1\2\3\4\5\6\7\x8", 9}, {"\xd0\1", 2}, {"\xd1\1\2", 3}, {"\xd2\1\2\3\4", 5}, {"\xd3\1\2\3\4\5\6\7\x8", 9},
		{"\xca\1\2\3\4", 5}, {"\xcb\1\2\3\4\5\6\7\x8", 9}, {"\xa2xy", 3}, {"\xd9\2xy", 4}, {"\xda\0\2xy", 5},
		{"\xdb\0\0\0\2xy", 7}, {"\xc4\2xy", 4}, {"\xc5\0\2xy", 5}, {"\xc6\0\0\0\2xy", 7}, {"\x92\1\2", 3},
		{"\xdc\0\2\1\2", 5}, {"\xdd\0\0\0\2\1\2", 7}, {"\x81\1\x91\2", 4}, {"\xde\0\1\1\2", 5}, {"\xdf\0\0\0\1\1\2", 7},
	};
	size_t bytes;
	int whole = 0, cut = 0, cuts = 0, n = (int)(sizeof values / sizeof *values);
	for (int i = 0; i < n; i++) {
		whole += pack_span((const uint8_t *)values[i].bytes, values[i].n, &bytes) == PACK_WHOLE && bytes == values[i].n;
		for (size_t k = 0; k < values[i].n; k++, cuts++)
			cut += pack_span((const uint8_t *)values[i].bytes, k, &bytes) == PACK_CUT;
	}
	ok(whole == n, "every family's length");
	ok(cut == cuts, "and a value that is cut short is seen");
	/* An array of zeros, a byte each. */
	uint8_t *many = calloc(1, 5 + PACK_VALUES_MOST);
	memcpy(many, "\xdd\0\x40\0\0", 5);
	ok(pack_span(many, 5 + PACK_VALUES_MOST, &bytes) == PACK_MANY, "so is one of more values than are read");
	memcpy(many, "\xdd\0\x3f\xff\xff", 5);
	ok(pack_span(many, 5 + PACK_VALUES_MOST, &bytes) == PACK_WHOLE && bytes == 4 + PACK_VALUES_MOST, "and no smaller one");
	free(many);
}

int main(void)
{
	known_bytes();
	round_trips();
	refusals();
	spans();
	return done_testing();
}
