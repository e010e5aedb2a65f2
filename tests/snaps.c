/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Snapshot files: round trips, going on, torn tails, damage, links. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/files.h"
#include "tests/tap.h"

static const char *const both[] = {"theta", "anchor", NULL};

/* Records of both roles for steps 10, 20, …; fills ends[] with the file's length after the header and each record. */
static void write_file(struct small_model *m, const char *path, enum snaps_dtype dtype, int steps, uint64_t *ends)
{
	struct snaps_writer *w;
	unlink(path);
	MUST(snaps_create(path, m->meta, &m->params, &m->stats, both, dtype, &w));
	*ends++ = snaps_length(w);
	for (int i = 1; i <= steps; i++) {
		m->theta[0] = (float)i;
		MUST(snaps_write(w, 10 * (uint64_t)i, 0.5 * i, "theta", i == 1 ? (double)NAN : 1.0 / i, m->theta, m->running));
		*ends++ = snaps_length(w);
		MUST(snaps_write(w, 10 * (uint64_t)i, 0.5 * i, "anchor", 1.0 / i, m->anchor, m->running));
		*ends++ = snaps_length(w);
	}
	MUST(snaps_close(w));
}

static void round_trip(enum snaps_dtype dtype, int with_stats)
{
	struct small_model m;
	struct snaps_reader *r;
	struct snaps_record record;
	uint64_t ends[9];
	const char *path = scratch_path("round.snaps"), *name = snaps_dtype_name(dtype);
	small_model_open(&m, with_stats);
	write_file(&m, path, dtype, 3, ends);
	MUST(snaps_open(path, 0, &r));
	ok(snaps_count(r) == 6 && snaps_torn(r) == 0, "%s: six records, no torn tail", name);
	int good = 0, steps = 0;
	for (size_t i = 0; i < 6; i++) {
		uint64_t step;
		const char *role;
		MUST(snaps_peek(r, i, &step, &role));
		MUST(snaps_read(r, i, &record));
		steps += step == 10 * (i / 2 + 1) && record.step == step && strcmp(role, both[i % 2]) == 0 &&
		         strcmp(record.role, role) == 0 && record.epoch == 0.5 * (double)(i / 2 + 1) &&
		         (i == 0 ? isnan(record.nll) : record.nll == 1.0 / (double)(i / 2 + 1));
		m.theta[0] = (float)(i / 2 + 1);
		/* Every value here has at most 8 significant bits, so all three types hold it. */
		good += memcmp(record.params, i % 2 ? m.anchor : m.theta, sizeof m.theta) == 0 &&
		        (with_stats ? memcmp(record.stats, m.running, sizeof m.running) == 0 : record.stats == NULL);
	}
	ok(steps == 6, "%s: steps, epochs, roles, losses come back", name);
	ok(good == 6, "%s: parameters and statistics come back in memory order", name);
	ok(snaps_read(r, 6, &record) == ERR_USAGE, "%s: a seventh record is refused", name);
	const json_t *meta = snaps_meta(r);
	ok(json_equal(json_object_get(meta, "sampler"), json_object_get(m.meta, "sampler")) &&
	   strcmp(json_string_value(json_object_get(meta, "dtype")), name) == 0 &&
	   json_integer_value(json_object_get(json_object_get(meta, "record_bytes"), "theta")) == (json_int_t)(ends[1] - ends[0]) &&
	   json_integer_value(json_object_get(json_object_get(meta, "record_bytes"), "anchor")) == (json_int_t)(ends[2] - ends[1]),
	   "%s: the header's facts come back, with the records' true sizes", name);
	snaps_reader_close(r);
	small_model_close(&m);
}

static void going_on(void)
{
	struct small_model m, other;
	struct snaps_writer *w;
	uint64_t ends[7];
	size_t n, n2;
	const char *path = scratch_path("on.snaps");
	small_model_open(&m, 1);
	small_model_open(&other, 0);
	write_file(&m, path, SNAPS_FLOAT32, 3, ends);
	uint8_t *whole = slurp(path, &n);
	ok(snaps_create(path, m.meta, &m.params, &m.stats, both, SNAPS_FLOAT32, &w) == ERR_IO, "an existing file is not replaced");
	ok(snaps_append(path, ends[3] + 1, &m.params, &m.stats, &w) == ERR_DAMAGE, "a length inside a record is refused");
	ok(snaps_append(path, ends[0] - 1, &m.params, &m.stats, &w) == ERR_DAMAGE, "a length inside the header is refused");
	ok(snaps_append(path, ends[6] + 1, &m.params, &m.stats, &w) == ERR_DAMAGE, "a length beyond the file is refused");
	ok(snaps_append(path, ends[2], &m.params, NULL, &w) == ERR_INPUT, "another model's tensors are refused");
	uint8_t *still = slurp(path, &n2);
	ok(n2 == n && memcmp(whole, still, n) == 0, "what was refused left the file as it was");
	free(still);
	MUST(snaps_append(path, ends[2], &m.params, &m.stats, &w));
	ok(snaps_length(w) == ends[2], "what lies beyond the length is cut off");
	ok(snaps_write(w, 20, 1, "velocity", 0, m.theta, m.running) == ERR_USAGE, "a role that the header lacks is refused");
	for (int i = 2; i <= 3; i++) {
		m.theta[0] = (float)i;
		MUST(snaps_write(w, 10 * (uint64_t)i, 0.5 * i, "theta", 1.0 / i, m.theta, m.running));
		MUST(snaps_write(w, 10 * (uint64_t)i, 0.5 * i, "anchor", 1.0 / i, m.anchor, m.running));
	}
	MUST(snaps_sync(w));
	MUST(snaps_close(w));
	still = slurp(path, &n2);
	ok(n2 == n && memcmp(whole, still, n) == 0, "written on from there, the file is the same bytes");
	free(still);
	free(whole);
	small_model_close(&m);
	small_model_close(&other);
}

/* Where a file that ends at every possible byte counts as whole, torn or damaged. */
static void truncations(void)
{
	struct small_model m;
	uint64_t ends[7];
	size_t n;
	const char *path = scratch_path("cut.snaps");
	small_model_open(&m, 1);
	write_file(&m, path, SNAPS_BFLOAT16, 3, ends);
	uint8_t *whole = slurp(path, &n);
	int torn = 0, damaged = 0, cases = 0;
	for (size_t length = ends[0]; length <= n; length++) {
		struct snaps_reader *r;
		size_t records = 0;
		while (records < 6 && ends[records + 1] <= length)
			records++;
		spit(path, whole, length);
		MUST(snaps_open(path, 0, &r));
		torn += snaps_count(r) == records && snaps_torn(r) == length - ends[records];
		snaps_reader_close(r);
		/* With a checkpoint that counts all three steps, each cut is damage. */
		struct snaps_record record;
		MUST(snaps_open(path, n, &r));
		damaged += snaps_torn(r) == 0 &&
		           (length == n ? snaps_count(r) == 6
		                        : snaps_count(r) == records + 1 && snaps_read(r, records, &record) == ERR_DAMAGE);
		snaps_reader_close(r);
		cases++;
	}
	ok(torn == cases, "without a checkpoint, an incomplete last record is a torn tail");
	ok(damaged == cases, "what a checkpoint counts and the file lacks is damage");
	struct snaps_reader *r;
	struct snaps_writer *w;
	spit(path, whole, ends[5] + 7);
	MUST(snaps_append(path, ends[4], &m.params, &m.stats, &w));
	MUST(snaps_close(w));
	MUST(snaps_open(path, ends[4], &r));
	ok(snaps_torn(r) == 0 && snaps_count(r) == 4, "going on cuts the torn tail off");
	snaps_reader_close(r);
	free(whole);
	small_model_close(&m);
}

static void damage(void)
{
	struct small_model m;
	struct snaps_reader *r;
	struct snaps_record record;
	uint64_t ends[7];
	size_t n;
	const char *path = scratch_path("bad.snaps");
	small_model_open(&m, 1);
	write_file(&m, path, SNAPS_FLOAT32, 3, ends);
	uint8_t *whole = slurp(path, &n);
	int found = 0, others = 0, cases = 0;
	for (size_t at = ends[2]; at < ends[3]; at++) {
		whole[at] ^= 0x10;
		spit(path, whole, n);
		whole[at] ^= 0x10;
		MUST(snaps_open(path, 0, &r));
		found += snaps_count(r) == 6 && snaps_read(r, 2, &record) == ERR_DAMAGE && strstr(fail_words(ERR_DAMAGE, "--"), path);
		for (size_t i = 0; i < 6; i++)
			others += i != 2 && snaps_read(r, i, &record) == OK;
		snaps_reader_close(r);
		cases++;
	}
	ok(found == cases, "a wrong byte anywhere in a record is found, naming the file");
	ok(others == 5 * cases, "and the other records are read");
	whole[ends[2] + 200] ^= 1;
	spit(path, whole, n);
	MUST(snaps_open(path, 0, &r));
	ok(snaps_read(r, 2, &record) == ERR_DAMAGE && strstr(fail_words(ERR_DAMAGE, "--"), "step 20, theta"),
	   "the message names the step");
	note("%s", fail_words(ERR_DAMAGE, "--"));
	snaps_reader_close(r);
	whole[ends[2] + 200] ^= 1;
	whole[ends[5] + 60] ^= 1;
	spit(path, whole, n);
	MUST(snaps_open(path, 0, &r));
	ok(snaps_torn(r) == 0 && snaps_read(r, 5, &record) == ERR_DAMAGE,
	   "a whole last record with a wrong byte is damage, not a torn tail");
	snaps_reader_close(r);
	ok(snaps_open(scratch_folder(), 0, &r) == ERR_INPUT, "a folder is no snapshot file");
	spit(path, "PK\3\4 something else", 19);
	ok(snaps_open(path, 0, &r) == ERR_INPUT, "another kind of file is refused");
	spit(path, "", 0);
	ok(snaps_open(path, 0, &r) == ERR_INPUT, "an empty file is refused");
	ok(snaps_open(scratch_path("none.snaps"), 0, &r) == ERR_INPUT, "a missing file is refused");
	free(whole);
	small_model_close(&m);
}

/* What a power cut can leave: the length is there, the bytes are zeros. */
static void zeros(void)
{
	static const char *const roles[] = {"anchor", "theta", NULL};  /* the longer record first */
	struct small_model m;
	struct snaps_writer *w;
	struct snaps_reader *r;
	struct snaps_record record;
	const char *path = scratch_path("zeros.snaps");
	size_t n;
	small_model_open(&m, 0);
	MUST(snaps_create(path, m.meta, &m.params, NULL, roles, SNAPS_FLOAT32, &w));
	uint64_t begin = snaps_length(w);
	MUST(snaps_write(w, 1, 0, "theta", 0, m.theta, NULL));
	uint64_t end = snaps_length(w);
	MUST(snaps_close(w));
	uint8_t *data = slurp(path, &n), *longer = calloc(2, n);
	if (!longer)
		return;
	memcpy(longer, data, n);
	spit(path, longer, end + (end - begin) - 1);
	MUST(snaps_open(path, end, &r));
	ok(snaps_count(r) == 1 && snaps_torn(r) == end - begin - 1, "zeros shorter than a record are a torn tail");
	snaps_reader_close(r);
	spit(path, longer, end + (end - begin));
	MUST(snaps_open(path, end, &r));
	ok(snaps_count(r) == 2 && snaps_torn(r) == 0 && snaps_read(r, 0, &record) == OK && snaps_read(r, 1, &record) == ERR_DAMAGE,
	   "as many as a record are damage");
	snaps_reader_close(r);
	MUST(snaps_append(path, end, &m.params, NULL, &w));
	ok(snaps_length(w) == end, "going on cuts them off");
	MUST(snaps_close(w));
	free(data);
	free(longer);
	small_model_close(&m);
}

static void out_of_range(void)
{
	struct small_model m;
	struct snaps_writer *w;
	const char *path = scratch_path("range.snaps");
	small_model_open(&m, 0);
	MUST(snaps_create(path, m.meta, &m.params, NULL, both, SNAPS_FLOAT16, &w));
	uint64_t length = snaps_length(w);
	m.theta[30] = 65520;
	ok(snaps_write(w, 1, 0, "theta", 0, m.theta, NULL) == ERR_USAGE && strstr(fail_words(ERR_USAGE, "--"), "fc.weight") &&
	   snaps_length(w) == length, "a value beyond float16 is refused, naming the tensor");
	m.theta[30] = 65519;
	ok(snaps_write(w, 1, 0, "theta", 0, m.theta, NULL) == OK, "float16's largest value is not");
	MUST(snaps_close(w));
	small_model_close(&m);
}

/* A file that is a link to another one is read, and not written to. */
static void links(void)
{
	struct small_model m;
	struct snaps_writer *w;
	struct snaps_reader *r;
	uint64_t ends[3];
	const char *path = scratch_path("own.snaps"), *link = scratch_path("link.snaps");
	small_model_open(&m, 1);
	write_file(&m, path, SNAPS_FLOAT32, 1, ends);
	MUST(symlink(path, link));
	ok(snaps_append(link, ends[1], &m.params, &m.stats, &w) == ERR_IO && strstr(fail_message(ERR_IO), "symbolic link"),
	   "a link is not gone on with");
	MUST(snaps_open(link, 0, &r));
	ok(snaps_count(r) == 2, "what it leads to is read, and whole");
	snaps_reader_close(r);
	small_model_close(&m);
}

/* Files of every type for readers in other languages. */
static void write_for_others(const char *folder)
{
	struct small_model m;
	uint64_t ends[7];
	for (int dtype = SNAPS_FLOAT32; dtype <= SNAPS_BFLOAT16; dtype++) {
		char path[1024];
		snprintf(path, sizeof path, "%s/%s.snaps", folder, snaps_dtype_name((enum snaps_dtype)dtype));
		small_model_open(&m, 1);
		write_file(&m, path, (enum snaps_dtype)dtype, 3, ends);
		small_model_close(&m);
	}
}

/* `write FOLDER` writes files for tests/read_snaps.t instead of testing. */
int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "write") == 0) {
		write_for_others(argv[2]);
		return 0;
	}
	for (int dtype = SNAPS_FLOAT32; dtype <= SNAPS_BFLOAT16; dtype++)
		round_trip((enum snaps_dtype)dtype, dtype != SNAPS_FLOAT16);
	going_on();
	truncations();
	damage();
	zeros();
	out_of_range();
	links();
	return done_testing();
}
