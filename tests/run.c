/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Run folders: made whole or not at all, locked while written, read by anyone. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/files.h"
#include "src/files/run.h"
#include "tests/tap.h"

static json_t *facts(int chains)
{
	return json_pack("{s:s, s:i, s:{s:f, s:s}}", "format", "basin-run", "chains", chains, "options", "lr", 0.1, "data",
	                 "cifar10:/data/é");
}

static void create_and_open(void)
{
	const char *path = scratch_path("run"), *file;
	json_t *json = facts(3);
	struct run r, again;
	MUST(run_create(scratch_path("run/"), json, &r));
	ok(strcmp(r.path, path) == 0 && r.chains == 3 && r.lock >= 0, "a run is made and locked");
	MUST(run_file(&r, 2, "snaps", &file));
	ok(strcmp(file, scratch_path("run/chain-2.snaps")) == 0, "a chain's file has its name");
	struct run other;
	ok(run_create(path, json, &other) == ERR_USAGE && strstr(fail_words(ERR_USAGE, "--"), "--out"),
	   "an existing folder is refused");
	MUST(run_open(path, false, &again));
	ok(json_equal(again.json, json) && again.chains == 3 && again.lock < 0, "others read it meanwhile");
	run_close(&again);
	char pid[24];
	snprintf(pid, sizeof pid, "%ld", (long)getpid());
	ok(run_open(path, true, &again) == ERR_USAGE && strstr(fail_words(ERR_USAGE, "--"), pid),
	   "a second writer is refused, with the first one's number");
	json_object_set_new(r.json, "chains", json_integer(4));
	MUST(run_save(&r));
	ok(run_open(path, true, &again) == ERR_USAGE, "writing run.json again does not loosen the lock");
	run_close(&r);
	MUST(run_open(path, true, &again));
	ok(again.chains == 4, "after closing, the next writer gets it, as it was saved");
	run_close(&again);
	json_decref(json);
}

static void refusals(void)
{
	struct run r;
	const char *file = scratch_path("x.snaps");
	json_t *json = facts(1);
	spit(file, "x", 1);
	ok(run_open(file, false, &r) == ERR_INPUT && strstr(fail_words(ERR_INPUT, "--"), "run.json"), "a file is not a run");
	ok(run_open(scratch_folder(), true, &r) == ERR_INPUT && access(scratch_path("lock"), F_OK) != 0,
	   "a folder without run.json is not, and stays as it is");
	ok(run_open(scratch_path("none"), false, &r) == ERR_INPUT, "nor is what does not exist");
	ok(run_create(file, json, &r) == ERR_USAGE, "a run does not replace a file");
	ok(run_create(scratch_path("none/run"), json, &r) == ERR_USAGE && strstr(fail_words(ERR_USAGE, "--"), "none/run"),
	   "a missing parent folder is named");
	mkdir(scratch_path("odd"), 0777);
	static const char *const texts[] = {"{\n \"chains\": 1,\n}", "[]", "{\"format\": \"other\", \"chains\": 1}",
	                                    "{\"format\": \"basin-run\", \"chains\": 0}", "",
	                                    "{\"format\": \"basin-run\", \"chains\": 100001}"};
	int refused = 0;
	for (int i = 0; i < 6; i++) {
		spit(scratch_path("odd/run.json"), texts[i], strlen(texts[i]));
		refused += run_open(scratch_path("odd"), false, &r) == ERR_INPUT && strstr(fail_words(ERR_INPUT, "--"), "run.json") != NULL;
	}
	ok(refused == 6, "a run.json that is not one is refused, naming the file");
	json_decref(json);
}

/* Whoever may write in a run's folder must not make a command wait for ever, nor choose a file that is written over. */
static void strange_files(void)
{
	struct run r;
	size_t n;
	const char *lock = scratch_path("odd/lock"), *target = scratch_path("precious");
	unlink(scratch_path("odd/run.json"));
	if (mkfifo(scratch_path("odd/run.json"), 0666) == 0)
		ok(run_open(scratch_path("odd"), false, &r) == ERR_INPUT && strstr(fail_message(ERR_INPUT), "not a regular file"),
		   "a FIFO is no run.json, and is not waited for");
	else
		skip("a FIFO is no run.json", "no FIFO can be made here");
	unlink(scratch_path("odd/run.json"));
	spit(scratch_path("odd/run.json"), "{\"format\": \"basin-run\", \"chains\": 1}", 36);
	spit(target, "as it was", 9);
	ok(symlink(target, lock) == 0 && run_open(scratch_path("odd"), true, &r) == ERR_IO &&
	   strstr(fail_message(ERR_IO), "symbolic link"), "a lock that is a link is refused");
	uint8_t *text = slurp(target, &n);
	ok(n == 9 && memcmp(text, "as it was", 9) == 0, "and nothing is written through it");
	free(text);
	unlink(lock);
}

static int create_one(void *context)
{
	struct run r;
	json_t *json = facts(1);
	status s = run_create(context, json, &r);
	json_decref(json);
	run_close(&r);
	return s == OK ? 0 : s == ERR_IO && access(context, F_OK) != 0 ? 10 : 1;
}

static void failures(void)
{
	char *path = strdup(scratch_path("never"));
	ok(with_file_limit(20, create_one, path) == 10, "a run that can't be filled is removed again");
	ok(create_one(path) == 0, "and can be made once there is space");
	free(path);
	if (geteuid() == 0) {
		skip("a parent folder without write permission", "root may write everywhere");
		return;
	}
	mkdir(scratch_path("locked"), 0555);
	ok(create_one((char *)scratch_path("locked/run")) == 10, "a parent folder without write permission");
	chmod(scratch_path("locked"), 0755);
}

static void sudden_death(void)
{
	const char *path = scratch_path("killed");
	int ready[2];
	char byte = 0;
	fflush(stdout);
	if (pipe(ready)) {
		perror("pipe");
		exit(99);
	}
	pid_t pid = fork();
	if (pid == 0) {
		struct run r;
		if (run_create(path, facts(1), &r) != OK || write(ready[1], "x", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	close(ready[1]);
	ok(read(ready[0], &byte, 1) == 1, "another process holds a run");
	close(ready[0]);
	struct run r;
	ok(run_open(path, true, &r) == ERR_USAGE, "and is the only one to write it");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	ok(run_open(path, true, &r) == OK, "kill -9 releases the lock, with nothing to clean up");
	run_close(&r);
}

int main(void)
{
	create_and_open();
	refusals();
	strange_files();
	failures();
	sudden_death();
	return done_testing();
}
