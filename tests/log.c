/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Logs: lines that are JSON, cut back, full disks; and the progress line, on a terminal and off it. */
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <jansson.h>

#include "tests/files.h"
#include "src/files/log.h"
#include "tests/tap.h"

static const struct log_line line = {.step = 1200, .epoch = 1.5, .lr = 0.05, .temperature = 1e-4, .nll = 0.4312,
                                     .accuracy = (double)NAN, .step_ms = 1.25, .examples_per_s = 1e5};

static void lines(void)
{
	const char *path = scratch_path("chain-0.log.jsonl");
	struct log_file *l;
	size_t n, whole;
	MUST(log_open(path, 0, &l));
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
	ok(log_open(path, whole + 1, &l) != OK, "a log shorter than the checkpoint says is refused");
	MUST(log_open(path, first, &l));
	MUST(log_write(l, &second));
	MUST(log_write(l, &line));
	MUST(log_close(l));
	char *again = (char *)slurp(path, &n);
	ok(n == whole && memcmp(text, again, n) == 0, "cut back and written on, it is the same bytes");
	free(text);
	free(again);
	MUST(log_open(path, 0, &l));
	ok(log_length(l) == 0, "length 0 begins anew");
	MUST(log_close(l));
	ok(log_close(NULL) == OK, "closing nothing is fine");
}

static int fill_disk(void *context)
{
	struct log_file *l;
	if (log_open(context, 0, &l) != OK)
		return 1;
	status s = OK;
	while (s == OK)
		s = log_write(l, &line);
	return s == ERR_IO && strstr(fail_words(s, "--"), "free space") ? 10 : 1;
}

static void full_disk(void)
{
	char *path = strdup(scratch_path("full.jsonl"));
	size_t n;
	ok(with_file_limit(50000, fill_disk, path) == 10, "a full disk is an error");
	char *text = (char *)slurp(path, &n);
	ok(n > 500 && n <= 50000 && text[n - 1] == '\n', "and leaves whole lines");
	free(text);
	free(path);
}

/* ---- progress ---- */

enum { TERMINAL = 1, PLAIN = 2, QUIET = 4 };

/* What a run of `shows` due lines prints on standard error, in a child of its own. */
static size_t printed(int how, int shows, char *text, size_t size)
{
	int from, to, ends[2];
	if (how & TERMINAL) {
		from = posix_openpt(O_RDWR | O_NOCTTY);
		if (from < 0 || grantpt(from) || unlockpt(from))
			return SIZE_MAX;
		to = open(ptsname(from), O_RDWR | O_NOCTTY);
		if (to < 0)
			return SIZE_MAX;
	} else {
		if (pipe(ends))
			return SIZE_MAX;
		from = ends[0];
		to = ends[1];
	}
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		struct progress p;
		dup2(to, STDERR_FILENO);
		close(to);
		progress_start(&p, how & QUIET, how & PLAIN, 1000, 40000);
		progress_drop(&p, 20000);
		p.done = 6199;
		for (int i = 0; i < shows; i++) {
			p.last -= 11;       /* as if that many seconds had gone by */
			p.started -= 1;
			if (progress_step(&p))
				progress_show(&p, 1, 4, 1200, &line, 5000);
		}
		for (int i = 0; i < 1000; i++)
			if (progress_step(&p))
				progress_show(&p, 1, 4, 1200, &line, 5000);
		progress_end(&p);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	close(how & TERMINAL ? -1 : to);
	if (how & TERMINAL)
		fcntl(from, F_SETFL, O_NONBLOCK);
	ssize_t n = read(from, text, size - 1);
	close(from);
	if (how & TERMINAL)
		close(to);
	text[n > 0 ? n : 0] = 0;
	return n > 0 ? (size_t)n : 0;
}

static void progress(void)
{
	char text[4096];
	ok(printed(0, 3, text, sizeof text) == 0, "nothing is printed where standard error is no terminal");
	ok(printed(PLAIN | QUIET, 3, text, sizeof text) == 0, "nor when quiet");
	printed(PLAIN, 2, text, sizeof text);
	int newlines = 0;
	for (const char *c = text; *c; c++)
		newlines += *c == '\n';
	note("%.*s", (int)strcspn(text, "\n"), text);
	ok(newlines == 2 && !strchr(text, '\r'), "plain: a line per interval");
	ok(strncmp(text, "chain 2/4  step 1200/5000  31 %  ", 33) == 0 && strstr(text, " steps/s  ETA 0:0") &&
	   strstr(text, "  nll 0.4312  λ 0.05  T 0.0001\n"), "chain, step, share, rate, time left, loss, step size, temperature");
	size_t n = printed(TERMINAL, 2, text, sizeof text);
	if (n == SIZE_MAX) {
		skip("a terminal's line", "no pseudo-terminal here");
		return;
	}
	int returns = 0;
	for (const char *c = text; *c; c++)
		returns += *c == '\r';
	ok(!strchr(text, '\n') && returns == 4 && text[0] == '\r', "terminal: rewritten in place, at most ten times a second");
	/* The last thing is a wipe: as many spaces as the line had columns. */
	const char *end = text + n - 1;
	while (end > text && end[-1] == ' ')
		end--;
	ok(n > 0 && text[n - 1] == '\r' && end < text + n - 40, "and wiped at the end");
}

int main(void)
{
	lines();
	full_disk();
	progress();
	return done_testing();
}
