/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One norm with its tensors on a device and the oracle's answers. */
#ifndef BASIN_TEST_NORM_CASE_H
#define BASIN_TEST_NORM_CASE_H

#include "src/layer.h"
#include "tests/ref/ref.h"

/* A tensor on the device in some format, and as doubles (n, channels, pixels). */
struct tensor4 {
	struct device *d;
	struct format format;
	int n, channels, pixels;
	size_t count;
	void *device;
	double *value;
};

void tensor4_new(struct device *d, struct format f, int n, int channels, int pixels, struct tensor4 *t);
void tensor4_free(struct tensor4 *t);
/* Sends value, rounded to what the format holds, to the device. */
void tensor4_put(struct tensor4 *t);
void tensor4_get(struct tensor4 *t);
/* mean + sd · normal numbers, sent. */
void tensor4_random(struct tensor4 *t, double mean, double sd);

struct norm_shape {
	int n, channels, height, width, block;
};

struct norm_case {
	struct norm_shape shape;
	unsigned seed;             /* of its numbers, which don't depend on the cases before */
	enum norm norm;
	enum activation activation;
	bool residual, x_bf16, r_bf16, y_bf16, second, add;
	enum stats_policy policy;
	struct device *d;
	struct layer layer;
	struct tensor4 x, r, y, dy[2], dx, dr;
	void *kept;                /* of any plan */
	struct tensor4 gamma, beta, tau, dgamma, dbeta, dtau, stats;
};

/* Sets up what the fields up to `policy` and d ask for; random numbers everywhere. Plans are made before an io is. */
void norm_case_new(struct norm_case *c);
void norm_case_free(struct norm_case *c);
struct layer_plan *norm_case_plan(struct norm_case *c, enum plan_mode mode);
struct layer_io norm_case_io(struct norm_case *c);
struct ref_norm norm_case_ref(const struct norm_case *c);

#endif
