/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Whole chains on a small regression: what they keep, what their numbers depend on, where they start. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/chain_runs.h"
#include "tests/tap.h"

/* Same steps, same parameter bits. */
static bool same_draws(const char *a, int ka, const char *b, int kb)
{
	struct snaps_reader *ra = open_chain(a, ka), *rb = open_chain(b, kb);
	struct snaps_record x, y;
	bool same = snaps_count(ra) == snaps_count(rb) && snaps_count(ra) > 0;
	for (size_t i = 0; same && i < snaps_count(ra); i++) {
		MUST(snaps_read(ra, i, &x));
		MUST(snaps_read(rb, i, &y));
		same = x.step == y.step && memcmp(x.params, y.params, snaps_params(ra)->count * sizeof(float)) == 0;
	}
	snaps_reader_close(ra);
	snaps_reader_close(rb);
	return same;
}

static void check_identities(void)
{
	char a[256], b[256], c[256];
	const char *const few[] = {"--steps", "60", "--batch", "3", "--keep-every", "20", "--chains", "2", "--seed", "9", NULL};
	const char *const many[] = {"--steps", "60", "--batch", "3", "--keep-every", "20", "--chains", "4", "--seed", "9",
	                            "--log-every", "7", "--checkpoint-every", "13steps", NULL};
	sample("two", few, a, sizeof a);
	sample("four", many, b, sizeof b);
	ok(same_draws(a, 1, b, 1), "chain 1 of 2 equals chain 1 of 4");
	ok(!same_draws(a, 0, a, 1), "chains differ");
	sample("seed", (const char *[]){"--steps", "60", "--batch", "3", "--keep-every", "20", "--seed", "10", NULL}, c, sizeof c);
	ok(!same_draws(a, 0, c, 0), "seeds differ");
	sample("fsgld", (const char *[]){"--steps", "60", "--batch", "3", "--keep-every", "20", "--seed", "9", "--sampler", "fsgld",
	       "--sigma", "0", NULL}, c, sizeof c);
	ok(same_draws(a, 0, c, 0), "fsgld with σ = 0 is sgld bit for bit");
	sample("fsgld-sigma", (const char *[]){"--steps", "60", "--batch", "3", "--keep-every", "20", "--seed", "9", "--sampler",
	       "fsgld", "--sigma", "1e-3", NULL}, c, sizeof c);
	ok(!same_draws(a, 0, c, 0), "and with σ > 0 it is not");
}

/* Where chains start, and what their logs end with. */
static void check_ends(void)
{
	char plain[256], heavy[256], on[256], path[512], line[1024] = "";
	sample("plain", (const char *[]){"--sampler", "sgd", "--steps", "1", "--batch", "0", "--lr", "0.1", NULL}, plain,
	       sizeof plain);
	sample("heavy", (const char *[]){"--sampler", "sgd", "--momentum", "0.9", "--steps", "1", "--batch", "0", "--lr", "0.1",
	       NULL}, heavy, sizeof heavy);
	ok(same_draws(plain, 0, heavy, 0), "a velocity starts at 0");
	sample("heavy2", (const char *[]){"--sampler", "sgd", "--momentum", "0.9", "--steps", "10", "--keep-every", "3", "--batch",
	       "0", "--lr", "0.1", "--log-every", "3", NULL}, heavy, sizeof heavy);
	sample("on", (const char *[]){"--init", heavy, "--sampler", "sgd", "--steps", "1", "--lr", "1e-30", NULL}, on, sizeof on);
	struct snaps_reader *from = open_chain(heavy, 0), *to = open_chain(on, 0);
	struct snaps_record x, y;
	MUST(snaps_read(from, 2, &x));
	MUST(snaps_read(to, 0, &y));
	ok(snaps_count(from) == 3 && memcmp(x.params, y.params, D * sizeof(float)) == 0, "--init starts from the last snapshot");
	snaps_reader_close(from);
	snaps_reader_close(to);
	snprintf(path, sizeof path, "%s/chain-0.log.jsonl", heavy);
	FILE *f = fopen(path, "r");
	int lines = 0;
	while (f && fgets(line, sizeof line, f))
		lines++;
	if (f)
		fclose(f);
	ok(lines == 4 && strstr(line, "\"step\":10,"), "the log ends with the last step, due or not");
}

static void check_frozen_and_prior(void)
{
	char a[256];
	sample("frozen", (const char *[]){"--steps", "50", "--keep-every", "1", "--freeze", "*.bias", NULL}, a, sizeof a);
	struct snaps_reader *r = open_chain(a, 0);
	struct snaps_record x;
	MUST(snaps_read(r, 0, &x));
	float first[D];
	bool same = true, moved = false;
	memcpy(first, x.params, sizeof first);
	for (size_t i = 1; i < snaps_count(r); i++) {
		MUST(snaps_read(r, i, &x));
		same = same && x.params[2] == first[2];
		moved = moved || x.params[0] != first[0];
	}
	ok(same && moved, "a frozen tensor stays while the others move");
	snaps_reader_close(r);
}

/* Where several roles are kept, chains start from θ. */
static void check_init(void)
{
	char a[256];
	float start[D];
	json_t *prints = json_array();
	sample("pair", (const char *[]){"--steps", "20", "--sampler", "entropy-mcmc", "--coupling", "1", NULL}, a, sizeof a);
	struct snaps_reader *r = open_chain(a, 0);
	struct snaps_record x;
	MUST(snaps_read(r, 0, &x));
	MUST(problem_init_from(a, snaps_params(r), snaps_stats(r), start, NULL, &prints));
	ok(strcmp(x.role, "theta") == 0 && memcmp(start, x.params, sizeof start) == 0, "--init takes θ of the last step");
	const json_t *print = json_object_get(json_object_get(snaps_meta(r), "data"), "fingerprint");
	ok(json_array_size(prints) == 1 && json_equal(json_array_get(prints, 0), print), "and says which rows it was learnt from");
	json_decref(prints);
	MUST(snaps_read(r, 1, &x));
	ok(memcmp(start, x.params, sizeof start) != 0, "not the anchor that follows it");
	const json_t *sampler = json_object_get(snaps_meta(r), "sampler");
	ok(json_real_value(json_object_get(sampler, "weight-decay")) == 5e-4 &&
	   json_real_value(json_object_get(sampler, "anchor-decay")) == 5e-4 &&
	   json_integer_value(json_object_get(sampler, "batch")) == N, "the header gives the defaults that were used");
	snaps_reader_close(r);
	sample("sigma", (const char *[]){"--steps", "2", "--sampler", "fsgld", "--temperature", "0.01", NULL}, a, sizeof a);
	r = open_chain(a, 0);
	near(json_real_value(json_object_get(json_object_get(snaps_meta(r), "sampler"), "sigma")), pow(N / 0.01, -1.1 / 4), 1e-12,
	     "and the σ that follows from β");
	snaps_reader_close(r);
}

static void kept_steps(const char *name, const char *const *words, char *text, size_t size)
{
	char folder[256];
	sample(name, words, folder, sizeof folder);
	struct snaps_reader *r = open_chain(folder, 0);
	text[0] = '\0';
	for (size_t i = 0; i < snaps_count(r); i++) {
		uint64_t step;
		const char *role;
		MUST(snaps_peek(r, i, &step, &role));
		snprintf(text + strlen(text), size - strlen(text), "%s%llu%c", i ? " " : "", (unsigned long long)step, role[0]);
	}
	snaps_reader_close(r);
}

static void check_kept(void)
{
	char text[512];
	kept_steps("k1", (const char *[]){"--epochs", "6", "--batch", "3", NULL}, text, sizeof text);
	ok(strcmp(text, "12t") == 0, "by default the last state is kept (%s)", text);
	kept_steps("k2", (const char *[]){"--epochs", "12", "--batch", "3", "--schedule", "cyclical", "--cycles", "3",
	           "--keep-last", "2", NULL}, text, sizeof text);
	ok(strcmp(text, "6t 8t 14t 16t 22t 24t") == 0, "--keep-last 2 keeps the ends of the last two epochs of each cycle (%s)", text);
	kept_steps("k3", (const char *[]){"--steps", "20", "--batch", "3", "--keep-every", "4", "--burn-in", "8", NULL}, text, sizeof text);
	ok(strcmp(text, "12t 16t 20t") == 0, "--keep-every counts beyond the burn-in (%s)", text);
	kept_steps("k4", (const char *[]){"--epochs", "4", "--batch", "3", "--keep-last", "2", "--sampler", "entropy-mcmc",
	           "--coupling", "1", NULL}, text, sizeof text);
	ok(strcmp(text, "6t 6a 8t 8a") == 0, "entropy-mcmc keeps θ, then a (%s)", text);
	kept_steps("k5", (const char *[]){"--epochs", "4", "--batch", "3", "--sampler", "entropy-sgd", "--coupling", "1", NULL},
	           text, sizeof text);
	ok(strcmp(text, "8a") == 0, "entropy-sgd keeps x alone (%s)", text);
	kept_steps("k6", (const char *[]){"--epochs", "3", "--batch", "3", "--keep-last", "10", NULL}, text, sizeof text);
	ok(strcmp(text, "2t 4t 6t") == 0, "--keep-last beyond a cycle's length keeps all its epochs, never step 0 (%s)", text);
}

static void hear_end(void *context, int k, double nll)
{
	(void)k;
	*(double *)context = nll;
}

/* The loss that a chain ends with, where it goes on from a checkpoint after so many steps (0: never). */
static double end_loss(const char *name, const char *batch, uint64_t stop, char *folder, size_t size)
{
	static const atomic_int never;
	struct problem p;
	struct run run;
	struct chain *c;
	double nll = NAN;
	const struct chain_watch watch = {.context = &nll, .ended = hear_end};
	struct opts *o = parse((const char *[]){"--steps", "12", "--batch", batch, "--sampler", "sgd", "--lr", "0.05", "--log-every",
	                       "1", "--checkpoint-every", "1steps", NULL});
	snprintf(folder, size, "%s/%s", scratch_folder(), name);
	MUST(problem_open(o, NULL, NULL, &p));
	json_t *json = facts_run(&p, o);
	MUST(run_create(folder, json, &run));
	json_decref(json);
	p.plan.run = &run;
	p.plan.stop = &never;
	p.plan.watch = &watch;
	MUST(chain_open(&p.plan, 0, &c));
	while (stop && chain_step(c) < stop)
		MUST(chain_advance(c));
	if (stop) {
		chain_close(c);
		MUST(chain_open(&p.plan, 0, &c));
	}
	MUST(chain_run(c));
	chain_close(c);
	run_close(&run);
	problem_close(&p);
	opts_free(o);
	return nll;
}

/* The mean loss of a log's last lines, a line a step. */
static double mean_of_log(const char *folder, int lines)
{
	char path[512], line[1024];
	double sum = 0;
	snprintf(path, sizeof path, "%s/chain-0.log.jsonl", folder);
	FILE *f = fopen(path, "r");
	for (int i = 1; f && fgets(line, sizeof line, f); i++)
		sum += i > 12 - lines ? strtod(strstr(line, "\"nll\":") + 6, NULL) : 0;
	if (f)
		fclose(f);
	return sum / lines;
}

static void check_end_loss(void)
{
	char folder[256];
	double whole = end_loss("end", "1", 0, folder, sizeof folder);
	near(whole, mean_of_log(folder, 4), 1e-8, "a chain ends with the mean loss of its last epoch");
	ok(end_loss("end-3", "1", 3, folder, sizeof folder) == whole, "also where it went on before that began");
	ok(end_loss("end-8", "1", 8, folder, sizeof folder) == whole, "as it began");
	ok(end_loss("end-11", "1", 11, folder, sizeof folder) == whole, "or within it");
	double full = end_loss("end-full", "0", 0, folder, sizeof folder);
	near(full, mean_of_log(folder, 1), 1e-8, "an epoch of one step is that step");
}

int main(void)
{
	write_csv();
	check_end_loss();
	check_identities();
	check_ends();
	check_frozen_and_prior();
	check_init();
	check_kept();
	return done_testing();
}
