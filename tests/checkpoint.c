/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Checkpoints: exact round trips, refusals, replacement that a full disk or kill -9 can't break. */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xxhash.h>

#include "src/files/checkpoint.h"
#include "src/files/pack.h"
#include "tests/files.h"
#include "src/rng.h"
#include "tests/tap.h"

enum { MANY = 100000, FEW = 5 };

static float theta[MANY], velocity[FEW];

static const struct checkpoint_blob blobs[] = {{"theta", theta, sizeof theta}, {"velocity", velocity, sizeof velocity}};

static json_t *facts(int step)
{
	return json_pack("{s:i, s:f, s:f, s:[f,f], s:s, s:n}", "step", step, "tenth", 0.1, "third", 1.0 / 3, "edges", 5e-324, -0.0,
	                 "state", "running", "nothing");
}

static void fill(uint32_t seed)
{
	for (uint32_t i = 0; i < MANY; i++) {
		uint32_t words[4];
		rng_words((struct rng_key){seed, 0}, STREAM_PROBE, 0, i, words);
		memcpy(&theta[i], words, sizeof *theta);  /* any bits, NaNs too */
		if (i < FEW)
			memcpy(&velocity[i], words + 1, sizeof *velocity);
	}
}

static void round_trip(void)
{
	const char *path = scratch_path("chain-0.ckpt");
	static float a[MANY], b[FEW];
	struct checkpoint_blob to[] = {{"theta", a, sizeof a}, {"velocity", b, sizeof b}};
	json_t *meta = facts(7), *back;
	fill(1);
	MUST(checkpoint_write(path, meta, blobs, 2));
	MUST(checkpoint_read(path, &back, to, 2));
	ok(json_equal(meta, back) && signbit(json_real_value(json_array_get(json_object_get(back, "edges"), 1))),
	   "facts come back exactly");
	ok(memcmp(a, theta, sizeof a) == 0 && memcmp(b, velocity, sizeof b) == 0, "vectors come back bit for bit");
	json_decref(back);
	MUST(checkpoint_meta(path, &back));
	ok(json_equal(meta, back), "facts are read alone");
	json_decref(back);
	ok(access(scratch_path("chain-0.ckpt.tmp"), F_OK) != 0, "no temporary file stays");
	to[1].bytes -= 4;
	ok(checkpoint_read(path, &back, to, 2) == ERR_INPUT && !back && strstr(fail_words(ERR_INPUT, "--"), "velocity"),
	   "a vector of another size is refused, by name");
	to[1] = (struct checkpoint_blob){"anchor", b, sizeof b};
	ok(checkpoint_read(path, &back, to, 2) == ERR_INPUT && strstr(fail_words(ERR_INPUT, "--"), "anchor"),
	   "so is one of another name");
	ok(checkpoint_read(path, &back, to, 1) == ERR_INPUT, "and another number of them");
	MUST(checkpoint_write(path, meta, NULL, 0));
	MUST(checkpoint_read(path, &back, NULL, 0));
	ok(json_equal(meta, back), "a checkpoint without vectors works");
	json_decref(back);
	/* Facts beyond the window that is read first. */
	json_t *long_list = json_array();
	for (int i = 0; i < 20000; i++)
		json_array_append_new(long_list, json_real(1.0 / (i + 1)));
	json_object_set_new(meta, "list", long_list);
	MUST(checkpoint_write(path, meta, blobs, 2));
	to[1].name = "velocity";
	MUST(checkpoint_read(path, &back, to, 2));
	ok(json_equal(meta, back) && memcmp(a, theta, sizeof a) == 0, "long facts come back too");
	json_decref(back);
	json_decref(meta);
}

static void damage(void)
{
	const char *path = scratch_path("bad.ckpt");
	json_t *meta = facts(7), *back;
	size_t n;
	int flips = 0, cuts = 0, cases = 0;
	struct checkpoint_blob to[] = {{"velocity", velocity, sizeof velocity}};
	MUST(checkpoint_write(path, meta, to, 1));
	uint8_t *whole = slurp(path, &n);
	for (size_t i = 0; i < n; i++, cases++) {
		whole[i] ^= 0x40;
		spit(path, whole, n);
		flips += checkpoint_read(path, &back, to, 1) == ERR_DAMAGE && !back;
		whole[i] ^= 0x40;
		spit(path, whole, i);
		cuts += checkpoint_read(path, &back, to, 1) == ERR_DAMAGE && !back;
	}
	ok(flips == cases && cuts == cases, "a wrong byte or a missing end is found everywhere (%d places)", cases);
	ok(checkpoint_meta(scratch_path("none.ckpt"), &back) == ERR_INPUT, "a missing file is ERR_INPUT");
	ok(checkpoint_meta(scratch_folder(), &back) == ERR_INPUT, "so is a folder");
	free(whole);
	json_decref(meta);
}

/* The bytes of the facts in a checkpoint: up to the map of vectors. */
static size_t facts_end(const uint8_t *data, size_t n)
{
	const uint8_t *key = memmem(data, n, "\xa5" "blobs", 6);
	return key ? (size_t)(key - data) : 0;
}

static int facts_are(const char *path, const json_t *want)
{
	json_t *back;
	bool same = checkpoint_facts(path, &back) == OK && json_equal(want, back);
	json_decref(back);
	return same;
}

static int facts_are_damaged(const char *path)
{
	json_t *back;
	return checkpoint_facts(path, &back) == ERR_DAMAGE && !back;
}

/* A large file's facts are read without its vectors. */
static void facts_alone(void)
{
	const char *path = scratch_path("large.ckpt");
	json_t *meta = facts(7), *back;
	size_t n;
	fill(3);
	MUST(checkpoint_write(path, meta, blobs, 2));
	uint8_t *data = slurp(path, &n);
	size_t end = facts_end(data, n);
	ok(end && facts_are(path, meta), "the facts of a large checkpoint are read alone");
	int found = 0;
	for (size_t i = 0; i < end; i++) {
		data[i] ^= 0x20;
		spit(path, data, n);
		data[i] ^= 0x20;
		found += facts_are_damaged(path);
	}
	ok(found == (int)end, "a wrong byte of theirs is found everywhere (%d places)", (int)end);
	data[n / 2] ^= 1;
	spit(path, data, n);
	ok(facts_are(path, meta) && checkpoint_meta(path, &back) == ERR_DAMAGE, "one in a vector is looked for by others");
	data[n / 2] ^= 1;
	spit(path, data, n - 1);
	ok(facts_are_damaged(path), "a missing end is seen");
	free(data);
	json_decref(meta);
}

/* What an earlier version wrote: no checksum but the whole file's. */
static void facts_of_old(void)
{
	enum { PAIR = 1 + 14 + 1 + 16 };
	const char *path = scratch_path("old.ckpt");
	json_t *meta = facts(7);
	size_t n;
	MUST(checkpoint_write(path, meta, blobs, 2));
	uint8_t *data = slurp(path, &n), *map = memmem(data, n, "\xa4meta", 5);
	size_t end = facts_end(data, n);
	map[5]--;
	memmove(data + end - PAIR, data + end, n - end);
	n -= PAIR;
	pack_seal(data + n - PACK_SEAL, XXH3_64bits(data, n - PACK_SEAL));
	spit(path, data, n);
	ok(facts_are(path, meta), "the facts of an earlier version's checkpoint are read");
	data[n / 2] ^= 1;
	spit(path, data, n);
	ok(facts_are_damaged(path), "and of that all bytes are checked");
	free(data);
	json_decref(meta);
}

struct work {
	const char *path;
	int step;
};

static int write_one(void *context)
{
	struct work *w = context;
	json_t *meta = facts(w->step);
	status s = checkpoint_write(w->path, meta, blobs, 2);
	json_decref(meta);
	return s == OK ? 0 : s == ERR_IO && strstr(fail_words(s, "--"), "free space") ? 10 : 1;
}

static void full_disk(void)
{
	struct work w = {scratch_path("full.ckpt"), 1};
	json_t *meta;
	spit(scratch_path("run.json"), "{}", 2);
	fill(2);
	MUST((status)write_one(&w));
	w.step = 2;
	int good = 0, cases = 0;
	for (size_t limit = 0; limit < sizeof theta; limit += sizeof theta / 9, cases++) {
		int got = with_file_limit(limit, write_one, &w);
		MUST(checkpoint_meta(w.path, &meta));
		good += got == 10 && json_integer_value(json_object_get(meta, "step")) == 1 &&
		        access(scratch_path("full.ckpt.tmp"), F_OK) != 0;
		json_decref(meta);
	}
	ok(good == cases, "on a full disk the old checkpoint stays whole, and no temporary file");
	w.path = scratch_path("no-such-folder/x.ckpt");
	ok(write_one(&w) == 1, "a missing folder is another failure");
}

static void unwritable_folder(void)
{
	const char *folder = scratch_path("locked");
	struct work w = {scratch_path("locked/x.ckpt"), 1};
	if (geteuid() == 0) {
		skip("a folder without write permission", "root may write everywhere");
		return;
	}
	ok(mkdir(folder, 0555) == 0 && write_one(&w) == 1 && strstr(fail_words(ERR_IO, "--"), w.path),
	   "a folder without write permission is named");
	chmod(folder, 0755);
}

static void sudden_death(void)
{
	const char *path = scratch_path("killed.ckpt");
	int good = 0, advanced = 0;
	struct work first = {path, 0};
	MUST((status)write_one(&first));
	for (int trial = 0; trial < 20; trial++) {
		fflush(stdout);
		pid_t pid = fork();
		if (pid == 0)
			for (struct work w = {path, 1};; w.step++) {
				memset(theta, w.step & 0xff, sizeof theta);
				if (write_one(&w))
					_exit(1);
			}
		usleep(2000 + 777 * (unsigned)trial);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		json_t *meta;
		static float a[MANY], b[FEW];
		struct checkpoint_blob to[] = {{"theta", a, sizeof a}, {"velocity", b, sizeof b}};
		if (checkpoint_read(path, &meta, to, 2) != OK)
			continue;
		json_int_t step = json_integer_value(json_object_get(meta, "step"));
		static float want[MANY];
		if (step == 0)
			memcpy(want, theta, sizeof want);
		else
			memset(want, (int)(step & 0xff), sizeof want);
		good += memcmp(a, want, sizeof want) == 0;
		advanced += step > 0;
		json_decref(meta);
	}
	ok(good == 20, "after kill -9 the checkpoint is one that was written whole");
	ok(advanced > 0, "and writing had begun (%d of 20 times)", advanced);
}

int main(void)
{
	round_trip();
	damage();
	facts_alone();
	facts_of_old();
	full_disk();
	unwritable_folder();
	sudden_death();
	return done_testing();
}
