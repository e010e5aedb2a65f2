/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The basis is read from memory three times a step: a piece of each vector, short enough that those of all stay in a cache, is
 * subtracted and multiplied by before the next piece comes. */
#include "curvature/krylov.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 1024, LANES = 8, PASSES = 4 };

/* What is left of a product beside the basis, as a share of the largest product's norm, where it is rounding: each of its
 * elements has one of 2⁻²⁴ of its own, and two subtractions theirs. */
#define ROUNDING 0x1p-21

float *krylov_vector(const struct krylov *k, size_t i)
{
	return k->q + i * k->n;
}

status krylov_open(struct krylov *k, size_t n, size_t room)
{
	*k = (struct krylov){.n = n, .room = room};
	TRY(curvature_room(n, room + 1));
	k->q = malloc((room + 1) * n * sizeof *k->q);
	k->sums = malloc((room + 1) * sizeof *k->sums);
	k->piece = malloc((room + 1) * PIECE * sizeof *k->piece);
	if (k->q && k->sums && k->piece)
		return OK;
	krylov_close(k);
	return fail(ERR_MEMORY, "out of memory: %zu vectors of %zu elements", room + 1, n);
}

void krylov_close(struct krylov *k)
{
	free(k->q);
	free(k->sums);
	free(k->piece);
	*k = (struct krylov){.n = 0};
}

/* ---- sums over vectors, in double ---- */

static double dot(const float *x, const float *y, size_t n)
{
	double lane[LANES] = {0}, sum = 0;
	size_t i = 0;
	for (; i + LANES <= n; i += LANES)
		for (size_t j = 0; j < LANES; j++)
			lane[j] += (double)x[i + j] * (double)y[i + j];
	for (; i < n; i++)
		sum += (double)x[i] * (double)y[i];
	for (size_t j = 0; j < LANES; j++)
		sum += lane[j];
	return sum;
}

static size_t piece_at(const struct krylov *k, size_t at)
{
	return k->n - at < PIECE ? k->n - at : PIECE;
}

/* sums (used) = Qᵀw */
static void multiply(const struct krylov *k, const float *w, double *sums)
{
	memset(sums, 0, k->used * sizeof *sums);
	for (size_t at = 0; at < k->n; at += PIECE)
		for (size_t i = 0; i < k->used; i++)
			sums[i] += dot(krylov_vector(k, i) + at, w + at, piece_at(k, at));
}

/* w ← w − Q·by; then sums (used) = Qᵀw, or NULL. Returns ‖w‖. */
static double subtract(const struct krylov *k, float *w, const double *by, double *sums)
{
	double left[PIECE], square = 0;
	if (sums)
		memset(sums, 0, k->used * sizeof *sums);
	for (size_t at = 0; at < k->n; at += PIECE) {
		const size_t n = piece_at(k, at);
		for (size_t e = 0; e < n; e++)
			left[e] = (double)w[at + e];
		for (size_t i = 0; i < k->used; i++) {
			const float *q = krylov_vector(k, i) + at;
			for (size_t e = 0; e < n; e++)
				left[e] -= by[i] * (double)q[e];
		}
		for (size_t e = 0; e < n; e++)
			w[at + e] = (float)left[e];
		square += dot(w + at, w + at, n);
		for (size_t i = 0; sums && i < k->used; i++)
			sums[i] += dot(krylov_vector(k, i) + at, w + at, n);
	}
	return sqrt(square);
}

static void divide(float *w, size_t n, double by)
{
	for (size_t i = 0; i < n; i++)
		w[i] = (float)((double)w[i] / by);
}

/* ---- the basis ---- */

bool krylov_normal(struct krylov *k, struct rng_key key, uint64_t step)
{
	float *w = krylov_vector(k, k->used);
	double four[4], norm, before;
	if (k->used >= k->n)
		return false;
	for (size_t i = 0; i < k->n; i++) {
		if (i % 4 == 0)
			rng_normals(key, STREAM_PROBE, step, (uint32_t)(i / 4), four);
		w[i] = (float)four[i % 4];
	}
	norm = sqrt(dot(w, w, k->n));
	for (int pass = 0; pass < PASSES && k->used; pass++) {
		before = norm;
		multiply(k, w, k->sums);
		norm = subtract(k, w, k->sums, NULL);
		if (norm > before / 2 && pass)
			break;
	}
	divide(w, k->n, norm);
	return norm > 0;
}

void krylov_begin(struct krylov *k)
{
	k->used = 0;
	divide(k->q, k->n, sqrt(dot(k->q, k->q, k->n)));
}

status krylov_step(struct krylov *k, struct curvature *c, double *h, double *beta)
{
	const float *q = krylov_vector(k, k->used++);
	float *w = krylov_vector(k, k->used);
	TRY(curvature_product(c, q, w));
	k->scale = fmax(k->scale, sqrt(dot(w, w, k->n)));
	multiply(k, w, h);
	subtract(k, w, h, k->sums);
	*beta = subtract(k, w, k->sums, NULL);
	for (size_t i = 0; i < k->used; i++)
		h[i] += k->sums[i];
	if (k->used == k->n || *beta <= ROUNDING * k->scale)
		*beta = 0;
	else
		divide(w, k->n, *beta);
	return OK;
}

void krylov_rotate(struct krylov *k, size_t from, const double *s, size_t stride, size_t count)
{
	const size_t old = k->used - from;
	double sum[PIECE];
	for (size_t at = 0; at < k->n; at += PIECE) {
		const size_t n = piece_at(k, at);
		for (size_t i = 0; i < old; i++)
			memcpy(k->piece + i * PIECE, krylov_vector(k, from + i) + at, n * sizeof *k->piece);
		for (size_t j = 0; j < count; j++) {
			float *to = krylov_vector(k, from + j) + at;
			memset(sum, 0, sizeof sum);
			for (size_t i = 0; i < old; i++)
				for (size_t e = 0; e < n; e++)
					sum[e] += s[i * stride + j] * (double)k->piece[i * PIECE + e];
			for (size_t e = 0; e < n; e++)
				to[e] = (float)sum[e];
		}
	}
	if (count != old)
		memmove(krylov_vector(k, from + count), krylov_vector(k, k->used), k->n * sizeof *k->q);
	k->used = from + count;
}
