/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* On a quadratic potential every method's step is a linear map of its state with Gaussian noise:
 *   z ← A z + Σ_s L_s ξ_s.  Here are those maps in double, their trajectories and their stationary covariances. */
#ifndef BASIN_LINEAR_MAP_H
#define BASIN_LINEAR_MAP_H

#include "src/rng.h"

enum { MAP_DIMS = 12, MAP_SOURCES = 3 };

struct linear_map {
	int n, d;                                        /* state size, parameters: n = vectors · d */
	double a[MAP_DIMS][MAP_DIMS];                    /* (n, n) */
	int sources;
	enum stream stream[MAP_SOURCES];
	double load[MAP_SOURCES][MAP_DIMS][MAP_DIMS];    /* (n, d) each */
};

/* Identity map of so many vectors of d. */
void map_identity(struct linear_map *m, int vectors, int d);

/* Adds coefficient · H to block (to, from) of A; h is d × d row-major, NULL for the identity. */
void map_add(struct linear_map *m, int to, int from, double coefficient, const double *h);

/* Noise of a stream enters vector `to` through coefficient · H. */
void map_noise(struct linear_map *m, int to, enum stream stream, double coefficient, const double *h);

/* z (n) ← A z + Σ L ξ with the noise of that key and step. */
void map_apply(const struct linear_map *m, struct rng_key key, uint64_t step, double *z);

/* first, then second: the covariance maps of both in turn. Fills the composed A and noise covariance Q (n × n). */
void map_compose(const struct linear_map *first, const struct linear_map *second, int repeat_first,
                 double a[MAP_DIMS][MAP_DIMS], double q[MAP_DIMS][MAP_DIMS]);

/* Solves Σ = A Σ Aᵀ + Q by one linear system (GSL). */
void map_stationary(int n, double a[MAP_DIMS][MAP_DIMS], double q[MAP_DIMS][MAP_DIMS], double sigma[MAP_DIMS][MAP_DIMS]);

#endif
