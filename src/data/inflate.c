/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/data/inflate.h"

#include <stdbool.h>

#define ZLIB_CONST
#include <zlib.h>

enum { AT_ONCE = 1 << 30, WINDOW = 1 << 14 };  /* zlib counts in unsigned int */

static uInt at_once(size_t bytes)
{
	return bytes < AT_ONCE ? (uInt)bytes : AT_ONCE;
}

/* What inflate() says when it cannot go on. */
static status fault(const z_stream *z, int code, size_t at)
{
	if (code == Z_MEM_ERROR)
		return fail(ERR_MEMORY, "out of memory in zlib");
	if (code == Z_BUF_ERROR)
		return fail(ERR_INPUT, "truncated: the compressed data end before they are complete");
	return fail(ERR_INPUT, "damaged: the compressed data are wrong before byte %zu of them: %s", at,
	            z->msg ? z->msg : code == Z_NEED_DICT ? "a dictionary is needed" : "zlib refuses them");
}

/* Whether another member begins where one ended. */
static bool goes_on(enum inflate_format format, const uint8_t *at, size_t left)
{
	return format == INFLATE_GZIP && left >= 2 && at[0] == 0x1f && at[1] == 0x8b;
}

static status inflate_stream(z_stream *z, enum inflate_format format, const uint8_t *from, size_t size, uint8_t *to,
                             size_t room, size_t *n)
{
	uint8_t window[WINDOW];
	size_t fed = 0;   /* bytes that zlib has been given */
	for (;;) {
		if (!z->avail_in) {
			z->next_in = from + fed;
			z->avail_in = at_once(size - fed);
			fed += z->avail_in;
		}
		bool kept = *n < room;
		uInt offered = kept ? at_once(room - *n) : WINDOW;
		z->next_out = kept ? to + *n : window;
		z->avail_out = offered;
		int code = inflate(z, Z_NO_FLUSH);
		*n += offered - z->avail_out;
		size_t left = size - fed + z->avail_in;
		if (code == Z_STREAM_END && !left)
			return OK;
		if (code == Z_STREAM_END && !goes_on(format, from + size - left, left))
			return fail(ERR_INPUT, "damaged: %zu bytes follow the end of the compressed data", left);
		if (code == Z_STREAM_END)
			code = inflateReset(z);
		if (code != Z_OK)
			return fault(z, code, size - left);
	}
}

status inflate_into(enum inflate_format format, const uint8_t *from, size_t size, uint8_t *to, size_t room, size_t *n)
{
	z_stream z = {0};
	*n = 0;
	int code = inflateInit2(&z, (int)format);
	if (code != Z_OK)
		return fault(&z, code, 0);
	status s = inflate_stream(&z, format, from, size, to, room, n);
	inflateEnd(&z);
	return s;
}

status inflate_whole(enum inflate_format format, const uint8_t *from, size_t size, struct arena *a, uint8_t **out, size_t *n)
{
	*out = NULL;
	TRY(inflate_into(format, from, size, NULL, 0, n));
	TRY(ARENA_NEW(a, *n + 1, out));
	return inflate_into(format, from, size, *out, *n, n);
}
