/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Draws seen along a few fixed random directions of the parameters that move: with signs z_k of their elements,
 *   p_k(θ) = (1/√K) Σ_j z_kj θ_j,  k < K,
 * so that Σ_k (p_k(θ) − p_k(θ′))² is ‖θ − θ′‖² on average over the signs. Sign k of element j is bit k of the Philox
 * word of element j (STREAM_PROJECTION at step 0, key (0, 0)): the directions are the same for every run of a model.
 * Where no more than K parameters move, they are taken themselves. */
#ifndef BASIN_PROJECTION_H
#define BASIN_PROJECTION_H

#include <stdbool.h>

#include "src/tensor.h"

enum { DIRECTIONS_MAX = 32 };

struct projection {
	const struct pieces *pieces;
	int n;               /* numbers of a draw */
	bool plain;          /* they are the parameters that move */
};

/* directions: K, 1 to DIRECTIONS_MAX. The pieces stay the caller's. */
void projection_open(struct projection *p, const struct pieces *pieces, int directions);

/* The numbers of a draw θ (memory order) to out[0], out[stride], … */
void projection_take(const struct projection *p, const float *theta, double *out, size_t stride);

/* Where in θ the i-th of parameters that are taken themselves stands. */
size_t projection_place(const struct projection *p, int i);

#endif
