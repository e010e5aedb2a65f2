/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What lanczos.c and density.c share: a basis of orthonormal vectors, and the steps that extend it. */
#ifndef BASIN_KRYLOV_H
#define BASIN_KRYLOV_H

#include <stdbool.h>

#include "curvature/curvature.h"

struct krylov {
	size_t n;              /* elements of a vector */
	size_t room, used;     /* vectors that it takes, and has */
	float *q;              /* (room + 1, n): the basis, and behind it the vector that comes next, of norm 1 and orthogonal to it */
	double *sums;          /* (room + 1), scratch, and */
	float *piece;          /* a piece of each vector */
	double scale;          /* the largest norm of a product so far, which what is left of one is compared with */
};

/* An empty basis. Errors: ERR_MEMORY, as curvature_room says it. */
status krylov_open(struct krylov *k, size_t n, size_t room);
void krylov_close(struct krylov *k);

/* Vector i < used, or `used` for the next one. */
float *krylov_vector(const struct krylov *k, size_t i);

/* The next vector becomes one of normals of a step of STREAM_PROBE, made orthogonal to the basis; false where that spans all. */
bool krylov_normal(struct krylov *k, struct rng_key key, uint64_t step);

/* The basis is empty, and what stands in its first place, divided by its norm, the next vector. */
void krylov_begin(struct krylov *k);

/* Takes the next vector q in, sets h (used, with q) to Qᵀ·H·q, and makes what is left of H·q the next one: *beta is its norm, or
 * exactly 0 where nothing but rounding is left (the basis spans an invariant subspace) or the basis spans all. Gram–Schmidt twice
 * over, of which once more would change nothing (Kahan's "twice is enough", Parlett 1998, §6.9). Errors: curvature_product's. */
status krylov_step(struct krylov *k, struct curvature *c, double *h, double *beta);

/* Vectors from … used − 1 become `count` combinations of themselves: new j = Σᵢ s[i·stride + j]·old i. The next vector stays the
 * next one. */
void krylov_rotate(struct krylov *k, size_t from, const double *s, size_t stride, size_t count);

#endif
