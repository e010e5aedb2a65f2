/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "tests/chain_runs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/files.h"
#include "tests/tap.h"

const double table[N][3] = {{0.5, -1, 0.3}, {1.5, 0.25, -0.6}, {-1, 1, 1.2}, {-0.75, -0.5, 0.1}};
static char csv[256];

void write_csv(void)
{
	snprintf(csv, sizeof csv, "csv:%s/four.csv", scratch_folder());
	FILE *f = fopen(csv + 4, "w");
	for (int i = 0; i < N; i++)
		fprintf(f, "%.17g,%.17g,%.17g\n", table[i][0], table[i][1], table[i][2]);
	fclose(f);
}

static struct opts *parse_after(char **argv, int argc, const char *const *words)
{
	for (; *words; words++)
		argv[argc++] = (char *)(uintptr_t)*words;
	struct opts *o;
	MUST(opts_parse(&o, sample_tables, argc, argv));
	return o;
}

struct opts *parse_model(const char *model, const char *const *words)
{
	char *argv[48] = {(char *)"sample", (char *)"--data", csv, (char *)"--model", (char *)(uintptr_t)model};
	return parse_after(argv, 5, words);
}

struct opts *parse(const char *const *words)
{
	return parse_model("linear", words);
}

struct opts *parse_all(const char *const *words)
{
	char *argv[48] = {(char *)"sample"};
	return parse_after(argv, 1, words);
}

void sample(const char *name, const char *const *words, char *folder, size_t size)
{
	sample_with(name, parse(words), folder, size);
}

/* Up to so many steps, or the end (0); a part that is not the first goes on from a checkpoint of some step. */
static void run_part(struct problem *p, int k, uint64_t steps, bool resumed)
{
	struct chain *c;
	MUST(chain_open(&p->plan, k, &c));
	if (resumed != (chain_step(c) > 0))
		MUST(fail(ERR_CHECK, "a part of a chain begins at step %llu", (unsigned long long)chain_step(c)));
	if (steps) {
		while (chain_step(c) < steps && chain_phase(c) == CHAIN_RUNNING)
			MUST(chain_advance(c));
	} else {
		MUST(chain_run(c));
	}
	chain_close(c);
}

void sample_on(struct device *d, uint64_t stop, const char *name, struct opts *o, char *folder, size_t size)
{
	static const atomic_int never;
	struct problem p;
	struct run run;
	snprintf(folder, size, "%s/%s", scratch_folder(), name);
	MUST(problem_open(o, d, NULL, &p));
	json_t *json = facts_run(&p, o);
	MUST(run_create(folder, json, &run));
	json_decref(json);
	p.plan.run = &run;
	p.plan.stop = &never;
	for (int k = 0; k < p.plan.chains; k++) {
		if (stop)
			run_part(&p, k, stop, false);
		run_part(&p, k, 0, stop);
	}
	run_close(&run);
	problem_close(&p);
	opts_free(o);
}

void sample_with(const char *name, struct opts *o, char *folder, size_t size)
{
	sample_on(NULL, 0, name, o, folder, size);
}

struct snaps_reader *open_chain(const char *folder, int k)
{
	char path[512];
	struct snaps_reader *r;
	snprintf(path, sizeof path, "%s/chain-%d.snaps", folder, k);
	MUST(snaps_open(path, 0, &r));
	return r;
}

bool same_chain_bytes(const char *a, const char *b, int k)
{
	char path[600];
	size_t n, m;
	snprintf(path, sizeof path, "%s/chain-%d.snaps", a, k);
	unsigned char *x = slurp(path, &n);
	snprintf(path, sizeof path, "%s/chain-%d.snaps", b, k);
	unsigned char *y = slurp(path, &m);
	bool same = n == m && n > 0 && memcmp(x, y, n) == 0;
	free(x);
	free(y);
	return same;
}
