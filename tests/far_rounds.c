/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Chains side by side on a device that is no processor: rounds of one thread. Their bits are those of the CPU, one chain after
 * another; turns are fair; and what happens to one chain leaves the others. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/workers.h"
#include "tests/chain_runs.h"
#include "tests/far_device.h"
#include "tests/files.h"
#include "tests/tap.h"

extern const struct backend cpu_backend;

const struct backend *const backends[] = {&far_backend, &cpu_backend, NULL};

enum { ROUND_CHAINS = 7, STEPS = 12, TURNS_MAX = 200 };

static const char *const words[] = {"--device", "far", "--sampler", "fsgld", "--sigma", "0.1", "--chains", "7", "--steps", "12", "--batch", "2", "--lr", "0.05", "--keep-every",
                                    "2", "--log-every", "2", "--checkpoint-every", "3steps", "--quiet", NULL};

/* ---- a method that tells of its steps, and may come to harm in one ---- */

enum harm { NONE, STOP, BREAK, DIVERGE };

static const struct sampler *base;
static struct sampler told;
static struct {
	enum harm harm;
	int chain;                     /* whose third step it is */
	int n;                         /* steps that were begun, */
	int of[TURNS_MAX];             /* by these chains */
	atomic_int stop;
} seen;

static status told_step(struct sampler_state *s)
{
	struct device *d = s->potential->device;
	const int chain = (int)s->slots.key.chain;
	const bool now = s->slots.step == 2 && chain == seen.chain;
	if (seen.n < TURNS_MAX)
		seen.of[seen.n++] = chain;
	TRY(base->step(s));
	if (now && seen.harm == STOP)
		seen.stop = 1;
	if (now && seen.harm == BREAK) {
		/* A call that was put off, and of which nobody is told. */
		MUST(far_fail(d));
		return fail(ERR_LIBRARY, "what was made to fail");
	}
	if (now && seen.harm == DIVERGE)
		return d->ops->put(d, s->vector[0], &(float){NAN}, sizeof(float));
	return OK;
}

static void begin(enum harm harm, int chain)
{
	memset(&seen, 0, sizeof seen);
	seen.harm = harm;
	seen.chain = chain;
}

/* ---- runs ---- */

static size_t first_held, first_started;   /* of the problem's own device, before the chains and after them */

/* Runs, or goes on with, the run of that name. */
static struct crew_result run_side_by_side(const char *name, int workers, size_t limit)
{
	static const uint64_t done[ROUND_CHAINS];
	const struct share share = {.launcher = {.ranks = 1, .locals = 1}};
	struct crew_result result;
	struct opts *o = parse(words);
	struct problem p;
	struct watch watch;
	struct run run;
	char folder[512];
	snprintf(folder, sizeof folder, "%s/%s", scratch_folder(), name);
	MUST(problem_open(o, NULL, NULL, &p));
	if (run_open(folder, true, &run) != OK) {
		json_t *json = facts_run(&p, o);
		MUST(run_create(folder, json, &run));
		json_decref(json);
	}
	p.plan.run = &run;
	p.plan.stop = &seen.stop;
	p.plan.state.sampler = &told;
	first_held = device_held(p.device);
	far_limit(limit);
	MUST(watch_open(&watch, &p, o, ROUND_CHAINS, done, workers));
	MUST(workers_run(&p, &share, &watch, workers, false, &result));
	far_limit(SIZE_MAX);
	first_started = far_started(p.device);
	watch_close(&watch);
	run_close(&run);
	problem_close(&p);
	opts_free(o);
	return result;
}

static bool same_chain(const char *name, int k)
{
	char path[600];
	size_t n, m;
	snprintf(path, sizeof path, "%s/%s/chain-%d.snaps", scratch_folder(), name, k);
	uint8_t *a = slurp(path, &n);
	snprintf(path, sizeof path, "%s/cpu/chain-%d.snaps", scratch_folder(), k);
	uint8_t *b = slurp(path, &m);
	bool same = n == m && memcmp(a, b, n) == 0;
	free(a);
	free(b);
	return same;
}

/* Whether all chains, but for one or none (−1), have the CPU's snapshots. */
static bool same_chains(const char *name, int but)
{
	for (int k = 0; k < ROUND_CHAINS; k++)
		if (k != but && !same_chain(name, k))
			return false;
	return true;
}

/* How many chains take turns at most, and whether between two steps of one none has two. */
static bool fair(int *side_by_side)
{
	*side_by_side = 0;
	for (int i = 0; i < seen.n; i++) {
		int next = i + 1;
		bool was[ROUND_CHAINS] = {false};
		while (next < seen.n && seen.of[next] != seen.of[i])
			next++;
		for (int j = i + 1; j < next && next < seen.n; j++) {
			if (was[seen.of[j]])
				return false;
			was[seen.of[j]] = true;
		}
		if (next < seen.n && next - i > *side_by_side)
			*side_by_side = next - i;
	}
	return true;
}

/* ---- checks ---- */

static void check_bits(int workers)
{
	char name[32];
	int side_by_side;
	snprintf(name, sizeof name, "by-%d", workers);
	begin(NONE, 0);
	struct crew_result r = run_side_by_side(name, workers, SIZE_MAX);
	ok(r.done == ROUND_CHAINS && r.why == OK && same_chains(name, -1), "%d at a time: the bits of the CPU, one after another", workers);
	ok(fair(&side_by_side) && side_by_side == workers && seen.n == ROUND_CHAINS * STEPS, "and a step each in turns");
	if (workers == 1)
		ok(first_started == ROUND_CHAINS * STEPS, "the device is asked to begin with every step (%zu times)", first_started);
}

static void check_harm(void)
{
	begin(BREAK, 4);
	struct crew_result r = run_side_by_side("broken", 3, SIZE_MAX);
	ok(r.broken == 1 && r.why == ERR_LIBRARY && r.done == ROUND_CHAINS - 1 && same_chains("broken", 4) && r.words &&
	   strstr(r.words, "chain 4 after step 2: what was made to fail"), "a step that fails ends its chain alone");
	free(r.words);
	begin(NONE, 0);
	r = run_side_by_side("broken", 2, SIZE_MAX);
	ok(r.done == 1 && r.already_done == ROUND_CHAINS - 1 && same_chains("broken", -1) && seen.n == STEPS,
	   "which then goes on from its checkpoint");
	begin(DIVERGE, 1);
	r = run_side_by_side("diverged", 3, SIZE_MAX);
	ok(r.failed == 1 && r.done == ROUND_CHAINS - 1 && same_chains("diverged", 1) && !same_chain("diverged", 1),
	   "a chain that diverges ends alone");
}

static void check_stop(void)
{
	begin(STOP, 1);
	struct crew_result r = run_side_by_side("stopped", 3, SIZE_MAX);
	ok(r.stopped == ROUND_CHAINS && r.done == 0 && seen.n < 3 * STEPS && r.step > 0,
	   "a stop in the middle of a round is a stop of all, after %d steps", seen.n);
	begin(NONE, 0);
	int before = seen.n;
	r = run_side_by_side("stopped", 5, SIZE_MAX);
	ok(r.done == ROUND_CHAINS && same_chains("stopped", -1) && seen.n > before && seen.n < ROUND_CHAINS * STEPS,
	   "what is gone on with, by others at a time, has the same bits");
}

/* From room for the first one's potential alone to room for all. */
static void check_room(void)
{
	const size_t page = 4096, from = first_held + 4 * page, to = 5 * from;
	int least = ROUND_CHAINS, most = 0, runs = 0;
	bool all = true;
	for (size_t limit = from; limit < to; limit += 7 * page, runs++) {
		char name[32];
		int side_by_side;
		snprintf(name, sizeof name, "room-%zu", limit / page);
		begin(NONE, 0);
		struct crew_result r = run_side_by_side(name, ROUND_CHAINS, limit);
		bool none = r.broken == ROUND_CHAINS && r.why == ERR_MEMORY;
		bool fine = r.done == ROUND_CHAINS && fair(&side_by_side) && same_chains(name, -1);
		if (!none && !fine)
			note("room for %zu pages: %d done, %d broken, %s", limit / page, r.done, r.broken, r.words ? r.words : "");
		all = all && (none ? !most : fine);
		if (fine) {
			least = side_by_side < least ? side_by_side : least;
			most = side_by_side > most ? side_by_side : most;
		}
		free(r.words);
	}
	ok(all && least == 1 && most >= 3, "of seven at a time as many as there is room for, and all come to their end (%d to %d in %d runs)",
	   least, most, runs);
}

int main(void)
{
	static const char *const cpu[] = {"--device", "cpu", "--sampler", "fsgld", "--sigma", "0.1", "--chains", "7", "--steps", "12", "--batch", "2", "--lr", "0.05", "--keep-every",
	                                  "2", NULL};
	char folder[512];
	write_csv();
	sample("cpu", cpu, folder, sizeof folder);
	MUST(sampler_find("fsgld", &base));
	told = *base;
	told.step = told_step;
	check_bits(1);
	check_bits(3);
	check_bits(7);
	check_harm();
	check_stop();
	check_room();
	return done_testing();
}
