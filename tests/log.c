/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Logs: lines that are JSON, cut back, full disks. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <jansson.h>

#include "src/files/log_read.h"
#include "tests/files.h"
#include "tests/tap.h"

static const char *const none[] = {NULL};
static const struct log_line line = {.step = 1200, .epoch = 1.5, .lr = 0.05, .temperature = 1e-4, .nll = 0.4312,
                                     .accuracy = (double)NAN, .step_ms = 1.25, .examples_per_s = 1e5};

static void lines(void)
{
	const char *path = scratch_path("chain-0.log.jsonl");
	struct log_file *l;
	size_t n, whole;
	MUST(log_open(path, 0, none, &l));
	MUST(log_write(l, &line));
	uint64_t first = log_length(l);
	struct log_line second = line;
	second.nll = INFINITY;
	second.accuracy = 0.5;
	MUST(log_write(l, &second));
	MUST(log_write(l, &line));
	MUST(log_sync(l));
	MUST(log_close(l));
	char *text = (char *)slurp(path, &n);
	text[n] = 0;
	ok(n > 0 && text[first - 1] == '\n' && text[n - 1] == '\n', "each line ends in a newline");
	json_t *a = json_loadb(text, first, 0, NULL), *b = json_loads(text + first, JSON_DISABLE_EOF_CHECK, NULL);
	ok(a && json_object_size(a) == 8 && json_integer_value(json_object_get(a, "step")) == 1200 &&
	   json_real_value(json_object_get(a, "epoch")) == 1.5 && json_real_value(json_object_get(a, "lr")) == 0.05 &&
	   json_real_value(json_object_get(a, "temperature")) == 1e-4 && json_real_value(json_object_get(a, "nll")) == 0.4312 &&
	   json_is_null(json_object_get(a, "accuracy")) && json_real_value(json_object_get(a, "step_ms")) == 1.25 &&
	   json_real_value(json_object_get(a, "examples_per_s")) == 1e5, "a line has its eight fields, NaN as null");
	ok(b && json_is_null(json_object_get(b, "nll")) && json_real_value(json_object_get(b, "accuracy")) == 0.5,
	   "infinity is null; a number follows null");
	ok(strncmp(text, "{\"step\":1200,\"epoch\":", 21) == 0, "fields keep their order");
	json_decref(a);
	json_decref(b);
	whole = n;
	ok(log_open(path, whole + 1, none, &l) != OK, "a log shorter than the checkpoint says is refused");
	MUST(log_open(path, first, none, &l));
	MUST(log_write(l, &second));
	MUST(log_write(l, &line));
	MUST(log_close(l));
	char *again = (char *)slurp(path, &n);
	ok(n == whole && memcmp(text, again, n) == 0, "cut back and written on, it is the same bytes");
	free(text);
	free(again);
	MUST(log_open(path, 0, none, &l));
	ok(log_length(l) == 0, "length 0 begins anew");
	MUST(log_close(l));
	ok(log_close(NULL) == OK, "closing nothing is fine");
}

static int fill_disk(void *context)
{
	struct log_file *l;
	if (log_open(context, 0, none, &l) != OK)
		return 1;
	status s = OK;
	while (s == OK)
		s = log_write(l, &line);
	return s == ERR_IO && strstr(fail_words(s, "--"), "free space") ? 10 : 1;
}

static void full_disk(void)
{
	char *path = strdup(scratch_path("full.jsonl"));
	spit(scratch_path("run.json"), "{}", 2);
	size_t n;
	ok(with_file_limit(50000, fill_disk, path) == 10, "a full disk is an error");
	char *text = (char *)slurp(path, &n);
	ok(n > 500 && n <= 50000 && text[n - 1] == '\n', "and leaves whole lines");
	free(text);
	free(path);
}

/* What a method reports stands behind the fields that every line has. */
static void reports(void)
{
	const char *path = scratch_path("reports.log.jsonl");
	struct log_file *l;
	struct log_line with = line;
	size_t n;
	with.report[0] = 0.25;
	with.report[1] = NAN;
	MUST(log_open(path, 0, (const char *[]){"acceptance", "kinetic_temperature", NULL}, &l));
	MUST(log_write(l, &with));
	MUST(log_close(l));
	char *text = (char *)slurp(path, &n);
	json_t *j = json_loadb(text, n, JSON_DISABLE_EOF_CHECK, NULL);
	ok(json_object_size(j) == 10 && json_real_value(json_object_get(j, "acceptance")) == 0.25 &&
	   json_is_null(json_object_get(j, "kinetic_temperature")), "a method's reports are fields of their own");
	json_decref(j);
	free(text);
}

/* Five lines of steps 10 to 50 are read again, all or in part, with what is not finite as NaN. */
static void read_again(void)
{
	static const char *const names[] = {"kinetic_temperature", "nll", "none", NULL};
	const char *path = scratch_path("read.log.jsonl");
	struct arena a = {0};
	struct log_file *l;
	struct log_series s;
	struct log_line with = line;
	size_t n;
	MUST(log_open(path, 0, (const char *[]){"acceptance", "kinetic_temperature", NULL}, &l));
	for (int i = 1; i <= 5; i++) {
		with.step = 10 * (uint64_t)i;
		with.nll = i == 4 ? INFINITY : i / 4.0;
		with.report[1] = i;
		MUST(log_write(l, &with));
	}
	MUST(log_close(l));
	MUST(log_read(path, 0, 0, names, &a, &s));
	ok(s.n == 5 && s.step[0] == 10 && s.step[4] == 50 && s.value[0][2] == 3 && s.value[1][4] == 1.25 && isnan(s.value[1][3]) &&
	   isnan(s.value[2][0]), "a log is read again");
	near(log_mean(s.value[1], s.n), (0.25 + 0.5 + 0.75 + 1.25) / 4, 0, "the mean is that of what is finite");
	ok(isnan(log_mean(s.value[2], s.n)) && isnan(log_mean(NULL, 0)), "and of nothing there is none");
	MUST(log_read(path, 20, 0, names, &a, &s));
	ok(s.n == 3 && s.step[0] == 30, "the lines beyond a step");
	char *text = (char *)slurp(path, &n);
	/* To the byte where a line ends: it is not known to be the end of one. */
	const uint64_t two = n - (uint64_t)(strchr(strchr(strchr(text, '\n') + 1, '\n') + 1, '\n') + 1 - text);
	MUST(log_read(path, 0, two + 1, names, &a, &s));
	ok(s.n == 2 && s.step[0] == 40 && s.value[0][1] == 5, "those that are whole among the last bytes");
	MUST(log_read(path, 0, 3, names, &a, &s));
	ok(s.n == 0, "which may be none");
	spit(path, text, n - 5);
	MUST(log_read(path, 0, 0, names, &a, &s));
	ok(s.n == 4 && s.step[3] == 40, "a line without an end is not one");
	MUST(log_read(scratch_path("nowhere.log.jsonl"), 0, 0, names, &a, &s));
	ok(s.n == 0, "and a log that is not there has none");
	*strstr(text, "\"step\":30") = '?';
	spit(path, text, n);
	ok(log_read(path, 0, 0, names, &a, &s) == ERR_DAMAGE && strstr(fail_words(ERR_DAMAGE, "--"), "at byte"), "what is no JSON is damage");
	memcpy(strstr(text, "?step") , "\"step", 5);
	memcpy(strstr(text, ":30,"), ":20,", 4);
	spit(path, text, n);
	ok(log_read(path, 0, 0, names, &a, &s) == ERR_DAMAGE, "and so are steps that do not rise");
	free(text);
	arena_free(&a);
}

int main(void)
{
	lines();
	reports();
	read_again();
	full_disk();
	return done_testing();
}
