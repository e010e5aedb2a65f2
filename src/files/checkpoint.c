/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xxhash.h>

#include "src/files/checkpoint_format.h"
#include "src/files/file.h"
#include "src/files/pack.h"

enum { CHUNK = 1 << 20, WINDOW = 1 << 16 };

struct source {
	const char *path;
	int fd;
	uint64_t size, at;
};

static status not_whole(const struct source *f, const char *what)
{
	return fail(ERR_DAMAGE, "%s: %s", f->path, what);
}

static status read_seal(const struct source *f, uint64_t *checksum)
{
	uint8_t seal[PACK_SEAL];
	if (f->size < PACK_SEAL)
		return not_whole(f, "is too short for a checkpoint");
	TRY(file_read(f->fd, f->path, f->size - PACK_SEAL, seal, PACK_SEAL));
	return pack_unseal(seal, checksum) ? OK : not_whole(f, "does not end in a checksum: not a checkpoint, or cut short");
}

/* Hashes the file up to its seal in pieces, before anything in it is interpreted. */
static status check_seal(const struct source *f)
{
	uint64_t checksum;
	TRY(read_seal(f, &checksum));
	uint64_t end = f->size - PACK_SEAL;
	size_t most = end < CHUNK ? (size_t)end : CHUNK;
	XXH3_state_t *hash = XXH3_createState();
	uint8_t *chunk = NULL;
	status s = hash ? file_memory(f->path, most, &chunk) : fail(ERR_MEMORY, "out of memory");
	if (s == OK)
		XXH3_64bits_reset(hash);
	for (uint64_t at = 0; s == OK && at < end;) {
		size_t n = end - at < most ? (size_t)(end - at) : most;
		s = file_read(f->fd, f->path, at, chunk, n);
		if (s == OK)
			XXH3_64bits_update(hash, chunk, n);
		at += n;
	}
	if (s == OK && XXH3_64bits_digest(hash) != checksum)
		s = not_whole(f, "does not match its checksum");
	free(chunk);
	XXH3_freeState(hash);
	return s;
}

static status expect_key(struct pack_reader *r, const char *key)
{
	char text[CHECKPOINT_NAME];
	if (pack_read_text(r, text, sizeof text) != OK || strcmp(text, key) != 0)
		return fail(ERR_DAMAGE, "expected the key \"%s\"", key);
	return OK;
}

static status read_facts(struct pack_reader *r, json_t **meta)
{
	uint32_t pairs;
	char text[CHECKPOINT_NAME];
	json_t *version;
	TRY(pack_read_map(r, &pairs));
	TRY(expect_key(r, "format"));
	if (pairs != 5 || pack_read_text(r, text, sizeof text) != OK || strcmp(text, CHECKPOINT_FORMAT) != 0)
		return fail(ERR_INPUT, "not a Basin checkpoint");
	TRY(expect_key(r, "version"));
	TRY(pack_read_json(r, &version));
	json_int_t v = json_integer_value(version);
	json_decref(version);
	if (v < 1 || v > CHECKPOINT_VERSION)
		return fail(ERR_INPUT, "version %" JSON_INTEGER_FORMAT " of the checkpoint format; this program reads versions 1 to %d", v,
		            CHECKPOINT_VERSION);
	TRY(expect_key(r, "meta"));
	TRY(pack_read_json(r, meta));
	json_object_del(*meta, CHECKPOINT_SEAL);
	return json_is_object(*meta) ? OK : fail(ERR_DAMAGE, "meta is not a map");
}

/* What comes before the vectors; leaves f->at at the map of them. The facts are read with a window that grows while
 * they don't fit. */
static status read_head(struct source *f, json_t **meta)
{
	for (uint64_t window = WINDOW;; window *= 4) {
		size_t n = (size_t)(f->size < window ? f->size : window);
		uint8_t *head;
		TRY(file_memory(f->path, n, &head));
		status s = file_read(f->fd, f->path, 0, head, n);
		struct pack_reader r = {head, head + n};
		if (s == OK)
			s = read_facts(&r, meta);
		if (s == OK)
			s = expect_key(&r, "blobs");
		f->at = (uint64_t)(r.at - head);
		free(head);
		if (s == OK)
			return OK;
		json_decref(*meta);
		*meta = NULL;
		if (n == f->size || s != ERR_DAMAGE)
			return fail_within(s, "%s: ", f->path);
	}
}

/* The next few bytes, for a key or a length. */
static status peek_bytes(const struct source *f, uint8_t buffer[2 * CHECKPOINT_NAME], struct pack_reader *r)
{
	uint64_t rest = f->size - f->at;
	size_t n = rest < 2 * CHECKPOINT_NAME ? (size_t)rest : 2 * CHECKPOINT_NAME;
	*r = (struct pack_reader){buffer, buffer + n};
	return file_read(f->fd, f->path, f->at, buffer, n);
}

static status read_blob(struct source *f, const struct checkpoint_blob *b)
{
	uint8_t buffer[2 * CHECKPOINT_NAME];
	struct pack_reader r;
	char name[CHECKPOINT_NAME];
	uint32_t bytes;
	TRY(peek_bytes(f, buffer, &r));
	if (pack_read_text(&r, name, sizeof name) != OK || pack_read_bin(&r, &bytes) != OK)
		return not_whole(f, "a vector is malformed");
	f->at += (uint64_t)(r.at - buffer);
	if (strcmp(name, b->name) != 0)
		return fail(ERR_INPUT, "%s: holds vector %s where %s was expected", f->path, name, b->name);
	if (bytes != b->bytes)
		return fail(ERR_INPUT, "%s: vector %s has %" PRIu32 " bytes, expected %zu", f->path, name, bytes, b->bytes);
	TRY(file_read(f->fd, f->path, f->at, b->data, bytes));
	f->at += bytes;
	return OK;
}

static status read_blobs(struct source *f, const struct checkpoint_blob *blobs, int n)
{
	uint8_t buffer[2 * CHECKPOINT_NAME];
	struct pack_reader r;
	uint32_t pairs;
	TRY(peek_bytes(f, buffer, &r));
	if (pack_read_map(&r, &pairs) != OK)
		return not_whole(f, "the vectors are malformed");
	if (pairs != (uint32_t)n)
		return fail(ERR_INPUT, "%s: holds %" PRIu32 " vectors, expected %d", f->path, pairs, n);
	f->at += (uint64_t)(r.at - buffer);
	for (int i = 0; i < n; i++)
		TRY(read_blob(f, &blobs[i]));
	return f->at == f->size - PACK_SEAL ? OK : not_whole(f, "has bytes between its vectors and its checksum");
}

/* n < 0: the facts alone. */
static status read_file(const char *path, status check(const struct source *f), json_t **meta,
                        const struct checkpoint_blob *blobs, int n)
{
	struct source f = {.path = path};
	*meta = NULL;
	TRY(file_open(path, &f.fd, &f.size));
	status s = check(&f);
	if (s == OK)
		s = read_head(&f, meta);
	if (s == OK && n >= 0)
		s = read_blobs(&f, blobs, n);
	close(f.fd);
	if (s != OK) {
		json_decref(*meta);
		*meta = NULL;
	}
	return s;
}

status checkpoint_meta(const char *path, json_t **meta)
{
	return read_file(path, check_seal, meta, NULL, -1);
}

status checkpoint_read(const char *path, json_t **meta, const struct checkpoint_blob *blobs, int n)
{
	return read_file(path, check_seal, meta, blobs, n);
}

/* ---- the facts without the vectors ---- */

/* The bytes of the pair that ends them: the heads of two short texts, and these. */
enum { FACTS_SEAL = 1 + sizeof CHECKPOINT_SEAL - 1 + 1 + CHECKPOINT_HEADER - 1 };

/* Whether the n first bytes of a checkpoint hold all its facts, under their own checksum. */
static bool facts_match(const uint8_t *data, size_t n)
{
	struct pack_reader r = {data, data + n};
	uint32_t pairs;
	size_t bytes;
	char word[CHECKPOINT_NAME], own[CHECKPOINT_HEADER];
	if (pack_read_map(&r, &pairs) != OK)
		return false;
	/* "format", "version" and "meta", and the values of the first two. */
	for (int i = 0; i < 5; i++, r.at += bytes)
		if (pack_span(r.at, (size_t)(r.end - r.at), &bytes) != PACK_WHOLE)
			return false;
	if (pack_span(r.at, (size_t)(r.end - r.at), &bytes) != PACK_WHOLE || bytes <= FACTS_SEAL)
		return false;
	r.at += bytes - FACTS_SEAL;
	r.end = r.at + FACTS_SEAL;
	checkpoint_header(XXH3_64bits(data, (size_t)(r.at - data)), own);
	return pack_read_text(&r, word, sizeof word) == OK && strcmp(word, CHECKPOINT_SEAL) == 0 &&
	       pack_read_text(&r, word, sizeof word) == OK && strcmp(word, own) == 0;
}

/* A file that the window holds costs nothing to be read whole; one of an earlier version has no checksum but its own. */
static status check_facts(const struct source *f)
{
	uint64_t checksum;
	uint8_t *head;
	if (f->size <= WINDOW)
		return check_seal(f);
	TRY(read_seal(f, &checksum));
	TRY(file_memory(f->path, WINDOW, &head));
	status s = file_read(f->fd, f->path, 0, head, WINDOW);
	bool match = s == OK && facts_match(head, WINDOW);
	free(head);
	return s != OK || match ? s : check_seal(f);
}

status checkpoint_facts(const char *path, json_t **meta)
{
	return read_file(path, check_facts, meta, NULL, -1);
}

/* ---- whose it is ---- */

void checkpoint_header(uint64_t checksum, char out[CHECKPOINT_HEADER])
{
	snprintf(out, CHECKPOINT_HEADER, "%016" PRIx64, checksum);
}

bool checkpoint_is_of(const json_t *meta, uint64_t checksum)
{
	const char *known = json_string_value(json_object_get(meta, "snaps_header"));
	char own[CHECKPOINT_HEADER];
	checkpoint_header(checksum, own);
	return !known || strcmp(known, own) == 0;
}
