/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Which device is opened where none is named, with a table of backends of the test's own: one that says what it is told to, before
 * one that always opens. */
#include <stdlib.h>
#include <string.h>

#include "src/backend.h"
#include "tests/tap.h"

static status answer;

static status open_best(int number, int threads, struct device **out);
static status open_plain(int number, int threads, struct device **out);
static const struct backend best = {.name = "best", .open = open_best}, plain = {.name = "plain", .open = open_plain};
const struct backend *const backends[] = {&best, &plain, NULL};

static status open_best(int number, int threads, struct device **out)
{
	static struct device d = {&best};
	(void)number, (void)threads;
	*out = answer == OK ? &d : NULL;
	return answer == OK ? OK : fail(answer, "{device} best: no driver");
}

/* As one that finds its way to open, but has said something in between. */
static status open_plain(int number, int threads, struct device **out)
{
	static struct device d = {&plain};
	(void)number, (void)threads;
	*out = &d;
	(void)fail(ERR_IO, "something else");
	return OK;
}

static char *heard;

static void hear(const char *text)
{
	free(heard);
	heard = strdup(text);
}

int main(void)
{
	struct device *d;
	status passed = ERR_BUSY;
	warning_to(hear, "--");

	answer = OK;
	ok(backend_open_turn(NULL, 0, 1, &d, &passed) == OK && d->ops == &best && passed == OK, "the first one that opens");

	answer = ERR_USAGE;
	ok(backend_open_turn(NULL, 0, 1, &d, &passed) == OK && d->ops == &plain && passed == ERR_USAGE,
	   "where the best is not to be had, the next, and it is known that one was passed over");
	ok(strcmp(fail_words(passed, "--"), "--device best: no driver") == 0, "with the reason: “%s”", fail_words(passed, "--"));
	ok(backend_open(NULL, 1, &d) == OK && d->ops == &plain && !heard, "below the command line nothing is said of it");

	answer = ERR_LIBRARY;
	ok(backend_open_turn(NULL, 0, 1, &d, &passed) == ERR_LIBRARY && !d, "one that is there and does not open is an error");
	const char *words = fail_words(ERR_LIBRARY, "--");
	ok(strstr(words, "best") && strstr(words, "--device plain does without") && strstr(words, "no driver"),
	   "which names it, a way around, and the reason: “%s”", words);
	ok(backend_open_turn("plain", 0, 1, &d, &passed) == OK && d->ops == &plain && passed == OK, "a device that is named is taken");

	answer = ERR_USAGE;
	ok(backend_open_turn("best", 0, 1, &d, &passed) == ERR_USAGE && !d && passed == OK, "or refused, without another in its place");
	free(heard);
	return done_testing();
}
