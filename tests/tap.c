/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "tests/tap.h"

#include <ftw.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/err.h"

static int count, failures;
static char scratch[] = "/tmp/basin-test-XXXXXX";
static bool have_scratch;
static const char *prefix = "", *after_prefix = "";

/* Whether what comes after this failure does not matter. */
static bool awaited(const char *name, va_list args)
{
	const char *words = getenv("UNTIL");
	char text[1024];
	size_t begun = (size_t)snprintf(text, sizeof text, "%s%s", prefix, after_prefix);
	if (!words || !*words || begun >= sizeof text)
		return false;
	vsnprintf(text + begun, sizeof text - begun, name, args);
	return strncmp(text, words, strlen(words)) == 0;
}

static bool report(bool condition, const char *name, va_list args)
{
	va_list again;
	va_copy(again, args);
	printf("%sok %d - %s%s", condition ? "" : "not ", ++count, prefix, after_prefix);
	vprintf(name, args);
	putchar('\n');
	fflush(stdout);
	failures += !condition;
	if (!condition && awaited(name, again))
		exit(1);
	va_end(again);
	return condition;
}

bool ok(bool condition, const char *name, ...)
{
	va_list args;
	va_start(args, name);
	report(condition, name, args);
	va_end(args);
	return condition;
}

bool near(double got, double want, double tolerance, const char *name, ...)
{
	bool good = fabs(got - want) <= tolerance;
	va_list args;
	va_start(args, name);
	report(good, name, args);
	va_end(args);
	if (!good)
		note("got %.17g, wanted %.17g ± %g", got, want, tolerance);
	return good;
}

void skip(const char *name, const char *reason)
{
	printf("ok %d - %s%s%s # SKIP %s\n", ++count, prefix, after_prefix, name, reason);
}

void note(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fputs("# ", stdout);
	vprintf(format, args);
	putchar('\n');
	va_end(args);
	fflush(stdout);
}

static bool asked(const char *name)
{
	const char *value = getenv(name);
	return value && *value;
}

bool in_haste(void)
{
	return asked("FAST");
}

bool in_full(void)
{
	return asked("FIDELITY");
}

bool in_turn(void)
{
	static unsigned calls;
	unsigned call = calls++;
	return !in_haste() || call % 3 == call / 3 % 3;
}

void test_prefix(const char *text)
{
	prefix = text ? text : "";
	after_prefix = text ? ": " : "";
}

int done_testing(void)
{
	printf("1..%d\n", count);
	return failures ? 1 : 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static void remove_scratch(void)
{
	nftw(scratch, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *scratch_folder(void)
{
	if (!have_scratch) {
		if (!mkdtemp(scratch)) {
			perror("mkdtemp");
			exit(99);
		}
		have_scratch = true;
		atexit(remove_scratch);
	}
	return scratch;
}

void must(int s, const char *what, const char *file, int line)
{
	if (s == OK)
		return;
	printf("Bail out! %s:%d: %s: %s\n", file, line, what, fail_message((status)s));
	exit(99);
}
