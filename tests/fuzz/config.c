/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* --config files of every command, as they come and as their own --dump-config gives them back. */
#include <stdio.h>
#include <stdlib.h>

#include "commands/command.h"
#include "tests/fuzz/fuzz.h"

/* A run takes back what it kept. */
static void keep(const struct command *c, const struct opts *o)
{
	char *nothing[] = {(char[]){"x"}, NULL};
	struct opts *again;
	json_t *kept = opts_to_json(o);
	/* Texts that are not UTF-8. */
	if (!kept)
		return;
	if (opts_parse(&again, c->tables, 1, nothing) != OK)
		fuzz_broken("no option at all is refused");
	(void)opts_from_json(again, kept);
	opts_free(again);
	json_decref(kept);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct command *const commands[] = {&command_sample, &command_predict, &command_ood, &command_data,
	                                                 &command_export, &command_info, &command_sample, &command_sample};
	static char path[250];
	struct part part[2];
	fuzz_parts(data, size, part, 2);
	const struct command *c = commands[fuzz_choice(&part[1]) & 7];
	char *argv[] = {(char[]){"x"}, (char[]){"--config"}, path, NULL};
	struct opts *o;
	if (!path[0])
		snprintf(path, sizeof path, "%s", fuzz_path("x.conf"));
	fuzz_put("x.conf", &part[0]);
	if (opts_parse(&o, c->tables, 3, argv) != OK)
		return 0;
	char *text = NULL;
	size_t n = 0;
	FILE *to = open_memstream(&text, &n);
	opts_dump_config(o, to);
	fclose(to);
	free(text);
	keep(c, o);
	opts_free(o);
	return 0;
}
