/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whole chains on a small regression: what they keep, what their numbers depend on, where they start. */
#include <math.h>
#include <stdio.h>
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
	sample("pair", (const char *[]){"--steps", "20", "--sampler", "entropy-mcmc", "--coupling", "1", NULL}, a, sizeof a);
	struct snaps_reader *r = open_chain(a, 0);
	struct snaps_record x;
	MUST(snaps_read(r, 0, &x));
	MUST(problem_init_from(a, snaps_params(r), snaps_stats(r), start, NULL));
	ok(strcmp(x.role, "theta") == 0 && memcmp(start, x.params, sizeof start) == 0, "--init takes θ of the last step");
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

int main(void)
{
	write_csv();
	check_identities();
	check_ends();
	check_frozen_and_prior();
	check_init();
	check_kept();
	return done_testing();
}
