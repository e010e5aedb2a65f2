/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* JSON values as msgpack and back, and maps that end in a checksum: what snapshot headers and checkpoints are made of.
 * Integers are 8 bytes (uint64, or int64 below 0) and reals float64, whatever their value; NaN and infinities, which JSON
 * lacks, become null on the way to JSON. Nothing read is believed: a length is checked before memory is taken for it. */
#ifndef BASIN_PACK_H
#define BASIN_PACK_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>
#include <msgpack.h>

#include "src/err.h"

/* ---- writing ---- */

/* Appends a value. Errors: ERR_MEMORY. */
status pack_json(msgpack_packer *p, const json_t *value);
/* Appends a string, and a map's pair. Errors: ERR_MEMORY. */
status pack_text(msgpack_packer *p, const char *text);
status pack_pair(msgpack_packer *p, const char *key, const json_t *value);

/* 8 bytes of a number, big-endian as msgpack has them. */
void pack_put_be64(uint8_t *to, uint64_t v);
uint64_t pack_get_be64(const uint8_t *from);

/* The last pair of a sealed map: the key "checksum", then XXH3-64 of the map's bytes before that key, as a uint64. */
enum { PACK_SEAL = 9 + 9 };
void pack_seal(uint8_t seal[PACK_SEAL], uint64_t checksum);
/* Whether these bytes are a seal, and of which checksum. */
int pack_unseal(const uint8_t seal[PACK_SEAL], uint64_t *checksum);

/* ---- reading ---- */

enum pack_span {
	PACK_WHOLE,   /* a value, well-formed throughout */
	PACK_CUT,     /* the bytes end inside a value */
	PACK_MANY,    /* more than PACK_VALUES_MOST values: as JSON each takes many times the byte that it may be here */
	PACK_BAD      /* not msgpack, or nested too deeply */
};

enum { PACK_VALUES_MOST = 1 << 22 };

/* How many bytes the value at the start of data takes, in *bytes. */
enum pack_span pack_span(const uint8_t *data, size_t n, size_t *bytes);

/* What is still to be read; a failed read moves nothing. */
struct pack_reader {
	const uint8_t *at, *end;
};

/* The number of pairs of a map, of which the pairs themselves come next. Errors: ERR_DAMAGE. */
status pack_read_map(struct pack_reader *r, uint32_t *pairs);
/* The length of binary data, which comes next and may lie beyond r->end. Errors: ERR_DAMAGE. */
status pack_read_bin(struct pack_reader *r, uint32_t *bytes);
/* Any value as JSON (the caller's to free). Binary data, extension types, keys that aren't text or come twice, and
 * integers beyond int64 are ERR_DAMAGE. Errors: ERR_DAMAGE, ERR_MEMORY. */
status pack_read_json(struct pack_reader *r, json_t **out);
/* A string of less than `size` bytes, with its terminating zero. Errors: ERR_DAMAGE. */
status pack_read_text(struct pack_reader *r, char *text, size_t size);

#endif
