/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Which examples chains see: the batches of an epoch, and the exact moments that independent draws lead to. */
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "chains/batches.h"
#include "tests/chain_runs.h"
#include "tests/tap.h"

static void check_epoch(void)
{
	struct opts *o = parse((const char *[]){"--epochs", "1", "--batch", "3", "--lr", "0.1", NULL});
	struct problem p;
	struct arena arena = {0};
	struct batches b;
	struct slots slots = {.key = {1, 0}};
	float *theta, *sum, *full, start[D] = {0.3f, -0.7f, 0.2f}, got[D], want[D];
	MUST(problem_open(o, NULL, NULL, &p));
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
		MUST(batches_at(&b, 2 * 7 + k, &slots, &r.batch));
		MUST(d->ops->slots_send(d, &slots));
		sizes[k] = r.batch.n;
		for (int i = 0; i < r.batch.n; i++)
			seen[b.order[slots_row(&slots, r.batch.row, (size_t)i)]]++;
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
		r.batch = (struct batch){.offset = (size_t)i, .n = 1, .scale = 1.0 / N};
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
		MUST(batches_at(&b, 2 * epoch, &slots, &r.batch));
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

/* Drawn with replacement, as many rows as there are still miss some. */
static void check_full_iid(void)
{
	struct device *d;
	struct batches b;
	struct batch batch;
	struct slots slots = {0};
	struct arena arena = {0};
	int missed = 0;
	MUST(backend_open("cpu", 1, &d));
	MUST(batches_open(&b, &arena, d, (struct rng_key){3, 0}, N, N, true));
	for (uint64_t k = 0; k < 40; k++) {
		int seen[N] = {0}, distinct = 0;
		MUST(batches_at(&b, k, &slots, &batch));
		for (int i = 0; i < batch.n; i++)
			seen[b.order[i]]++;
		for (int i = 0; i < N; i++)
			distinct += seen[i] > 0;
		missed += distinct < N;
	}
	/* 1 − 4!/4⁴ = 91 % of such draws miss one: at most 20 of 40 have a probability below 1e-10. */
	ok(missed > 20, "iid draws of N rows are with replacement (%d of 40 miss one)", missed);
	batches_close(&b);
	d->ops->close(d);
	arena_free(&arena);
}

/* Whether batches of a size are all large enough, by going through them. */
static bool all_fit(size_t n, size_t size, bool rest, size_t least)
{
	size_t end = rest ? n : size;
	for (size_t first = 0; first < end; first += size)
		if ((end - first < size ? end - first : size) < least)
			return false;
	return true;
}

static void check_sizes(void)
{
	bool right = true, named = true;
	for (size_t n = 1; n <= 40; n++)
		for (int size = 1; size <= (int)n; size++)
			for (int rest = 0; rest < 2; rest++)
				for (int least = 1; least < 3; least++) {
					status s = batches_check(n, size, rest, least);
					right &= (s == OK) == all_fit(n, (size_t)size, rest, (size_t)least);
					size_t a, b;
					const char *at = s == OK ? NULL : strstr(fail_message(s), "; batch ");
					int found = at ? sscanf(at, "; batch %zu or %zu", &a, &b) : 0;
					named &= s == OK || (found == 0 && n == 1) ||
					         (found > 0 && all_fit(n, a, rest, 2) && (found == 1 || all_fit(n, b, rest, 2)));
				}
	ok(right, "batches too small for batch norm are found");
	ok(named, "and sizes that would do are named");
	ok(batches_check(1, 1, true, 2) == ERR_USAGE && strstr(fail_message(ERR_USAGE), "the data has 1 example, and batch norm"),
	   "or that none would");
}

int main(void)
{
	check_sizes();
	write_csv();
	check_full_iid();
	check_epoch();
	check_iid();
	return done_testing();
}
