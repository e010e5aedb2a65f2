/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/swag.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Parameters at a time: what belongs to them stays in the cache from column to column. */
enum { BLOCK = 1024 };

static const double LEAST_VARIANCE = 1e-30;

/* ---- the fit ---- */

status swag_open(size_t d, size_t rank, struct swag *out)
{
	*out = (struct swag){.d = d, .rank = rank};
	if (rank == 1)
		return fail(ERR_USAGE, "{rank} 1: the low-rank part of the covariance is divided by one less; take 2 or more, or 0, which "
		            "leaves it out");
	out->sum = calloc(d, sizeof *out->sum);
	out->square = calloc(d, sizeof *out->square);
	out->deviation = calloc(rank ? rank * d : 1, sizeof *out->deviation);
	if (out->sum && out->square && out->deviation)
		return OK;
	swag_close(out);
	return fail(ERR_MEMORY, "out of memory: a fit of {rank} %zu takes %zu bytes for %zu parameters", rank,
	            d * (2 * sizeof(double) + rank * sizeof(float)), d);
}

void swag_close(struct swag *s)
{
	free(s->sum);
	free(s->square);
	free(s->deviation);
	*s = (struct swag){.d = 0};
}

void swag_add(struct swag *s, const float *theta)
{
	double before = (double)s->n, after = before + 1;
	float *column = s->rank ? s->deviation + s->n % s->rank * s->d : NULL;
	for (size_t i = 0; i < s->d; i++) {
		double x = (double)theta[i], old = s->n ? s->sum[i] / before : x;
		/* Not added to 0, which would make 0 of −0. */
		s->sum[i] = s->n ? s->sum[i] + x : x;
		double deviation = x - s->sum[i] / after;
		s->square[i] += (x - old) * deviation;
		if (column)
			column[i] = (float)deviation;
	}
	s->n++;
}

/* ---- draws ---- */

/* The float nearest to x, or of the two about it the one whose last bit is 1. */
static float float_of(double x, bool odd)
{
	float near = (float)x;
	uint32_t bits;
	memcpy(&bits, &near, sizeof bits);
	if (!odd || (double)near == x || !isfinite(near) || bits & 1)
		return near;
	/* Towards x, on the scale of magnitudes. */
	bits += fabs((double)near) < fabs(x) ? 1 : UINT32_MAX;
	memcpy(&near, &bits, sizeof near);
	return near;
}

/* Adds √v ∘ ξ₁ of the parameters first … first + n − 1. */
static void add_diagonal(const struct swag *s, const struct swag_request *r, size_t first, size_t n, double *sum)
{
	for (size_t i = 0; i < n; i += 4) {
		double xi[4];
		rng_normals(r->key, STREAM_SWAG_0, r->number, (uint32_t)((first + i) / 4), xi);
		for (size_t j = i; j < i + 4 && j < n; j++) {
			double v = s->square[first + j] / (double)s->n;
			if (v > 0)
				sum[j] += sqrt(fmax(v, LEAST_VARIANCE)) * xi[j - i];
		}
	}
}

/* Adds D ξ₂/√(K − 1): the k-th column is the k-th oldest of those that are kept, and the first n < K are the first. */
static void add_columns(const struct swag *s, const struct swag_request *r, size_t first, size_t n, double *sum)
{
	size_t kept = s->n < s->rank ? s->n : s->rank, oldest = s->n - kept;
	for (size_t k = 0; k < kept; k++) {
		double c = rng_normal(r->key, STREAM_SWAG_1, r->number, k) / sqrt((double)s->rank - 1);
		const float *column = s->deviation + (oldest + k) % s->rank * s->d + first;
		for (size_t j = 0; j < n; j++)
			sum[j] += c * (double)column[j];
	}
}

void swag_draw(const struct swag *s, const struct swag_request *r, float *out)
{
	double noise[BLOCK], width = sqrt(r->scale);
	for (size_t first = 0; first < s->d; first += BLOCK) {
		size_t n = s->d - first < BLOCK ? s->d - first : BLOCK;
		memset(noise, 0, n * sizeof *noise);
		if (r->scale > 0) {
			add_diagonal(s, r, first, n, noise);
			add_columns(s, r, first, n, noise);
		}
		for (size_t j = 0; j < n; j++) {
			double mean = s->sum[first + j] / (double)s->n;
			/* −0 + 0 is 0. */
			out[first + j] = float_of(noise[j] != 0 ? mean + width * noise[j] : mean, r->narrow);
		}
	}
}
