/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "src/files/file.h"
#include "src/files/snaps_format.h"
#include "src/json_build.h"
#include "src/words.h"

enum { FORMAT_VERSION = 2, HEADER_FIRST = 1 << 16, HEADER_MOST = 1 << 26, NAME_MOST = 256 };

static const char format_name[] = "basin-snapshots";

/* ---- writing ---- */

/* The first version whose readers know all that the facts say: who knows less would give the network other inputs, go on to
 * sample another target, or take a deviation that was sampled for a number. */
static int version_of(const json_t *meta)
{
	const json_t *likelihood = json_object_get(meta, "likelihood");
	const bool learnt = json_is_string(json_object_get(likelihood, "noise_sd"));
	return json_object_get(meta, "table") || json_object_get(likelihood, "class_weight") || learnt ? 2 : 1;
}

static json_t *table_of(const struct segments *s)
{
	json_t *table = json_array();
	for (int i = 0; s && i < s->n; i++) {
		json_t *shape = json_array();
		for (int d = 0; d < s->at[i].ndim; d++)
			json_add(&shape, json_integer(s->at[i].shape[d]));
		json_add(&table, json_pack("{s:s, s:o, s:I}", "name", s->at[i].name, "shape", shape, "offset",
		                           (json_int_t)s->at[i].offset));
	}
	return table;
}

static status layouts_of(const char *const *roles, size_t n_params, size_t n_stats, struct snaps_header *h)
{
	for (h->n_roles = 0; roles[h->n_roles]; h->n_roles++) {
		if (h->n_roles == SNAPS_ROLES)
			return fail(ERR_USAGE, "a snapshot file holds at most %d roles", SNAPS_ROLES);
		TRY(snaps_layout_of(roles[h->n_roles], n_params, n_stats, h->dtype, &h->layout[h->n_roles]));
	}
	return OK;
}

static status write_sealed(json_t *object, msgpack_sbuffer *b, uint64_t *checksum)
{
	const char *key;
	json_t *value;
	msgpack_packer p;
	msgpack_packer_init(&p, b, msgpack_sbuffer_write);
	if (msgpack_pack_map(&p, json_object_size(object) + 1))
		return fail(ERR_MEMORY, "out of memory");
	json_object_foreach(object, key, value)
		TRY(pack_pair(&p, key, value));
	uint8_t seal[PACK_SEAL];
	*checksum = XXH3_64bits(b->data, b->size);
	pack_seal(seal, *checksum);
	return msgpack_sbuffer_write(b, (const char *)seal, sizeof seal) ? fail(ERR_MEMORY, "out of memory") : OK;
}

status snaps_header_write(const json_t *meta, const struct segments *params, const struct segments *stats,
                          const char *const *roles, enum snaps_dtype dtype, msgpack_sbuffer *b, struct snaps_header *out)
{
	*out = (struct snaps_header){.dtype = dtype};
	TRY(layouts_of(roles, params->count, stats ? stats->count : 0, out));
	json_t *sizes = json_object();
	for (int i = 0; i < out->n_roles; i++)
		json_put(&sizes, out->layout[i].role, json_integer((json_int_t)out->layout[i].bytes));
	json_t *header = json_pack("{s:s, s:i}", "format", format_name, "version", version_of(meta));
	json_t *last = json_pack("{s:s, s:o, s:o, s:o}", "dtype", snaps_dtype_name(dtype), "params", table_of(params),
	                         "stats", table_of(stats), "record_bytes", sizes);
	status s = OK;
	if (!header || !last || !json_add_missing(header, meta) || json_object_update(header, last))
		s = fail(ERR_MEMORY, "out of memory for a snapshot file's header");
	else
		s = write_sealed(header, b, &out->checksum);
	json_decref(header);
	json_decref(last);
	out->bytes = b->size;
	return s;
}

/* ---- reading ---- */

void snaps_header_free(struct snaps_header *h)
{
	json_decref(h->json);
	arena_free(&h->arena);
	*h = (struct snaps_header){0};
}

/* Whether the bytes begin as a snapshot file does: a map whose first pair is the format; then the version. */
static status check_kind(const char *path, const uint8_t *data, size_t n)
{
	struct pack_reader r = {data, data + n};
	uint32_t pairs;
	char text[32];
	json_t *version = NULL;
	if (pack_read_map(&r, &pairs) != OK || pack_read_text(&r, text, sizeof text) != OK || strcmp(text, "format") != 0 ||
	    pack_read_text(&r, text, sizeof text) != OK || strcmp(text, format_name) != 0)
		return fail(ERR_INPUT, "%s: not a Basin snapshot file", path);
	status s = pack_read_text(&r, text, sizeof text);
	if (s == OK && strcmp(text, "version") == 0)
		s = pack_read_json(&r, &version);
	if (s == ERR_MEMORY)
		return fail_within(s, "%s: ", path);
	if (s != OK || !version)
		return fail(ERR_DAMAGE, "%s: the header has no version", path);
	json_int_t v = json_integer_value(version);
	json_decref(version);
	return v >= 1 && v <= FORMAT_VERSION ? OK
	     : fail(ERR_INPUT, "%s: version %" JSON_INTEGER_FORMAT " of the snapshot format; this program reads versions 1 to %d", path,
	            v, FORMAT_VERSION);
}

/* Reads as much of the file as the header takes; *out is the caller's to free. */
static status read_bytes(int fd, const char *path, uint64_t size, uint8_t **out, size_t *bytes)
{
	for (size_t window = HEADER_FIRST;; window *= 2) {
		size_t n = size < window ? (size_t)size : window;
		TRY(file_memory(path, n, out));
		TRY(file_read(fd, path, 0, *out, n));
		TRY(check_kind(path, *out, n));
		enum pack_span span = pack_span(*out, n, bytes);
		if (span == PACK_WHOLE)
			return OK;
		if (span == PACK_BAD || (span == PACK_CUT && n == size))
			return fail(ERR_DAMAGE, "%s: the header is %s", path, span == PACK_BAD ? "not msgpack" : "cut short");
		if (span == PACK_MANY || window >= HEADER_MOST)
			return fail(ERR_DAMAGE, "%s: the header is larger than the %d values and %d bytes that one may have", path,
			            PACK_VALUES_MOST, HEADER_MOST);
		free(*out);
		*out = NULL;
	}
}

static status check_seal(const char *path, const uint8_t *data, size_t n, uint64_t *checksum)
{
	if (n < PACK_SEAL || !pack_unseal(data + n - PACK_SEAL, checksum))
		return fail(ERR_DAMAGE, "%s: the header has no checksum", path);
	if (*checksum != XXH3_64bits(data, n - PACK_SEAL))
		return fail(ERR_DAMAGE, "%s: the header does not match its checksum", path);
	return OK;
}

static status to_object(const uint8_t *data, size_t n, json_t *object)
{
	struct pack_reader r = {data, data + n - PACK_SEAL};
	uint32_t pairs;
	TRY(pack_read_map(&r, &pairs));
	if (pairs == 0)
		return fail(ERR_DAMAGE, "an empty map");
	for (uint32_t i = 0; i + 1 < pairs; i++) {
		char key[NAME_MOST];
		json_t *value;
		TRY(pack_read_text(&r, key, sizeof key));
		TRY(pack_read_json(&r, &value));
		if (json_object_get(object, key)) {
			json_decref(value);
			return fail(ERR_DAMAGE, "the key \"%s\" comes twice", key);
		}
		errno = 0;
		if (json_object_set_new(object, key, value))
			return json_failed(ERR_DAMAGE, "a key is not UTF-8");
	}
	return r.at == r.end ? OK : fail(ERR_DAMAGE, "the checksum is not its last key");
}

static status add_segment(struct snaps_header *h, struct segments *s, const json_t *row)
{
	const char *name = json_string_value(json_object_get(row, "name"));
	const json_t *shape = json_object_get(row, "shape");
	int64_t dims[TENSOR_DIMS];
	size_t ndim = json_array_size(shape), count = 1;
	if (!name || !*name || !json_is_array(shape) || ndim > TENSOR_DIMS)
		return fail(ERR_DAMAGE, "tensor \"%s\": expected a name and a shape of at most %d sizes", name ? name : "", TENSOR_DIMS);
	for (size_t d = 0; d < ndim; d++) {
		json_int_t dim = json_integer_value(json_array_get(shape, d));
		if (dim <= 0 || (size_t)dim > UINT32_MAX / count)
			return fail(ERR_DAMAGE, "tensor \"%s\": size %zu of its shape is impossible", name, d);
		dims[d] = dim;
		count *= (size_t)dim;
	}
	json_t *offset = json_object_get(row, "offset");
	if (!json_is_integer(offset) || json_integer_value(offset) != (json_int_t)s->count)
		return fail(ERR_DAMAGE, "tensor \"%s\": expected offset %zu", name, s->count);
	return segments_add(s, &h->arena, name, (int)ndim, dims, INIT_CONSTANT, 0, NULL);
}

static status read_table(struct snaps_header *h, const char *key, struct segments *s)
{
	size_t i;
	json_t *row, *table = json_object_get(h->json, key);
	if (!json_is_array(table))
		return fail(ERR_DAMAGE, "\"%s\" is missing", key);
	json_array_foreach(table, i, row)
		TRY(add_segment(h, s, row));
	return OK;
}

/* Roles are words of this program's, which it prints. */
static bool is_role(const char *text)
{
	return *text && text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-_")] == 0;
}

static status read_facts(struct snaps_header *h)
{
	const char *word = json_string_value(json_object_get(h->json, "dtype"));
	int dtype = words_find(SNAPS_DTYPE_WORDS, word);
	if (dtype < 0)
		return fail(ERR_DAMAGE, "dtype \"%s\": expected float32, float16 or bfloat16", word ? word : "");
	h->dtype = (enum snaps_dtype)dtype;
	TRY(read_table(h, "params", &h->params));
	TRY(read_table(h, "stats", &h->stats));
	json_t *sizes = json_object_get(h->json, "record_bytes"), *bytes;
	const char *role, *roles[SNAPS_ROLES + 1] = {NULL};
	int n = 0;
	if (json_object_size(sizes) > SNAPS_ROLES)
		return fail(ERR_DAMAGE, "\"record_bytes\" names more than %d roles", SNAPS_ROLES);
	json_object_foreach(sizes, role, bytes) {
		if (!is_role(role))
			return fail(ERR_DAMAGE, "\"record_bytes\": \"%s\" is no role", role);
		roles[n++] = role;
	}
	if (n == 0)
		return fail(ERR_DAMAGE, "\"record_bytes\" names no role");
	status s = layouts_of(roles, h->params.count, h->stats.count, h);
	if (s != OK)
		return fail_within(s == ERR_MEMORY ? s : ERR_DAMAGE, "\"record_bytes\": ");
	for (int i = 0; i < n; i++)
		if (json_integer_value(json_object_get(sizes, roles[i])) != (json_int_t)h->layout[i].bytes)
			return fail(ERR_DAMAGE, "\"record_bytes\": a record of role %s takes %zu bytes by the tensors' shapes", roles[i],
			            h->layout[i].bytes);
	return OK;
}

status snaps_header_read(int fd, const char *path, uint64_t size, struct snaps_header *out)
{
	uint8_t *data = NULL;
	size_t n = 0;
	*out = (struct snaps_header){.json = json_object()};
	status s = out->json ? read_bytes(fd, path, size, &data, &n) : fail(ERR_MEMORY, "out of memory");
	if (s == OK)
		s = check_seal(path, data, n, &out->checksum);
	if (s == OK) {
		s = to_object(data, n, out->json);
		if (s == OK)
			s = read_facts(out);
		if (s != OK)
			fail_within(s, "%s: the header: ", path);
	}
	free(data);
	out->bytes = n;
	if (s != OK)
		snaps_header_free(out);
	return s;
}
