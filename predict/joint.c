/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/joint.h"

#include <math.h>

#include "predict/mixture.h"
#include "src/rng.h"

/* Bits of a word that are 1, of the first τ. */
static uint8_t heads(uint32_t word)
{
	uint8_t count = 0;
	for (int i = 0; i < JOINT_TAU; i++)
		count = (uint8_t)(count + (word >> i & 1));
	return count;
}

/* Neighbours in a random order are pairs, which share no example; coins are of the steps behind the orders'. */
static status draw(struct joint *j, struct arena *a, size_t pairings)
{
	const struct rng_key key = {JOINT_SEED, 0};
	const size_t pairs = j->n / 2;
	uint32_t *order, words[4];
	TRY(ARENA_NEW(a, j->n, &order));
	for (size_t r = 0; r < pairings; r++) {
		rng_permutation(key, STREAM_JOINT, r, order, j->n);
		for (size_t k = 0; k < pairs; k++) {
			const size_t b = r * pairs + k;
			rng_words(key, STREAM_JOINT, pairings + r, (uint32_t)(k / 4), words);
			j->pair[2 * b] = order[2 * k];
			j->pair[2 * b + 1] = order[2 * k + 1];
			j->first[b] = heads(words[k % 4]);
		}
	}
	return OK;
}

status joint_open(struct arena *a, size_t n, struct joint *out)
{
	const size_t pairs = n / 2, wanted = pairs ? (JOINT_LEAST + pairs - 1) / pairs : 0, pairings = wanted < 2 ? 2 : wanted;
	*out = (struct joint){.n = n, .batches = pairs * pairings};
	TRY(ARENA_NEW(a, 2 * out->batches, &out->pair));
	TRY(ARENA_NEW(a, out->batches, &out->first));
	TRY(ARENA_NEW(a, out->batches, &out->log_sum));
	for (size_t b = 0; b < out->batches; b++)
		out->log_sum[b] = -INFINITY;
	struct arena scratch = {0};
	status s = draw(out, &scratch, pairings);
	arena_free(&scratch);
	return s;
}

/* 0 × ∞ is 0: an example that is not in the batch. */
static double times(unsigned count, double log_lik)
{
	return count ? count * log_lik : 0;
}

void joint_add(struct joint *j, const double *log_lik)
{
	for (size_t b = 0; b < j->batches; b++) {
		const uint32_t *pair = j->pair + 2 * b;
		const double log_p = times(j->first[b], log_lik[pair[0]]) + times(JOINT_TAU - j->first[b], log_lik[pair[1]]);
		j->log_sum[b] = log_add(j->log_sum[b], log_p);
	}
	j->members++;
}

void joint_nll(const struct joint *j, double *nll, double *se)
{
	*nll = *se = NAN;
	if (!j->members || !j->batches)
		return;
	double mean = 0, squares = 0;
	const double members = log((double)j->members), batches = (double)j->batches, pairs = (double)(j->n / 2);
	for (size_t b = 0; b < j->batches; b++)
		mean += (members - j->log_sum[b]) / batches;
	for (size_t b = 0; b < j->batches; b++)
		squares += (members - j->log_sum[b] - mean) * (members - j->log_sum[b] - mean);
	*nll = mean;
	if (pairs >= 2 && isfinite(mean))
		*se = sqrt(squares / (batches - 1) / pairs);
}
