/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A norm with its gradients in complex double, as their definitions read, and nothing else: with inputs a + i·h·ȧ, h = 1e−100, the
 * real parts of the results are the results and the imaginary ones h times their derivatives along ȧ, to the last bits (the complex
 * step; Squire & Trapp 1998). And the sizes that rounding errors of float32 go with. */
#ifndef BASIN_TEST_NORM_DOT_H
#define BASIN_TEST_NORM_DOT_H

#include <complex.h>

#include "tests/norm_case.h"

/* Tensors (n, channels, pixels) and (channels). */
enum { DOT_X, DOT_R, DOT_DY, DOT_GAMMA, DOT_BETA, DOT_TAU, DOT_INPUTS };
enum { DOT_Y, DOT_DX, DOT_DR, DOT_DGAMMA, DOT_DBETA, DOT_DTAU, DOT_OUTPUTS };
#define DOT_STEP 1e-100

struct norm_dot {
	enum norm norm;
	enum activation activation;
	int n, channels, pixels;
	const double *running;                 /* means, variances (2, channels), for batch norm */
	double complex *in[DOT_INPUTS], *out[DOT_OUTPUTS];
	double *size[DOT_OUTPUTS];             /* the sum of the absolute values of the terms of the derivatives */
};

/* An input that is missing is zeros. Outputs are zeros until norm_dot_run. */
struct norm_dot norm_dot_new(enum norm norm, enum activation activation, int n, int channels, int pixels, const double *running);
void norm_dot_free(struct norm_dot *o);
size_t norm_dot_count(const struct norm_dot *o, bool by_channel);
void norm_dot_run(struct norm_dot *o);

#endif
