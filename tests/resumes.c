/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Every method, stopped after each step of two cycles, goes on to the same bits: among steps that explore and those that sample, as a
 * cycle begins, before and after a renewal, in a short batch, and after the first step. */
#include <stdio.h>
#include <string.h>

#include "tests/chain_runs.h"
#include "tests/tap.h"

enum { STEPS = 10, WORDS = 12 };

static const struct row {
	const char *name, *words[WORDS];
	bool explores;
} rows[] = {
	{"sgd", {"--sampler", "sgd", "--momentum", "0.9", "--nesterov"}, false},
	{"adamw", {"--sampler", "adamw"}, false},
	{"sam", {"--sampler", "sam", "--base", "adamw", "--decay-form", "coupled", "--perturb-decay"}, false},
	{"asam", {"--sampler", "asam", "--momentum", "0.9"}, false},
	{"m-sam", {"--sampler", "m-sam", "--micro-batch", "2", "--base", "adamw"}, false},
	{"rw-sam", {"--sampler", "rw-sam", "--momentum", "0.9"}, false},
	{"tail-sgd, same", {"--sampler", "tail-sgd", "--large-batch", "3", "--clip", "0.2"}, false},
	{"tail-sgd, fresh", {"--sampler", "tail-sgd", "--heavy-batch", "fresh"}, false},
	{"tail-sgd, full", {"--sampler", "tail-sgd", "--heavy-batch", "full"}, false},
	{"sgld", {"--sampler", "sgld"}, true},
	{"fsgld", {"--sampler", "fsgld"}, true},
	{"psgld", {"--sampler", "psgld", "--correction", "probe", "--rms-eps", "1"}, true},
	{"sgld-cv", {"--sampler", "sgld-cv"}, true},
	{"sgld-cv, renewed", {"--sampler", "sgld-cv", "--refresh", "3"}, true},
	{"low-precision-sgld, full", {"--sampler", "low-precision-sgld", "--variant", "full", "--gradient-fraction", "5"}, false},
	{"low-precision-sgld, naive", {"--sampler", "low-precision-sgld", "--variant", "naive"}, false},
	{"low-precision-sgld, corrected", {"--sampler", "low-precision-sgld"}, false},
	{"sghmc", {"--sampler", "sghmc", "--momentum-init", "normal", "--noise-estimate", "0.05"}, false},
	{"sghmc, exploring", {"--sampler", "sghmc"}, true},
	{"sgnht", {"--sampler", "sgnht", "--momentum-init", "normal"}, false},
	{"hmc", {"--sampler", "hmc", "--burn-in", "5", "--trajectory", "1", "--weight-decay", "0.1"}, false},
	{"entropy-sgd", {"--sampler", "entropy-sgd", "--coupling", "1", "--inner-steps", "3"}, false},
	{"entropy-sgld", {"--sampler", "entropy-sgld", "--coupling", "1", "--inner-steps", "3", "--restart", "x"}, false},
	{"entropy-mcmc", {"--sampler", "entropy-mcmc", "--coupling", "1"}, true},
};

/* A method that takes all data at a constant step size. */
static bool is_whole(const struct row *r)
{
	const struct sampler *s;
	MUST(sampler_find(r->words[1], &s));
	return s->whole;
}

static void run(const struct row *r, bool iid, uint64_t stop, char folder[256])
{
	char every[16], name[32];
	static int number;
	/* No more often than it takes: each waits for the disk. */
	snprintf(every, sizeof every, "%dsteps", stop ? (int)stop : STEPS);
	snprintf(name, sizeof name, "run-%d", number++);
	const char *words[40] = {"--steps", "10", "--batch", "3", "--lr", "0.05", "--keep-every", "1",
	                         "--checkpoint-every", every, "--threads", "1"};
	int n = 12;
	for (int i = 0; i < WORDS && r->words[i]; i++)
		words[n++] = r->words[i];
	if (!is_whole(r)) {
		static const char *const cycles[] = {"--schedule", "cyclical", "--cycles", "2"};
		memcpy(words + n, cycles, sizeof cycles);
		n += 4;
	}
	if (r->explores) {
		words[n++] = "--explore";
		words[n++] = "0.5";
	}
	if (iid) {
		words[n++] = "--sampling";
		words[n++] = "iid";
	}
	sample_on(NULL, stop, name, parse(words), folder, 256);
}

static bool has_row(const char *method)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strcmp(rows[i].words[1], method) == 0)
			return true;
	return false;
}

int main(void)
{
	write_csv();
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const bool iid = i % 2 && !is_whole(&rows[i]);
		char whole[256], part[256];
		unsigned long long apart = 0;
		if (!in_turn())
			continue;
		run(&rows[i], iid, 0, whole);
		for (uint64_t stop = 1; stop < STEPS && !apart; stop++) {
			run(&rows[i], iid, stop, part);
			apart = same_chain_bytes(whole, part, 0) ? 0 : stop;
		}
		ok(!apart, "%s goes on to the same bits after any step", rows[i].name);
		if (apart)
			note("not after step %llu", apart);
	}
	for (const struct sampler *const *s = samplers; *s; s++)
		ok(has_row((*s)->name), "%s is among them", (*s)->name);
	return done_testing();
}
