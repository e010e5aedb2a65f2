/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Tangents of the layers whose output is linear in their input and in their weights, y = x ∗ W + b: linear layers and convolutions.
 * By the product rule they are sums of such a layer's own passes:
 *     ẏ = ẋ ∗ W + x ∗ V + ḃ,   dẋ = dẏ ∗ᵀ W + dy ∗ᵀ V,   dẆ = dẏ ∗ x + dy ∗ ẋ,   dḃ = Σ dẏ
 * along a direction with V in the weights' place and ḃ in the bias's. */
#ifndef BASIN_CPU_LINEAR_TANGENT_H
#define BASIN_CPU_LINEAR_TANGENT_H

#include "src/cpu/cpu.h"

struct linear_tangent {
	struct device *device;
	struct layer_plan *plan;
	/* The layer's passes, as layer_ops describes them; backward takes what is wanted in parts. */
	status (*forward)(struct layer_plan *p, const struct layer_io *io);
	status (*backward)(struct layer_plan *p, const struct layer_io *io);
	struct format y;
	size_t n, pixels;              /* images, and pixels of one of y */
	size_t channels;               /* of y */
	size_t inputs, weights;        /* numbers of x, all examples together, and of W */
	bool bias;
};

/* What a plan with PLAN_TANGENT is refused for: anything but float32. Errors: ERR_USAGE. */
status tangent_check(const struct plan_request *r);

/* Of the layer r asks for, with `weights` of them; plan and passes are the caller's to set. */
struct linear_tangent linear_tangent_of(struct device *d, const struct plan_request *r, size_t weights);

/* As layer_ops has them. */
size_t linear_tangent_bytes(const struct plan_request *r);
status linear_tangent_jvp(const struct linear_tangent *t, const struct layer_io *io, const struct layer_io *dot);
status linear_tangent_hvp(const struct linear_tangent *t, const struct layer_io *io, const struct layer_io *dot);

#endif
