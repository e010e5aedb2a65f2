/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "tests/golden_values.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/device_vec.h"

uint64_t golden_word(unsigned seed, uint64_t tensor, size_t element)
{
	uint64_t z = (((uint64_t)seed << 56) + (tensor << 40) + element + 1) * 0x9E3779B97F4A7C15;
	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
	z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
	return z ^ (z >> 31);
}

float golden_value(unsigned seed, uint64_t tensor, size_t element, double offset, double scale)
{
	double u = (double)(golden_word(seed, tensor, element) >> 40) * 0x1p-23 - 1;
	return (float)(offset + scale * u);
}

static void spread(const struct segment *s, double *offset, double *scale)
{
	static const struct {
		const char *last;
		double offset, scale;
	} known[] = {{"weight", 1, 0.3}, {"bias", 0, 0.5}, {"tau", 0, 0.2}, {"running_mean", 0, 0.2}, {"running_var", 1, 0.4},
	             {"num_batches_tracked", 0, 0}};
	const char *last = strrchr(s->name, '.') + 1;
	*offset = 0;
	*scale = 0.1;
	if (s->ndim > 1)
		*scale = 1 / sqrt((double)(s->count / (size_t)s->shape[0]));
	else if (strncmp(s->name, "fc", 2) != 0 && strncmp(s->name, "conv", 4) != 0)
		for (size_t i = 0; i < sizeof known / sizeof *known; i++)
			if (!strcmp(last, known[i].last)) {
				*offset = known[i].offset;
				*scale = known[i].scale;
			}
}

void golden_fill(const struct segments *all, unsigned seed, uint64_t base, float *x)
{
	for (int i = 0; i < all->n; i++) {
		const struct segment *s = &all->at[i];
		double offset, scale;
		float *file = host_take(s->count * sizeof *file);
		spread(s, &offset, &scale);
		for (size_t e = 0; e < s->count; e++)
			file[e] = golden_value(seed, base + (uint64_t)i, e, offset, scale);
		segment_from_file(s, file, x + s->offset);
		free(file);
	}
}

void golden_bytes(unsigned seed, size_t n, uint8_t *x)
{
	for (size_t i = 0; i < n; i++)
		x[i] = (uint8_t)(golden_word(seed, GOLDEN_IMAGES, i) >> 56);
}

double golden_distance(const struct segment *s, const float *memory, unsigned seed, uint64_t tensor, const double *golden, int sums)
{
	double sum[GOLDEN_SUMS] = {0}, square = 0;
	float *file = host_take(s->count * sizeof *file);
	segment_to_file(s, memory, file);
#pragma omp parallel for schedule(static) reduction(+ : sum[:GOLDEN_SUMS])
	for (size_t e = 0; e < s->count; e++) {
		uint64_t signs = golden_word(seed, GOLDEN_SIGNS + tensor, e);
		double x = (double)file[e], sign[2] = {x, -x};
		for (int j = 0; j < sums; j++)
			sum[j] += sign[signs >> j & 1];
	}
	free(file);
	for (int j = 0; j < sums; j++)
		square += (sum[j] - golden[1 + j]) * (sum[j] - golden[1 + j]);
	return sqrt(square / sums) / golden[0];
}
