/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include <string.h>

#include <xxhash.h>

#include "src/files/checkpoint_format.h"
#include "src/files/file.h"
#include "src/files/pack.h"

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
	if (b->bytes > UINT32_MAX || strlen(b->name) >= CHECKPOINT_NAME)
		return fail(ERR_USAGE, "%s: vector %s of %zu bytes: expected a name of less than %d bytes and less than 4 GiB",
		            k->file.path, b->name, b->bytes, CHECKPOINT_NAME);
	TRY(pack_text(p, b->name));
	if (msgpack_pack_bin(p, b->bytes))
		return fail(ERR_MEMORY, "out of memory");
	TRY(flush(k));
	XXH3_64bits_update(k->hash, b->data, b->bytes);
	return replace_write(&k->file, b->data, b->bytes);
}

/* Nothing was flushed so far: the buffer has the file from its first byte. */
static status write_facts(struct sink *k, msgpack_packer *p, json_t *meta)
{
	const char *key;
	json_t *value;
	char seal[CHECKPOINT_HEADER];
	if (msgpack_pack_map(p, json_object_size(meta) + 1))
		return fail(ERR_MEMORY, "out of memory");
	json_object_foreach(meta, key, value)
		TRY(pack_pair(p, key, value));
	checkpoint_header(XXH3_64bits(k->small.data, k->small.size), seal);
	TRY(pack_text(p, CHECKPOINT_SEAL));
	return pack_text(p, seal);
}

static status write_map(struct sink *k, const json_t *meta, const struct checkpoint_blob *blobs, int n)
{
	msgpack_packer p;
	uint8_t seal[PACK_SEAL];
	msgpack_packer_init(&p, &k->small, msgpack_sbuffer_write);
	if (msgpack_pack_map(&p, 5))
		return fail(ERR_MEMORY, "out of memory");
	TRY(pack_text(&p, "format"));
	TRY(pack_text(&p, CHECKPOINT_FORMAT));
	TRY(pack_text(&p, "version"));
	if (msgpack_pack_fix_uint64(&p, CHECKPOINT_VERSION))
		return fail(ERR_MEMORY, "out of memory");
	TRY(pack_text(&p, "meta"));
	TRY(write_facts(k, &p, (json_t *)meta));
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
