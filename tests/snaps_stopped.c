/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What a writer of snapshots leaves where it can't go on: full disks, sudden death, headers that none could read. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/files/pack.h"
#include "src/json_build.h"
#include "tests/files.h"
#include "tests/tap.h"

static const char *const both[] = {"theta", "anchor", NULL};

/* ---- a full disk ---- */

/* Only a run is gone on with: run.json tells. */
static int fill_loose_disk(void *context)
{
	struct snaps_writer *w;
	struct small_model m;
	small_model_open(&m, 1);
	status s = snaps_create(context, m.meta, &m.params, &m.stats, both, SNAPS_FLOAT32, &w);
	while (s == OK)
		s = snaps_write(w, 0, 0, "theta", 0, m.theta, m.running);
	return s == ERR_IO && strstr(fail_words(s, "--"), "limit on file sizes") && !strstr(fail_words(s, "--"), "resume") ? 10 : 1;
}

struct disk {
	struct small_model m;
	const char *path;
	int whole;       /* records that fit */
	size_t limit;
};

static int fill_disk(void *context)
{
	struct disk *d = context;
	struct snaps_writer *w;
	if (snaps_create(d->path, d->m.meta, &d->m.params, &d->m.stats, both, SNAPS_FLOAT32, &w) != OK)
		return access(d->path, F_OK) == 0 ? 1 : 10;
	for (int i = 0;; i++) {
		uint64_t before = snaps_length(w);
		status s = snaps_write(w, (uint64_t)i, 0, "theta", 0, d->m.theta, d->m.running);
		if (s == OK)
			continue;
		/* A second try must fail in the same way: the file ends where it did. */
		status again = snaps_write(w, (uint64_t)i, 0, "theta", 0, d->m.theta, d->m.running);
		bool good = s == ERR_IO && again == ERR_IO && snaps_length(w) == before &&
		            strstr(fail_words(s, "--"), "what was written so far is whole") &&
		            strstr(fail_words(s, "--"), "basin sample --resume") && strstr(fail_words(s, "--"), d->path);
		return !good ? 1 : i == d->whole ? 20 : 2;
	}
}

static void full_disk(void)
{
	struct disk d = {.path = scratch_path("full.snaps")};
	struct snaps_writer *w;
	char *loose = strdup(scratch_path("loose.snaps"));
	ok(with_file_limit(4000, fill_loose_disk, loose) == 10, "a full disk under a file that is no run's gives no advice to go on with one");
	free(loose);
	spit(scratch_path("run.json"), "{}", 2);
	small_model_open(&d.m, 1);
	MUST(snaps_create(d.path, d.m.meta, &d.m.params, &d.m.stats, both, SNAPS_FLOAT32, &w));
	uint64_t header = snaps_length(w);
	MUST(snaps_write(w, 0, 0, "theta", 0, d.m.theta, d.m.running));
	uint64_t record = snaps_length(w) - header;
	MUST(snaps_close(w));
	int good = 0, cases = 0;
	for (uint64_t spare = 0; spare < 3 * record; spare += 17) {
		struct snaps_reader *r;
		unlink(d.path);
		d.whole = (int)(spare / record);
		int got = with_file_limit(header + spare, fill_disk, &d);
		MUST(snaps_open(d.path, 0, &r));
		good += got == 20 && snaps_torn(r) == 0 && snaps_count(r) == (size_t)d.whole;
		snaps_reader_close(r);
		cases++;
	}
	ok(good == cases, "a full disk leaves whole records only, and says how to go on (%d places)", cases);
	unlink(d.path);
	ok(with_file_limit(header - 1, fill_disk, &d) == 10, "where the header does not fit, no file stays");
	small_model_close(&d.m);
}

/* ---- kill -9 ---- */

static void sudden_death(void)
{
	const char *path = scratch_path("killed.snaps");
	struct small_model m;
	int good = 0, written = 0;
	small_model_open(&m, 1);
	for (int trial = 0; trial < 20; trial++) {
		int ready[2];
		char byte;
		unlink(path);
		fflush(stdout);
		if (pipe(ready)) {
			perror("pipe");
			exit(99);
		}
		pid_t pid = fork();
		if (pid == 0) {
			struct snaps_writer *w;
			if (snaps_create(path, m.meta, &m.params, &m.stats, both, SNAPS_FLOAT32, &w) != OK || write(ready[1], "x", 1) != 1)
				_exit(1);
			for (uint64_t i = 0;; i++)
				if (snaps_write(w, i, 0, "theta", 0, m.theta, m.running) != OK)
					_exit(1);
		}
		close(ready[1]);
		if (read(ready[0], &byte, 1) == 1)
			usleep(500 * (unsigned)trial);
		close(ready[0]);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		struct snaps_reader *r;
		struct snaps_record record;
		MUST(snaps_open(path, 0, &r));
		size_t n = snaps_count(r), whole = 0;
		for (size_t i = 0; i < n; i++)
			whole += snaps_read(r, i, &record) == OK && record.step == i;
		good += whole == n;
		written += n > 0;
		snaps_reader_close(r);
	}
	ok(good == 20, "after kill -9 in the middle of writing every record is whole");
	ok(written >= 10, "and there were records (%d of 20 times)", written);
	small_model_close(&m);
}

/* ---- headers ---- */

/* A fact of the header is read as it was written. */
static void comes_back(struct small_model *m, const char *path, const char *key, json_t *value, const char *words)
{
	struct snaps_writer *w;
	struct snaps_reader *r;
	MUST(json_object_set(m->meta, key, value));
	MUST(snaps_create(path, m->meta, &m->params, &m->stats, both, SNAPS_FLOAT32, &w));
	MUST(snaps_close(w));
	MUST(snaps_open(path, 0, &r));
	ok(json_equal(json_object_get(snaps_meta(r), key), value), "%s", words);
	snaps_reader_close(r);
	unlink(path);
}

/* What the reader refuses must not be written either: it is found out at once, and no file is left. */
static void read_back(void)
{
	struct small_model m;
	struct snaps_writer *w;
	const char *path = scratch_path("back.snaps");
	char name[400];
	json_t *class_names = json_pack("[s,s]", "", "ordinary");
	memset(name, 'k', sizeof name);
	name[sizeof name - 1] = 0;
	small_model_open(&m, 1);
	comes_back(&m, path, "classes", class_names, "an empty class name comes back");
	MUST(json_object_set_new(m.meta, name, json_integer(1)));
	ok(snaps_create(path, m.meta, &m.params, &m.stats, both, SNAPS_FLOAT32, &w) == ERR_DAMAGE && access(path, F_OK) != 0,
	   "a header that could not be read again is not left");
	MUST(json_object_del(m.meta, name));
	/* Two figures for each of 400,000 columns, as a wide table has, are more than 4 MiB. */
	json_t *numbers = json_array();
	for (int i = 0; i < 800000; i++)
		json_add(&numbers, json_real(0.5 * i));
	comes_back(&m, path, "standardize", numbers, "a wide table's figures come back");
	while (json_array_size(numbers) < PACK_VALUES_MOST)
		json_add(&numbers, json_null());
	ok(snaps_create(path, m.meta, &m.params, &m.stats, both, SNAPS_FLOAT32, &w) == ERR_DAMAGE &&
	   strstr(fail_message(ERR_DAMAGE), "4194304 values") && access(path, F_OK) != 0, "more values than a header may have do not");
	json_decref(numbers);
	json_decref(class_names);
	small_model_close(&m);
}

int main(void)
{
	full_disk();
	sudden_death();
	read_back();
	return done_testing();
}
