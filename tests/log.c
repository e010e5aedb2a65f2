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

#include "src/files/log.h"
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

int main(void)
{
	lines();
	reports();
	full_disk();
	return done_testing();
}
