/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "bench/cuda_timing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/clock.h"

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* Of the rounds before the first that counts one is run call by call, and in the other its graph is made. */
status timing_seconds(const struct timing *t, status (*pass)(void *w), void *w, double *out)
{
	static double all[TIMING_ROUNDS_MAX];
	for (int i = -2; i < t->rounds; i++) {
		double start = clock_seconds();
		for (int k = 0; k < t->repeats; k++)
			TRY(pass(w));
		TRY(t->d->ops->sync(t->d));
		if (i >= 0)
			all[i] = (clock_seconds() - start) / t->repeats;
	}
	qsort(all, (size_t)t->rounds, sizeof *all, compare);
	*out = (all[t->rounds / 2] + all[(t->rounds - 1) / 2]) / 2;
	return OK;
}

/* Of bf16 the upper halves, which are those of float32. */
status timing_fill(struct device *d, void *const *to, int n, size_t count, bool bf16)
{
	const size_t each = bf16 ? sizeof(uint16_t) : sizeof(float);
	unsigned char *host = malloc(count * each);
	uint32_t word = 1;
	status s = host ? OK : fail(ERR_MEMORY, "out of memory: %zu bytes", count * each);
	for (int k = 0; k < n && s == OK; k++) {
		for (size_t i = 0; i < count; i++) {
			word = word * 1664525 + 1013904223;
			const float value = (float)(int32_t)word * 0x1p-31f;
			memcpy(host + i * each, (const char *)&value + (bf16 ? 2 : 0), each);
		}
		s = d->ops->put(d, to[k], host, count * each);
	}
	free(host);
	return s;
}

long timing_number(int argc, char **argv, int i, long fallback, long most)
{
	long value = argc > i ? strtol(argv[i], NULL, 10) : fallback;
	if (value > 0 && value <= most)
		return value;
	fprintf(stderr, "%s: %s: expected 1 to %ld\n", argv[0], argv[i], most);
	exit(1);
}
