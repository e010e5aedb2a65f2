/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* One norm with its tensors on a device and the oracle's answers. */
#ifndef BASIN_TEST_NORM_CASE_H
#define BASIN_TEST_NORM_CASE_H

#include "tests/image.h"
#include "tests/ref/ref.h"

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
	struct image x, r, y, dy[2], dx, dr;
	void *kept;                /* of any plan */
	struct image gamma, beta, tau, dgamma, dbeta, dtau, stats;
};

/* Sets up what the fields up to `policy` and d ask for; random numbers everywhere. Plans are made before an io is. */
void norm_case_new(struct norm_case *c);
void norm_case_free(struct norm_case *c);
struct layer_plan *norm_case_plan(struct norm_case *c, enum plan_mode mode);
struct layer_io norm_case_io(struct norm_case *c);
struct ref_norm norm_case_ref(const struct norm_case *c);

#endif
