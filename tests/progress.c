/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The progress line, on a terminal and off it. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "commands/watch.h"
#include "tests/tap.h"

static const struct log_line line = {.step = 1200, .epoch = 1.5, .lr = 0.05, .temperature = 1e-4, .nll = 0.4312,
                                     .step_ms = 1.25, .examples_per_s = 1e5};

enum { TERMINAL = 1, PLAIN = 2, QUIET = 4, SNAPSHOTS = 8, ONE = 16 };

/* `shows` snapshots that take long, and the others in no time. */
static void read_snapshots(int how, int shows)
{
	struct progress p;
	progress_start(&p, how & QUIET, how & PLAIN, 0, 40);
	for (int i = 1; i <= 40; i++) {
		p.last -= i <= shows ? 11 : 0;
		progress_snapshots(&p, (size_t)i, 40);
	}
	progress_end(&p);
}

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
		if (how & SNAPSHOTS) {
			read_snapshots(how, shows);
			_exit(0);
		}
		progress_start(&p, how & QUIET, how & PLAIN, 1000, 20000);
		const struct progress_chains chains = {.n = how & ONE ? 1 : 4, .done = 1, .failed = 1, .elsewhere = 1,
		                                       .mean = 0.4312, .worst = 0.5, .line = line};
		p.done = 6200;
		for (int i = 0; i < shows; i++) {
			p.started -= 1;     /* as if that many seconds had gone by */
			progress_show(&p, &chains);
		}
		progress_end(&p);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	/* A terminal hands on in its own time what was written to it. */
	static const char end = '\001';
	if (write(to, &end, 1) != 1)
		return SIZE_MAX;
	size_t n = 0;
	for (ssize_t got = 1; got > 0 && n < size - 1 && !(n && text[n - 1] == end); n += got > 0 ? (size_t)got : 0)
		got = read(from, text + n, size - 1 - n);
	close(from);
	close(to);
	n -= n && text[n - 1] == end;
	text[n] = 0;
	return n;
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
	ok(strncmp(text, "1 of 4 chains done, 1 failed, 1 elsewhere  31 %  ", 49) == 0 && strstr(text, " steps/s  ETA 0:0") &&
	   strstr(text, "  nll 0.4312 mean, 0.5000 worst\n"), "of several chains: how many are done, share, rate, time left, losses");
	printed(PLAIN | ONE, 2, text, sizeof text);
	ok(strncmp(text, "step 6200/20000  31 %  ", 23) == 0 && strstr(text, " steps/s  ETA 0:0") &&
	   strstr(text, "  nll 0.4312  λ 0.05  T 0.0001\n"), "of one: step, share, rate, time left, loss, step size, temperature");
	size_t n = printed(TERMINAL, 2, text, sizeof text);
	if (n == SIZE_MAX) {
		skip("a terminal's line", "no pseudo-terminal here");
		return;
	}
	int returns = 0;
	for (const char *c = text; *c; c++)
		returns += *c == '\r';
	ok(!strchr(text, '\n') && returns == 4 && text[0] == '\r', "terminal: rewritten in place");
	/* The last thing is a wipe: as many spaces as the line had columns. */
	const char *end = text + n - 1;
	while (end > text && end[-1] == ' ')
		end--;
	ok(n > 0 && text[n - 1] == '\r' && end < text + n - 40, "and wiped at the end");
}

static void snapshots(void)
{
	char text[4096];
	ok(printed(SNAPSHOTS, 3, text, sizeof text) == 0, "snapshots: nothing where standard error is no terminal");
	printed(SNAPSHOTS | PLAIN, 2, text, sizeof text);
	ok(strcmp(text, "snapshot 1/40\nsnapshot 2/40\nsnapshot 40/40\n") == 0, "plain: a line per interval, and the last");
	if (printed(SNAPSHOTS | TERMINAL, 2, text, sizeof text) == SIZE_MAX) {
		skip("snapshots on a terminal", "no pseudo-terminal here");
		return;
	}
	note("%s", text);
	ok(strcmp(text, "\rsnapshot 1/40\rsnapshot 2/40\r             \r") == 0,
	   "terminal: rewritten in place and wiped with blanks, without an escape sequence");
}

/* Of chains that are gone on with and are not opened here after all, what they had counts, and what they lack does not. */
static void skipped(void)
{
	static const uint64_t known[] = {90, 0, 50, 20};
	double loss[] = {1, 1, 1, 1};
	struct watch w = {.chain_steps = 100, .known = known, .loss = loss, .n_loss = 4, .lock = PTHREAD_MUTEX_INITIALIZER,
	                  .chains.n = 4, .progress = {.first = 160, .total = 400}};
	watch_chain_skip(&w, 0, WATCH_ELSEWHERE);
	watch_chain_skip(&w, 1, WATCH_FAILED);
	watch_chain_skip(&w, 2, WATCH_DONE);
	ok(w.progress.total == 240 && w.chains.elsewhere == 1 && w.chains.failed == 1 && w.chains.done == 1,
	   "chains that others have are no failures, and the share of steps is that of the rest");
	watch_chain_end(&w, 3, WATCH_FAILED, 70);
	ok(w.progress.total == 170, "nor are steps waited for that a failed chain will not take");
}

int main(void)
{
	progress();
	skipped();
	snapshots();
	return done_testing();
}
