/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/files/checkpoint.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xxhash.h>

#include "src/files/file.h"
#include "src/files/pack.h"

enum { FORMAT_VERSION = 2, NAME_MOST = 64, CHUNK = 1 << 20 };

static const char format_name[] = "basin-checkpoint";

/* ---- writing ---- */

struct sink {
	struct replacement file;
	XXH3_state_t *hash;
	msgpack_sbuffer small;   /* what has been encoded and not yet written */
};

static status flush(struct sink *k)
{
	XXH3_64bits_update(k->hash, k->small.data, k->small.size);
	status s = replace_write(&k->file, k->small.data, k->small.size);
	msgpack_sbuffer_clear(&k->small);
	return s;
}

static status write_blob(struct sink *k, msgpack_packer *p, const struct checkpoint_blob *b)
{
	if (b->bytes > UINT32_MAX || strlen(b->name) >= NAME_MOST)
		return fail(ERR_USAGE, "%s: vector %s of %zu bytes: expected a name of less than %d bytes and less than 4 GiB",
		            k->file.path, b->name, b->bytes, NAME_MOST);
	TRY(pack_text(p, b->name));
	if (msgpack_pack_bin(p, b->bytes))
		return fail(ERR_MEMORY, "out of memory");
	TRY(flush(k));
	XXH3_64bits_update(k->hash, b->data, b->bytes);
	return replace_write(&k->file, b->data, b->bytes);
}

static status write_map(struct sink *k, const json_t *meta, const struct checkpoint_blob *blobs, int n)
{
	msgpack_packer p;
	uint8_t seal[PACK_SEAL];
	msgpack_packer_init(&p, &k->small, msgpack_sbuffer_write);
	if (msgpack_pack_map(&p, 5))
		return fail(ERR_MEMORY, "out of memory");
	TRY(pack_text(&p, "format"));
	TRY(pack_text(&p, format_name));
	TRY(pack_text(&p, "version"));
	if (msgpack_pack_fix_uint64(&p, FORMAT_VERSION))
		return fail(ERR_MEMORY, "out of memory");
	TRY(pack_pair(&p, "meta", meta));
	TRY(pack_text(&p, "blobs"));
	if (msgpack_pack_map(&p, (size_t)n))
		return fail(ERR_MEMORY, "out of memory");
	for (int i = 0; i < n; i++)
		TRY(write_blob(k, &p, &blobs[i]));
	TRY(flush(k));
	pack_seal(seal, XXH3_64bits_digest(k->hash));
	return replace_write(&k->file, seal, sizeof seal);
}

status checkpoint_write(const char *path, const json_t *meta, const struct checkpoint_blob *blobs, int n)
{
	struct sink k = {.hash = XXH3_createState()};
	if (!k.hash)
		return fail(ERR_MEMORY, "out of memory");
	XXH3_64bits_reset(k.hash);
	msgpack_sbuffer_init(&k.small);
	status s = replace_begin(path, false, &k.file);
	if (s == OK) {
		s = write_map(&k, meta, blobs, n);
		if (s == OK)
			s = replace_commit(&k.file);
		else
			replace_abandon(&k.file);
	}
	msgpack_sbuffer_destroy(&k.small);
	XXH3_freeState(k.hash);
	return s;
}

/* ---- reading ---- */

struct source {
	const char *path;
	int fd;
	uint64_t size, at;
};

static status not_whole(const struct source *f, const char *what)
{
	return fail(ERR_DAMAGE, "%s: %s", f->path, what);
}

/* Hashes the file up to its seal in pieces, before anything in it is interpreted. */
static status check_seal(const struct source *f)
{
	uint8_t seal[PACK_SEAL];
	uint64_t checksum;
	if (f->size < PACK_SEAL)
		return not_whole(f, "is too short for a checkpoint");
	TRY(file_read(f->fd, f->path, f->size - PACK_SEAL, seal, PACK_SEAL));
	if (!pack_unseal(seal, &checksum))
		return not_whole(f, "does not end in a checksum: not a checkpoint, or cut short");
	XXH3_state_t *hash = XXH3_createState();
	uint8_t *chunk = NULL;
	status s = hash ? file_memory(f->path, CHUNK, &chunk) : fail(ERR_MEMORY, "out of memory");
	if (s == OK)
		XXH3_64bits_reset(hash);
	for (uint64_t at = 0, end = f->size - PACK_SEAL; s == OK && at < end;) {
		size_t n = end - at < CHUNK ? (size_t)(end - at) : CHUNK;
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
	char text[NAME_MOST];
	if (pack_read_text(r, text, sizeof text) != OK || strcmp(text, key) != 0)
		return fail(ERR_DAMAGE, "expected the key \"%s\"", key);
	return OK;
}

static status read_facts(struct pack_reader *r, json_t **meta)
{
	uint32_t pairs;
	char text[NAME_MOST];
	json_t *version;
	TRY(pack_read_map(r, &pairs));
	TRY(expect_key(r, "format"));
	if (pairs != 5 || pack_read_text(r, text, sizeof text) != OK || strcmp(text, format_name) != 0)
		return fail(ERR_INPUT, "not a Basin checkpoint");
	TRY(expect_key(r, "version"));
	TRY(pack_read_json(r, &version));
	json_int_t v = json_integer_value(version);
	json_decref(version);
	if (v < 1 || v > FORMAT_VERSION)
		return fail(ERR_INPUT, "version %" JSON_INTEGER_FORMAT " of the checkpoint format; this program reads versions 1 to %d", v,
		            FORMAT_VERSION);
	TRY(expect_key(r, "meta"));
	TRY(pack_read_json(r, meta));
	return json_is_object(*meta) ? OK : fail(ERR_DAMAGE, "meta is not a map");
}

/* What comes before the vectors; leaves f->at at the map of them. The facts are read with a window that grows while
 * they don't fit. */
static status read_head(struct source *f, json_t **meta)
{
	for (uint64_t window = 1 << 16;; window *= 4) {
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
static status peek_bytes(const struct source *f, uint8_t buffer[2 * NAME_MOST], struct pack_reader *r)
{
	uint64_t rest = f->size - f->at;
	size_t n = rest < 2 * NAME_MOST ? (size_t)rest : 2 * NAME_MOST;
	*r = (struct pack_reader){buffer, buffer + n};
	return file_read(f->fd, f->path, f->at, buffer, n);
}

static status read_blob(struct source *f, const struct checkpoint_blob *b)
{
	uint8_t buffer[2 * NAME_MOST];
	struct pack_reader r;
	char name[NAME_MOST];
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
	uint8_t buffer[2 * NAME_MOST];
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
static status read_file(const char *path, json_t **meta, const struct checkpoint_blob *blobs, int n)
{
	struct source f = {.path = path};
	*meta = NULL;
	TRY(file_open(path, &f.fd, &f.size));
	status s = check_seal(&f);
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
	return read_file(path, meta, NULL, -1);
}

status checkpoint_read(const char *path, json_t **meta, const struct checkpoint_blob *blobs, int n)
{
	return read_file(path, meta, blobs, n);
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
