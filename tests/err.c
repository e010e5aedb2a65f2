/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include <stdlib.h>
#include <string.h>

#include "src/err.h"
#include "tests/tap.h"

static char heard[4096];

static void hear(const char *text)
{
	strcpy(heard, text);
}

static void check_words(status s, const char *before, const char *want, const char *name)
{
	const char *got = fail_words(s, before);
	if (!ok(strcmp(got, want) == 0, "%s", name))
		note("got “%s”, not “%s”", got, want);
}

int main(void)
{
	check_words(ERR_IO, "--", "input or output failed", "a status that recorded nothing has its meaning");
	fail(ERR_USAGE, "{lr} %g: with {weight-decay} %g it diverges", 2.0, 3.0);
	check_words(ERR_USAGE, "--", "--lr 2: with --weight-decay 3 it diverges", "parameters are named as on a command line");
	check_words(ERR_USAGE, "", "lr 2: with weight-decay 3 it diverges", "or bare");
	fail_within(ERR_USAGE, "chain %d, {seed} %d: ", 4, 5);
	check_words(ERR_USAGE, "--", "chain 4, --seed 5: --lr 2: with --weight-decay 3 it diverges", "words in front name others");
	fail(ERR_USAGE, "{%s} %s", "steps", "7");
	check_words(ERR_USAGE, "--", "--steps 7", "a name may be an argument");
	fail(ERR_INPUT, "%s: {lr}", "{lr}.csv");
	check_words(ERR_INPUT, "--", "{lr}.csv: --lr", "braces in a file's name are its own");
	fail(ERR_INPUT, "a set {1, 2} and {} or {");
	check_words(ERR_INPUT, "--", "a set {1, 2} and {} or {", "so are braces around something else");
	fail(ERR_INPUT, "%s: {lr}", "a\001b\nc\x7f");
	check_words(ERR_INPUT, "--", "a?b?c?: ?lr", "control characters are not shown, and pass for no name's mark");
	fail(ERR_INPUT, "%s", "a\302\233b\302\240é");
	check_words(ERR_INPUT, "--", "a??b\302\240é", "nor are those beyond ASCII");
	char *copy = NULL;
	fail(ERR_USAGE, "{lr} 1");
	copy = fail_copy();
	fail(ERR_USAGE, "other");
	ok(copy && fail_again(ERR_USAGE, copy) == ERR_USAGE, "a message is recorded again");
	check_words(ERR_USAGE, "--", "--lr 1", "with its names");
	check_words(fail_again(ERR_MEMORY, NULL), "--", "out of memory", "one that there was no memory to carry is its status's");
	free(copy);
	char longer[20000];
	memset(longer, 'x', sizeof longer - 1);
	longer[sizeof longer - 1] = 0;
	fail(ERR_USAGE, "{lr} %s", longer);
	ok(strlen(fail_words(ERR_USAGE, "--")) < sizeof longer - 1 && strncmp(fail_words(ERR_USAGE, "--"), "--lr xx", 7) == 0,
	   "a message without end is cut");
	fail(ERR_INPUT, "%.4095s: No such file", longer);
	fail_within(ERR_INPUT, "{data} csv:%.4095s: ", longer);
	ok(strstr(fail_words(ERR_INPUT, "--"), "xx: No such file"), "behind the longest path, twice, the reason still stands");
	fail(ERR_USAGE, "{lr-end} 2: too large, with {lr} 1");
	ok(fail_is_about("lr-end") && !fail_is_about("lr"), "a message is about what it begins with");
	fail(ERR_USAGE, "lr-end 2: too large");
	ok(!fail_is_about("lr-end"), "if that is a parameter");
	warning("nobody hears {lr}");
	warning_to(hear, "--");
	warning("{precision} %s is slow", "bf16");
	ok(strcmp(heard, "--precision bf16 is slow") == 0, "warnings go to who listens");
	warning_failed(fail(ERR_DAMAGE, "{out} is torn"));
	ok(strcmp(heard, "--out is torn") == 0, "failures that are passed over too");
	warning_to(NULL, "");
	warning("nobody again");
	ok(strcmp(heard, "--out is torn") == 0, "until nobody does");
	return done_testing();
}
