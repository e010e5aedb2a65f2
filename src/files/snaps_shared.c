/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The headers of a run's chains differ in the chain's number alone, and so in the checksum: a thousand of them are read at
 * the cost of comparing bytes, and kept as one. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xxhash.h>

#include "src/files/file.h"
#include "src/files/snaps_format.h"

/* Bytes of a number or a checksum, behind its type. */
enum { UINT64 = 8 };

/* Where the bytes of the chain's number are; 0 where the header, which was read, has none as this program writes them. */
static size_t find_chain(const uint8_t *data, size_t n)
{
	static const char key[] = "\xa5" "chain\xcf";
	struct pack_reader r = {data, data + n - PACK_SEAL};
	uint32_t pairs;
	if (pack_read_map(&r, &pairs) != OK)
		return 0;
	for (uint32_t i = 0; i < 2 * (pairs - 1); i++) {
		size_t bytes, rest = (size_t)(r.end - r.at), whole = sizeof key - 1 + UINT64;
		if (i % 2 == 0 && rest >= whole && memcmp(r.at, key, sizeof key - 1) == 0)
			return (size_t)(r.at - data) + sizeof key - 1;
		if (pack_span(r.at, rest, &bytes) != PACK_WHOLE)
			return 0;
		r.at += bytes;
	}
	return 0;
}

static status shared_new(int fd, const char *path, uint64_t size, struct snaps_shared **out)
{
	struct snaps_shared *h = calloc(1, sizeof *h);
	if (!h)
		return fail(ERR_MEMORY, "%s: out of memory", path);
	status s = snaps_header_read(fd, path, size, &h->header);
	if (s == OK)
		s = file_memory(path, (size_t)h->header.bytes, &h->data);
	if (s == OK)
		s = file_read(fd, path, 0, h->data, (size_t)h->header.bytes);
	if (s != OK) {
		snaps_shared_free(h);
		return s;
	}
	h->chain_at = find_chain(h->data, (size_t)h->header.bytes);
	*out = h;
	return OK;
}

void snaps_shared_free(struct snaps_shared *h)
{
	if (!h)
		return;
	snaps_header_free(&h->header);
	free(h->data);
	free(h);
}

const json_t *snaps_shared_meta(const struct snaps_shared *h)
{
	return h->header.json;
}

const char *snaps_shared_role(const struct snaps_shared *h, int i)
{
	return i < h->header.n_roles ? h->header.layout[i].role : NULL;
}

/* Whether two headers of n bytes agree from one byte up to another. */
static bool agree(const struct snaps_shared *h, const uint8_t *data, size_t from, size_t to)
{
	return memcmp(h->data + from, data + from, to - from) == 0;
}

/* Whether these bytes are the header in all but the chain's number, and match the checksum that they end in. */
static bool is_shared(const struct snaps_shared *h, const uint8_t *data, struct snaps_own *own)
{
	size_t end = (size_t)h->header.bytes, begin = h->chain_at ? h->chain_at : end - UINT64;
	if (!agree(h, data, 0, begin) || (h->chain_at && !agree(h, data, begin + UINT64, end - UINT64)))
		return false;
	/* A number that is encoded in another way is among the bytes that agree. */
	const json_t *same = json_object_get(h->header.json, "chain");
	uint64_t chain = h->chain_at ? pack_get_be64(data + begin) : 0;
	own->numbered = h->chain_at || json_is_integer(same);
	own->chain = h->chain_at ? (json_int_t)chain : json_integer_value(same);
	return chain <= INT64_MAX && pack_unseal(data + end - PACK_SEAL, &own->checksum) &&
	       own->checksum == XXH3_64bits(data, end - PACK_SEAL);
}

/* *yes: whether the file begins with this header. */
static status begins_with(int fd, const char *path, uint64_t size, const struct snaps_shared *h, struct snaps_own *own,
                          bool *yes)
{
	uint8_t *data;
	*yes = false;
	if (size < h->header.bytes)
		return OK;
	TRY(file_memory(path, (size_t)h->header.bytes, &data));
	status s = file_read(fd, path, 0, data, (size_t)h->header.bytes);
	*yes = s == OK && is_shared(h, data, own);
	free(data);
	return s;
}

static status shared_read(int fd, const char *path, uint64_t size, struct snaps_shared *known, struct snaps_shared **out,
                          struct snaps_own *own)
{
	bool same = false;
	if (known)
		TRY(begins_with(fd, path, size, known, own, &same));
	*out = known;
	if (same)
		return OK;
	TRY(shared_new(fd, path, size, out));
	const json_t *chain = json_object_get((*out)->header.json, "chain");
	*own = (struct snaps_own){(*out)->header.checksum, json_integer_value(chain), json_is_integer(chain)};
	return OK;
}

status snaps_shared_read(const char *path, struct snaps_shared *known, struct snaps_shared **out, struct snaps_own *own)
{
	uint64_t size;
	int fd;
	TRY(file_open(path, &fd, &size));
	status s = shared_read(fd, path, size, known, out, own);
	close(fd);
	return s;
}

status snaps_shared_check(int fd, const char *path, uint64_t size, const struct snaps_shared *h)
{
	struct snaps_own own;
	bool same;
	TRY(begins_with(fd, path, size, h, &own, &same));
	return same ? OK : fail(ERR_INPUT, "%s: its header was changed while it was read", path);
}
