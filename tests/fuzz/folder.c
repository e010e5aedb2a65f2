/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A run's folder: snapshots, checkpoint and run.json, through the commands that read runs, and --resume. The
 * fourth part chooses which. */
#include <stdio.h>
#include <stdlib.h>

#include "commands/command.h"
#include "tests/fuzz/fuzz.h"

enum { WORDS_MAX = 10, RESUME = 7, ONE_FILE = 64, NO_CHECKPOINT = 128 };

static void command(const struct command *c, const char *const *words)
{
	char *argv[WORDS_MAX + 1] = {NULL}, copy[WORDS_MAX][300];
	struct opts *o;
	int n = 0;
	for (; words[n]; n++) {
		snprintf(copy[n], sizeof copy[n], "%s", words[n]);
		argv[n] = copy[n];
	}
	if (opts_parse(&o, c->tables, n, argv) != OK)
		return;
	(void)c->run(o);
	opts_free(o);
}

#define COMMAND(c, ...) command(&(c), (const char *const[]){"x", __VA_ARGS__, NULL})

static void read_run(const char *path, unsigned how)
{
	switch (how & 7) {
	case 0:
		COMMAND(command_info, path, "--verify", "--tensors");
		break;
	case 1:
		COMMAND(command_info, path, "--verify", "--tensors", "--json");
		break;
	case 2:
		COMMAND(command_predict, path, how & 8 ? "--skip-damaged" : "--curve");
		break;
	case 3:
		COMMAND(command_predict, path, "--json", "--last", "2");
		break;
	case 4:
		fuzz_remove("e.npz");
		COMMAND(command_export, path, "--out", fuzz_path("e.npz"));
		break;
	case 5:
		COMMAND(command_ood, path, "--ood", "csv:other");
		break;
	default:
		COMMAND(command_predict, path, "--split", "train", "--role", "theta");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const made[] = {"chain-1.snaps", "chain-1.ckpt", "chain-1.log.jsonl", "chain-0.ckpt"};
	static const char *folder, *file;
	static const uint8_t log[200];
	struct part part[4];
	fuzz_parts(data, size, part, 4);
	unsigned how = fuzz_choice(&part[3]);
	if (!folder) {
		folder = fuzz_path(".");
		file = fuzz_path("chain-0.snaps");
		setenv("OMP_NUM_THREADS", "1", 1);
		setenv("BASIN_ISA", "plain", 1);
	}
	for (int i = 0; i < 4; i++)
		fuzz_remove(made[i]);
	fuzz_put("chain-0.snaps", &part[0]);
	if (!(how & NO_CHECKPOINT))
		fuzz_put("chain-0.ckpt", &part[1]);
	fuzz_put("run.json", &part[2]);
	fuzz_put("chain-0.log.jsonl", &(struct part){log, sizeof log});
	if ((how & 7) != RESUME)
		read_run(how & ONE_FILE ? file : folder, how);
	else if (how & 8)
		COMMAND(command_sample, "--resume", folder, "--steps", "30");
	else
		COMMAND(command_sample, "--resume", folder);
	return 0;
}
