/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The program with commands of its own, for cli.t. */
#include "commands/program.h"

#include <string.h>

#include "tests/opt_tables.h"

/* Fails as it is told by its positional argument; without one prints its batch size. */
static status try_run(const struct opts *o)
{
	const char *const *p;
	static const char *const kinds[] = {"done", "usage", "input", "damage", "io", "memory", "library", "diverged", "check",
	                                    "interrupted", "no reader"};
	if (opts_positionals(o, &p))
		for (int s = 1; s < STATUS_COUNT; s++)
			if (strcmp(p[0], kinds[s]) == 0)
				return fail((status)s, "it went wrong: %s", kinds[s]);
	if (opts_flag(o, "json"))
		return report_json(json_pack("{s:I}", "batch", (json_int_t)opts_count(o, "batch")));
	printf("batch %lld\n", opts_count(o, "batch"));
	return OK;
}

static const struct command command_try = {"try", "[KIND] [options]", "tries things out", test_tables, try_run, false, NULL};

static const struct opt_table *const shared_tables[] = {&table_device, &table_report, &table_progress, NULL};

/* Prints more than a pipe holds; with a positional argument warns instead. */
static status flood_run(const struct opts *o)
{
	const char *const *p;
	if (opts_positionals(o, &p)) {
		warning("mind the %s", p[0]);
		return OK;
	}
	for (int i = 0; i < 100000; i++)
		puts("a line of output");
	return OK;
}

static bool fruit(int i, struct param_word *out)
{
	static const struct param_word all[] = {
		{"apple", NULL, "a fruit without {lr}"}, {"tin", "FILE", "one in a tin"}, {"fig", NULL, NULL},
	};
	if (i >= 3)
		return false;
	*out = all[i];
	return true;
}

static const struct param_words fruits = {fruit, true};
static const struct param flood_arguments[] = {
	{.name = "way", .type = PARAM_CHOICE, .arg = "eat|peel"},
	{.name = "fruit", .type = PARAM_TEXT, .arg = "FRUIT[:FILE]", .words = &fruits, .help = "what to take"},
	{.name = "more", .type = PARAM_PATH, .arg = "FILE", .words = &fruits},
	{0},
};

static const struct command command_flood = {
	"flood", "[options]", "prints a lot", shared_tables, flood_run, false, flood_arguments,
};

static status open_works(int number, int threads, struct device **out)
{
	static struct device device;
	(void)number, (void)threads;
	*out = &device;
	return OK;
}

static status open_fails(int number, int threads, struct device **out)
{
	(void)number, (void)threads;
	*out = NULL;
	return fail(ERR_LIBRARY, "no driver");
}

static json_t *describe(const struct device *d)
{
	(void)d;
	return json_pack("{s:s, s:i, s:{s:s}}", "instruction_set", "x86-64-v2", "threads", 2, "libraries", "oneFFT", "1.2");
}

static void close_nothing(struct device *d)
{
	(void)d;
}

static const struct backend works = {.name = "works", .open = open_works, .close = close_nothing, .describe = describe};
static const struct backend fails = {.name = "fails", .open = open_fails};

int main(int argc, char **argv)
{
	static const struct command *const commands[] = {&command_try, &command_flood, NULL};
	static const struct backend *const backends[] = {&works, &fails, NULL};
	return program_run(&(struct program){.commands = commands, .backends = backends}, argc, argv);
}
