/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Run folders: made whole or not at all, locked while written, read by anyone. */
#include <dirent.h>
#include <fcntl.h>
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

/* A run.json that comes when somebody begins to list its folder. */
static const char *comes_from, *comes_to;

DIR *opendir(const char *path)
{
	if (comes_to && rename(comes_from, comes_to) == 0)
		comes_to = NULL;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? NULL : fdopendir(fd);
}

/* Another process, which tells this one by a pipe. */
static pid_t fork_telling(int ends[2])
{
	fflush(stdout);
	if (pipe(ends)) {
		perror("pipe");
		exit(99);
	}
	return fork();
}

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
	ok(strcmp(r.path, path) == 0 && r.chains == 3 && r.lock >= 0, "a run is made, to be written");
	MUST(run_file(&r, &r.arena, 2, "snaps", &file));
	ok(strcmp(file, scratch_path("run/chain-2.snaps")) == 0, "a chain's file has its name");
	struct run other;
	ok(run_create(path, json, &other) == ERR_USAGE && strstr(fail_words(ERR_USAGE, "--"), "--out"),
	   "an existing folder is refused");
	MUST(run_open(path, false, &again));
	ok(json_equal(again.json, json) && again.chains == 3 && again.lock < 0, "others read it meanwhile");
	run_close(&again);
	json_object_set_new(r.json, "chains", json_integer(4));
	MUST(run_change(&r, false));
	MUST(run_open(path, true, &again));
	ok(again.chains == 4 && r.chains == 4, "run.json is written again");
	json_object_set_new(r.json, "chains", json_integer(5));
	MUST(run_change(&r, false));
	json_object_set_new(again.json, "chains", json_integer(6));
	ok(run_change(&again, false) == ERR_BUSY && strstr(fail_message(ERR_BUSY), "meanwhile"),
	   "who has read what is no longer there changes nothing");
	json_object_set_new(again.json, "chains", json_integer(5));
	ok(run_change(&again, false) == OK && again.chains == 5, "unless it is the same change");
	run_close(&again);
	run_close(&r);
	json_decref(json);
}

/* Locks belong to the open file, so that two of one process are like those of two. */
static void chains(void)
{
	const char *path = scratch_path("shared");
	struct run r, other;
	char pid[24];
	json_t *json = facts(3);
	MUST(run_create(path, json, &r));
	MUST(run_open(path, true, &other));
	snprintf(pid, sizeof pid, "number %ld on ", (long)getpid());
	ok(run_take(&r, 2) == OK && run_take(&r, 0) == OK && run_take(&other, 1) == OK, "chains of a run are taken one by one");
	ok(run_take(&other, 2) == ERR_BUSY && strstr(fail_message(ERR_BUSY), pid) && strstr(fail_message(ERR_BUSY), "writing chain 2"),
	   "a second writer of one is refused, with the first one's number and machine");
	json_object_set_new(other.json, "chains", json_integer(4));
	ok(run_change(&other, true) == ERR_BUSY && strstr(fail_message(ERR_BUSY), "writing chain 0"),
	   "what no chain may be under way for is not changed then");
	ok(run_take(&other, 2) == ERR_BUSY && run_change(&other, false) == OK, "what may change is, and loosens no lock");
	run_leave(&r, 2);
	ok(run_take(&other, 2) == OK && run_take(&r, 2) == ERR_BUSY, "a chain that was left can be taken");
	run_close(&other);
	ok(run_take(&r, 1) == OK && run_take(&r, 2) == OK, "who closes the run leaves all");
	run_close(&r);
	json_decref(json);
}

/* Several processes begin one run. */
static void reserve(void)
{
	const char *path = scratch_path("begun");
	struct run r, other;
	json_t *json = facts(3);
	int told[2];
	char byte = 0;
	MUST(run_reserve(path, &r));
	ok(!r.json && r.unfilled && run_open(path, false, &other) == ERR_INPUT, "a run that is to be made is no run yet");
	pid_t pid = fork_telling(told);
	if (pid == 0) {
		/* The lock is the open file's, which this process has too. */
		close(r.lock);
		status s = run_reserve(path, &other);
		_exit(write(told[1], "x", 1) == 1 && s == OK && json_equal(other.json, json) ? 0 : 1);
	}
	usleep(50000);
	MUST(run_fill(&r, json));
	int status;
	ok(read(told[0], &byte, 1) == 1 && waitpid(pid, &status, 0) == pid && status == 0, "another process waits for it, and joins it");
	run_close(&r);
	MUST(run_reserve(path, &r));
	ok(json_equal(r.json, json) && !r.unfilled, "one that is there is opened");
	run_close(&r);

	path = scratch_path("given-up");
	MUST(run_reserve(path, &r));
	run_close(&r);
	ok(access(path, F_OK) != 0, "what was not filled is taken away");
	mkdir(path, 0777);
	spit(scratch_path("given-up/lock"), "", 0);
	spit(scratch_path("given-up/run.json.tmp"), "{", 1);
	ok(run_reserve(path, &r) == OK && run_fill(&r, json) == OK, "what a process leaves that dies meanwhile is taken over");
	run_close(&r);
	mkdir(scratch_path("mine"), 0777);
	spit(scratch_path("mine/letter"), "x", 1);
	ok(run_reserve(scratch_path("mine"), &r) == ERR_USAGE && strstr(fail_message(ERR_USAGE), "not a run") &&
	   access(scratch_path("mine/lock"), F_OK) != 0, "a folder with anything else in it is refused, and stays as it is");
	ok(run_reserve(scratch_path("none/run"), &r) == ERR_USAGE, "and so is one without a folder to make it in");
	ok(symlink("nowhere", scratch_path("dangling")) == 0 && run_reserve(scratch_path("dangling"), &r) == ERR_USAGE &&
	   strstr(fail_message(ERR_USAGE), "not a run"), "and a link to nothing");

	/* Its maker fills it meanwhile. */
	path = scratch_path("quick");
	char *from = strdup(scratch_path("quick.json")), *to = strdup(scratch_path("quick/run.json"));
	MUST(run_create(path, json, &r));
	run_close(&r);
	comes_from = from;
	comes_to = to;
	ok(rename(to, from) == 0 && run_reserve(path, &r) == OK && r.json && !r.unfilled && !comes_to,
	   "a run.json that comes meanwhile is seen");
	run_close(&r);
	free(from);
	free(to);

	/* As by a machine that this one's file system hears of late. */
	struct stat first, now;
	json_t *other_json = facts(5);
	path = scratch_path("late");
	MUST(run_reserve(path, &r));
	ok(stat(scratch_path("late/lock"), &first) == 0 && link(scratch_path("quick/run.json"), scratch_path("late/run.json")) == 0 &&
	   run_fill(&r, other_json) == ERR_BUSY && strstr(fail_message(ERR_BUSY), "meanwhile"), "a run.json that is there is not replaced");
	run_close(&r);
	ok(stat(scratch_path("late/lock"), &now) == 0 && now.st_ino == first.st_ino && run_open(path, true, &r) == OK,
	   "and its folder keeps the lock that others hold chains by");
	run_close(&r);
	json_decref(other_json);
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
	pid_t pid = fork_telling(ready);
	if (pid == 0) {
		struct run r;
		if (run_create(path, facts(1), &r) != OK || run_take(&r, 0) != OK || write(ready[1], "x", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	close(ready[1]);
	ok(read(ready[0], &byte, 1) == 1, "another process holds a chain");
	close(ready[0]);
	struct run r;
	MUST(run_open(path, true, &r));
	ok(run_take(&r, 0) == ERR_BUSY, "and is the only one to write it");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	ok(run_take(&r, 0) == OK, "kill -9 releases the lock, with nothing to clean up");
	run_close(&r);
}

int main(void)
{
	create_and_open();
	chains();
	reserve();
	refusals();
	strange_files();
	failures();
	sudden_death();
	return done_testing();
}
