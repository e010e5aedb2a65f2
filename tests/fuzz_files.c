/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Readers of snapshots and checkpoints on files with every byte changed and every length cut, with the old checksums and
 * with ones that match again: always a clean status, within memory, and never a wrong number behind a good checksum. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <xxhash.h>

#include "src/files/checkpoint.h"
#include "tests/files.h"
#include "src/files/pack.h"
#include "tests/tap.h"

/* What a byte becomes: other bits, and the type bytes of 4-byte lengths. */
static const uint8_t changes[] = {0x01, 0x80, 0xff};
static const uint8_t values[] = {0x00, 0x7f, 0xc6, 0xdb, 0xdd, 0xdf};
enum { VARIANTS = sizeof changes + sizeof values };

static uint8_t variant(uint8_t byte, size_t v)
{
	return v < sizeof changes ? byte ^ changes[v] : values[v - sizeof changes];
}

struct seen {
	int clean, cases, accepted;
};

static void count(struct seen *s, status got)
{
	s->cases++;
	s->clean += got == OK || got == ERR_INPUT || got == ERR_DAMAGE;
	s->accepted += got == OK;
	if (got != OK && !strstr(fail_words(got, "--"), ".bin"))
		s->clean--;
}

static void reseal(uint8_t *data, size_t end)
{
	pack_seal(data + end - PACK_SEAL, XXH3_64bits(data, end - PACK_SEAL));
}

/* ---- snapshots ---- */

static struct small_model model;

/* Opens and reads all there is; the worst status. */
static status read_all(const char *path, uint64_t committed)
{
	struct snaps_reader *r;
	struct snaps_record record;
	status worst = OK;
	TRY(snaps_open(path, committed, &r));
	for (size_t i = 0; i < snaps_count(r); i++) {
		uint64_t step;
		const char *role;
		status peeked = snaps_peek(r, i, &step, &role), s = snaps_read(r, i, &record);
		if (peeked != OK || s != OK)
			worst = s != OK ? s : peeked;
	}
	snaps_reader_close(r);
	return worst;
}

static void snapshots(void)
{
	static const char *const roles[] = {"theta", "anchor", NULL};
	const char *path = scratch_path("fuzz.bin");
	struct snaps_writer *w;
	struct seen flipped = {0}, sealed = {0}, cut = {0}, records = {0};
	uint64_t header, first, second;
	size_t n;
	small_model_open(&model, 1);
	MUST(snaps_create(path, model.meta, &model.params, &model.stats, roles, SNAPS_FLOAT16, &w));
	header = snaps_length(w);
	MUST(snaps_write(w, 1, 0.5, "theta", 1, model.theta, model.running));
	first = snaps_length(w);
	MUST(snaps_write(w, 1, 0.5, "anchor", 1, model.anchor, model.running));
	second = snaps_length(w);
	MUST(snaps_close(w));
	uint8_t *data = slurp(path, &n), *copy = malloc(n);
	if (!copy)
		return;
	for (size_t i = 0; i < n; i++)
		for (size_t v = 0; v < VARIANTS; v++) {
			memcpy(copy, data, n);
			copy[i] = variant(data[i], v);
			if (copy[i] == data[i] || !in_turn())
				continue;
			spit(path, copy, n);
			count(&flipped, read_all(path, v % 2 ? second : 0));
			uint64_t from = i < header ? 0 : i < first ? header : first;
			reseal(copy + from, (i < header ? header : i < first ? first : second) - from);
			spit(path, copy, n);
			count(i < header ? &sealed : &records, read_all(path, 0));
		}
	for (size_t length = 0; length < n; length++) {
		spit(path, data, length);
		count(&cut, read_all(path, length % 2 ? second : 0));
	}
	ok(flipped.clean == flipped.cases && flipped.accepted == 0, "snapshots: each of %d changed bytes is found", flipped.cases);
	ok(sealed.clean == sealed.cases, "snapshots: %d headers changed under a matching checksum, %d of them acceptable",
	   sealed.cases, sealed.accepted);
	ok(records.clean == records.cases && records.accepted > 0, "snapshots: %d records likewise, %d of them acceptable",
	   records.cases, records.accepted);
	ok(cut.clean == cut.cases, "snapshots: %d lengths", cut.cases);
	free(copy);
	free(data);
	small_model_close(&model);
}

/* A header that promises far more than its file holds. */
static void promises(void)
{
	const char *path = scratch_path("promise.bin");
	static const char *const roles[] = {"theta", NULL};
	struct arena arena = {0};
	struct segments huge = {0};
	struct snaps_writer *w = NULL;
	msgpack_sbuffer b;
	json_t *header = json_pack("{s:s, s:i, s:s, s:[{s:s, s:[I, I], s:i}], s:[], s:{s:I}}", "format", "basin-snapshots",
	                           "version", 1, "dtype", "float32", "params", "name", "w", "shape", (json_int_t)1 << 15,
	                           (json_int_t)1 << 14, "offset", 0, "stats", "record_bytes", "theta", (json_int_t)0);
	/* 7 keys, "step" uint64, "epoch" and "nll" float64, "role" "theta", "params" bin32 of 2³¹ bytes, "stats" bin8 of 0. */
	json_int_t bytes = 1 + (5 + 9) + (6 + 9) + (5 + 6) + (4 + 9) + (7 + 5) + 8;
	bytes += ((json_int_t)1 << 31) + PACK_SEAL;
	json_object_set_new(json_object_get(header, "record_bytes"), "theta", json_integer(bytes));
	msgpack_packer p;
	msgpack_sbuffer_init(&b);
	msgpack_packer_init(&p, &b, msgpack_sbuffer_write);
	MUST(pack_json(&p, header));
	b.data[0]++;  /* one pair more: the seal */
	uint8_t seal[PACK_SEAL];
	pack_seal(seal, XXH3_64bits(b.data, b.size));
	msgpack_sbuffer_write(&b, (char *)seal, sizeof seal);
	msgpack_sbuffer_write(&b, "\x87\xa4step", 6);
	spit(path, b.data, b.size);
	struct snaps_reader *r;
	ok(snaps_open(path, 0, &r) == OK && snaps_count(r) == 0 && snaps_torn(r) == 6,
	   "a header that promises 2 GiB records in a short file costs nothing");
	snaps_reader_close(r);
	msgpack_sbuffer_destroy(&b);
	json_decref(header);
	MUST(segments_add(&huge, &arena, "w", 2, (int64_t[]){1 << 20, 1 << 11}, INIT_CONSTANT, 0, NULL));
	header = json_object();
	ok(snaps_create(scratch_path("huge.bin"), header, &huge, NULL, roles, SNAPS_FLOAT32, &w) == ERR_USAGE && !w,
	   "a record beyond msgpack's 4 GiB is refused before it is begun");
	json_decref(header);
	arena_free(&arena);
}

/* ---- checkpoints ---- */

static void checkpoints(void)
{
	const char *path = scratch_path("ckpt.bin");
	static float theta[6] = {1, 2, 3, 4, 5, 6}, got[6];
	const struct checkpoint_blob from[] = {{"theta", theta, sizeof theta}}, to[] = {{"theta", got, sizeof got}};
	json_t *facts = json_pack("{s:i, s:[f, f], s:{s:s}}", "step", 7, "list", 0.5, 0.25, "map", "state", "running"), *meta;
	struct seen flipped = {0}, sealed = {0}, cut = {0};
	size_t n;
	MUST(checkpoint_write(path, facts, from, 1));
	uint8_t *data = slurp(path, &n), *copy = malloc(n);
	if (!copy)
		return;
	for (size_t i = 0; i < n; i++)
		for (size_t v = 0; v < VARIANTS; v++) {
			memcpy(copy, data, n);
			copy[i] = variant(data[i], v);
			if (copy[i] == data[i] || !in_turn())
				continue;
			spit(path, copy, n);
			count(&flipped, checkpoint_read(path, &meta, to, 1));
			json_decref(meta);
			reseal(copy, n);
			spit(path, copy, n);
			count(&sealed, checkpoint_read(path, &meta, to, 1));
			json_decref(meta);
		}
	for (size_t length = PACK_SEAL; length < n; length++) {
		memcpy(copy, data, length);
		reseal(copy, length);
		spit(path, copy, length);
		count(&cut, checkpoint_read(path, &meta, to, 1));
		json_decref(meta);
	}
	ok(flipped.clean == flipped.cases && flipped.accepted == 0,
	   "checkpoints: each of %d changed bytes is found", flipped.cases);
	ok(sealed.clean == sealed.cases, "checkpoints: %d of them under a matching checksum, %d acceptable", sealed.cases,
	   sealed.accepted);
	ok(cut.clean == cut.cases && cut.accepted == 0, "checkpoints: %d lengths under a matching checksum", cut.cases);
	free(copy);
	free(data);
	json_decref(facts);
}

int main(void)
{
#ifndef __SANITIZE_ADDRESS__
	/* A reader that believed a length would run into this; AddressSanitizer itself needs more. */
	struct rlimit limit = {UINT64_C(1) << 30, UINT64_C(1) << 30};
	setrlimit(RLIMIT_AS, &limit);
#endif
	snapshots();
	promises();
	checkpoints();
	return done_testing();
}
