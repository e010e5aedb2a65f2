/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/bootstrap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_statistics_double.h>

#include "src/arena.h"
#include "src/rng.h"

void bootstrap_counts(uint64_t group, uint64_t r, size_t n, uint32_t *count)
{
	struct rng_key key = {0, 0};
	memset(count, 0, n * sizeof *count);
	for (size_t i = 0; i < n; i += 4) {
		uint32_t w[4];
		rng_words(key, STREAM_BOOTSTRAP, group * BOOTSTRAP_RESAMPLES + r, (uint32_t)(i / 4), w);
		for (size_t j = 0; j < 4 && i + j < n; j++)
			count[(uint64_t)w[j] * n >> 32]++;
	}
}

double bootstrap_deviation(const double figure[BOOTSTRAP_RESAMPLES])
{
	return gsl_stats_sd(figure, 1, BOOTSTRAP_RESAMPLES);
}

/* The means of each resample, figure (k, resamples). Every one is a thread's own from beginning to end, and the same
 * whatever thread that is. */
static status resample_means(size_t n, int k, const double *values, double *figure)
{
	int failed = 0;
#pragma omp parallel reduction(| : failed)
	{
		uint32_t *count = malloc(n * sizeof *count);
		failed |= !count;
#pragma omp for schedule(static)
		for (size_t r = 0; r < BOOTSTRAP_RESAMPLES; r++) {
			if (!count)
				continue;
			bootstrap_counts(0, r, n, count);
			for (int j = 0; j < k; j++) {
				double sum = 0;
				for (size_t i = 0; i < n; i++)
					sum += count[i] * values[(size_t)j * n + i];
				figure[(size_t)j * BOOTSTRAP_RESAMPLES + r] = sum / (double)n;
			}
		}
		free(count);
	}
	return failed ? fail(ERR_MEMORY, "out of memory: resamples of %zu examples", n) : OK;
}

status bootstrap_means(size_t n, int k, const double *values, double *se)
{
	for (int j = 0; j < k; j++)
		se[j] = NAN;
	if (n < 2)
		return OK;
	struct arena arena = {0};
	double *figure;
	status s = ARENA_NEW(&arena, (size_t)k * BOOTSTRAP_RESAMPLES, &figure);
	if (s == OK)
		s = resample_means(n, k, values, figure);
	for (int j = 0; s == OK && j < k; j++)
		se[j] = bootstrap_deviation(figure + (size_t)j * BOOTSTRAP_RESAMPLES);
	arena_free(&arena);
	return s;
}
