/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whole chains on a small regression: which batches they see, what they keep, what their numbers depend on. */
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batches.h"
#include "facts.h"
#include "tap.h"

enum { N = 4, B = 2, D = 3, CHAINS = 48 };

/* Rows of the csv: two columns and the target; the model adds the bias. */
static const double table[N][3] = {{0.5, -1, 0.3}, {1.5, 0.25, -0.6}, {-1, 1, 1.2}, {-0.75, -0.5, 0.1}};
static char csv[256];

static void write_csv(void)
{
	snprintf(csv, sizeof csv, "csv:%s/four.csv", scratch_folder());
	FILE *f = fopen(csv + 4, "w");
	for (int i = 0; i < N; i++)
		fprintf(f, "%.17g,%.17g,%.17g\n", table[i][0], table[i][1], table[i][2]);
	fclose(f);
}

static struct opts *parse(const char *const *words)
{
	char *argv[48] = {(char *)"sample", (char *)"--data", csv, (char *)"--model", (char *)"linear"};
	int argc = 5;
	for (; *words; words++)
		argv[argc++] = (char *)(uintptr_t)*words;
	struct opts *o;
	MUST(opts_parse(&o, sample_tables, argc, argv));
	return o;
}

/* Runs all chains of a command line into a folder of that name and leaves the run there. */
static void sample(const char *name, const char *const *words, char *folder, size_t size)
{
	static const volatile sig_atomic_t never = 0;
	struct opts *o = parse(words);
	struct problem p;
	struct run run;
	struct progress progress;
	snprintf(folder, size, "%s/%s", scratch_folder(), name);
	MUST(problem_open(o, &p));
	json_t *json = facts_run(&p, o);
	MUST(run_create(folder, json, &run));
	json_decref(json);
	progress_start(&progress, true, false, 0, 1);
	p.plan.run = &run;
	p.plan.progress = &progress;
	p.plan.stop = &never;
	for (int k = 0; k < p.plan.chains; k++) {
		struct chain *c;
		MUST(chain_open(&p.plan, k, &c));
		MUST(chain_run(c));
		chain_close(c);
	}
	run_close(&run);
	problem_close(&p);
	opts_free(o);
}

static struct snaps_reader *open_chain(const char *folder, int k)
{
	char path[512];
	struct snaps_reader *r;
	snprintf(path, sizeof path, "%s/chain-%d.snaps", folder, k);
	MUST(snaps_open(path, 0, &r));
	return r;
}

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

/* ---- minibatches ---- */

static void check_epoch(void)
{
	struct opts *o = parse((const char *[]){"--epochs", "1", "--batch", "3", "--lr", "0.1", NULL});
	struct problem p;
	struct arena arena = {0};
	struct batches b;
	struct slots slots = {.key = {1, 0}};
	float *theta, *sum, *full, start[D] = {0.3f, -0.7f, 0.2f}, got[D], want[D];
	MUST(problem_open(o, &p));
	struct device *d = p.device;
	MUST(d->ops->alloc(d, D * sizeof(float), (void **)&theta));
	MUST(d->ops->alloc(d, D * sizeof(float), (void **)&sum));
	MUST(d->ops->alloc(d, D * sizeof(float), (void **)&full));
	MUST(d->ops->slots_open(d, &slots));
	MUST(d->ops->put(d, theta, start, sizeof start));
	MUST(batches_open(&b, &arena, d, slots.key, N, 3, false));
	struct gradient_request r = {.at = {.theta = theta}, .gradient = sum, .policy = STATS_FREEZE};
	int seen[N] = {0}, sizes[2];
	for (uint64_t k = 0; k < 2; k++) {
		MUST(batches_at(&b, 2 * 7 + k, &r.batch));
		sizes[k] = r.batch.n;
		for (int i = 0; i < r.batch.n; i++)
			seen[b.order[r.batch.first + (size_t)i]]++;
		r.batch.scale *= (double)r.batch.n / N;
		r.accumulate = k > 0;
		MUST(p.potential->ops->value_grad(p.potential, &slots, &r));
	}
	ok(sizes[0] == 3 && sizes[1] == 1, "the last batch of an epoch holds what is left");
	ok(seen[0] == 1 && seen[1] == 1 && seen[2] == 1 && seen[3] == 1, "an epoch sees every example once");
	r = (struct gradient_request){.at = {.theta = theta}, .gradient = full, .policy = STATS_FREEZE,
	                              .batch = {.n = N, .scale = 1.0 / N}};
	/* Planned for batches of 3, so the full gradient is put together by hand. */
	for (int i = 0; i < N; i++) {
		r.batch = (struct batch){.first = (size_t)i, .n = 1, .scale = 1.0 / N};
		r.accumulate = i > 0;
		MUST(p.potential->ops->value_grad(p.potential, &slots, &r));
	}
	MUST(d->ops->get(d, got, sum, sizeof got));
	MUST(d->ops->get(d, want, full, sizeof want));
	double closed[D] = {0}, worst = 0, off = 0;
	for (int i = 0; i < N; i++) {
		double x[D] = {table[i][0], table[i][1], 1}, e = -table[i][2];
		for (int j = 0; j < D; j++)
			e += x[j] * start[j];
		for (int j = 0; j < D; j++)
			closed[j] += x[j] * e / N;
	}
	for (int j = 0; j < D; j++) {
		worst = fmax(worst, fabs(got[j] - want[j]));
		off = fmax(off, fabs(want[j] - closed[j]));
	}
	near(worst, 0, 1e-6, "an epoch's size-weighted batch gradients sum to the full gradient");
	near(off, 0, 1e-6, "which is the closed form's");
	uint32_t before[N];
	int changes = 0;
	for (uint64_t epoch = 0; epoch < 12; epoch++) {
		MUST(batches_at(&b, 2 * epoch, &r.batch));
		changes += epoch && memcmp(before, b.order, sizeof before) != 0;
		memcpy(before, b.order, sizeof before);
	}
	ok(changes >= 6, "epochs have orders of their own (%d of 11 changed)", changes);
	batches_close(&b);
	d->ops->slots_close(d, &slots);
	d->ops->free(d, theta);
	d->ops->free(d, sum);
	d->ops->free(d, full);
	arena_free(&arena);
	problem_close(&p);
	opts_free(o);
}

/* The exact mean m and second moment M of SGLD with iid minibatches: θ′ = A_B θ + c_B + √(2λ/β) ξ over all N^B ordered
 * batches, m = E[A]m + E[c], vec M = E[A⊗A] vec M + vec(E[A m cᵀ + c mᵀAᵀ + c cᵀ] + (2λ/β) I). */
static void exact_moments(double lr, double decay, double beta, double m[D], double second[D][D])
{
	enum { D2 = D * D };
	gsl_matrix *one = gsl_matrix_calloc(D, D), *two = gsl_matrix_calloc(D2, D2);
	gsl_vector *b1 = gsl_vector_calloc(D), *b2 = gsl_vector_calloc(D2), *x1 = gsl_vector_alloc(D), *x2 = gsl_vector_alloc(D2);
	gsl_permutation *p1 = gsl_permutation_alloc(D), *p2 = gsl_permutation_alloc(D2);
	int sign;
	for (int pass = 0; pass < 2; pass++) {
		for (int first = 0; first < N; first++)
			for (int other = 0; other < N; other++) {
				double a[D][D], c[D] = {0}, am[D] = {0}, w = 1.0 / (N * N);
				for (int i = 0; i < D; i++)
					for (int j = 0; j < D; j++)
						a[i][j] = (i == j) * (1 - lr * decay);
				const int rows[B] = {first, other};
				for (int r = 0; r < B; r++) {
					double x[D] = {table[rows[r]][0], table[rows[r]][1], 1};
					for (int i = 0; i < D; i++) {
						c[i] += lr / B * x[i] * table[rows[r]][2];
						for (int j = 0; j < D; j++)
							a[i][j] -= lr / B * x[i] * x[j];
					}
				}
				for (int i = 0; i < D; i++)
					for (int j = 0; j < D; j++)
						am[i] += a[i][j] * m[j];
				for (int i = 0; i < D; i++) {
					if (pass == 0)
						*gsl_vector_ptr(b1, (size_t)i) += w * c[i];
					for (int j = 0; j < D; j++) {
						if (pass == 0) {
							*gsl_matrix_ptr(one, (size_t)i, (size_t)j) -= w * a[i][j];
							continue;
						}
						*gsl_vector_ptr(b2, (size_t)(i * D + j)) += w * (am[i] * c[j] + c[i] * am[j] + c[i] * c[j]);
						for (int k = 0; k < D; k++)
							for (int l = 0; l < D; l++)
								*gsl_matrix_ptr(two, (size_t)(i * D + j), (size_t)(k * D + l)) -= w * a[i][k] * a[j][l];
					}
				}
			}
		if (pass == 0) {
			for (size_t i = 0; i < D; i++)
				*gsl_matrix_ptr(one, i, i) += 1;
			gsl_linalg_LU_decomp(one, p1, &sign);
			gsl_linalg_LU_solve(one, p1, b1, x1);
			for (size_t i = 0; i < D; i++)
				m[i] = gsl_vector_get(x1, i);
		}
	}
	for (size_t i = 0; i < D2; i++)
		*gsl_matrix_ptr(two, i, i) += 1;
	for (size_t i = 0; i < D; i++)
		*gsl_vector_ptr(b2, i * D + i) += 2 * lr / beta;
	gsl_linalg_LU_decomp(two, p2, &sign);
	gsl_linalg_LU_solve(two, p2, b2, x2);
	for (size_t i = 0; i < D2; i++)
		second[i / D][i % D] = gsl_vector_get(x2, i);
	gsl_matrix_free(one), gsl_matrix_free(two), gsl_vector_free(b1), gsl_vector_free(b2), gsl_vector_free(x1),
		gsl_vector_free(x2), gsl_permutation_free(p1), gsl_permutation_free(p2);
}

/* |t| < 7.5 with 47 degrees of freedom: false alarm below 2e-9 for each of the nine. */
static void check_iid(void)
{
	static double mean[CHAINS][D][D], average[CHAINS][D];
	double m[D] = {0}, second[D][D], worst = 0;
	char folder[256];
	sample("iid", (const char *[]){"--sampling", "iid", "--batch", "2", "--steps", "3200", "--burn-in", "200",
	       "--keep-every", "1", "--chains", "48", "--lr", "0.3", "--weight-decay", "0.05", "--temperature", "0.5",
	       "--checkpoint-every", "600", "--threads", "1", NULL}, folder, sizeof folder);
	exact_moments(0.3, 0.05, N / 0.5, m, second);
	for (int c = 0; c < CHAINS; c++) {
		struct snaps_reader *r = open_chain(folder, c);
		struct snaps_record record;
		size_t n = snaps_count(r);
		for (size_t i = 0; i < n; i++) {
			MUST(snaps_read(r, i, &record));
			for (int j = 0; j < D; j++) {
				average[c][j] += record.params[j] / (double)n;
				for (int k = 0; k < D; k++)
					mean[c][j][k] += (double)record.params[j] * record.params[k] / (double)n;
			}
		}
		if (c == 0)
			ok(n == 3000, "--keep-every 1 with a burn-in of 200 keeps 3000 of 3200 states");
		snaps_reader_close(r);
	}
	for (int j = 0; j < D; j++)
		for (int k = 0; k <= j + 1 && k <= D; k++) {
			bool first = k == j + 1;   /* the last column is the mean */
			double mu = 0, v = 0, want = first ? m[j] : second[j][k];
			for (int c = 0; c < CHAINS; c++)
				mu += (first ? average[c][j] : mean[c][j][k]) / CHAINS;
			for (int c = 0; c < CHAINS; c++) {
				double e = (first ? average[c][j] : mean[c][j][k]) - mu;
				v += e * e / (CHAINS - 1);
			}
			double t = (mu - want) / sqrt(v / CHAINS);
			if (!(fabs(t) <= fabs(worst)))
				worst = t;
		}
	near(worst, 0, 7.5, "iid minibatches give the exact mean and second moment (largest t)");
}

/* ---- what the numbers depend on ---- */

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
	warn_quiet(1);
	check_epoch();
	check_iid();
	check_identities();
	check_ends();
	check_frozen_and_prior();
	check_kept();
	return done_testing();
}
