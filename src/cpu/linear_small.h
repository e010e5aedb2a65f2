/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The products of small linear layers by Basin's own kernels, on the calling thread, in float32. A call into the library costs
 * 0.2 to 0.4 µs, half of what such a product takes, and turning W for y = x Wᵀ as much again where the batch is the smaller matrix. */
#ifndef BASIN_CPU_LINEAR_SMALL_H
#define BASIN_CPU_LINEAR_SMALL_H

#include "src/cpu/cpu.h"

/* Examples, inputs, outputs. */
struct linear_shape {
	size_t n, in, out;
};

/* Whether a layer's products are done here: a rule of its shape alone, so that bits depend on nothing else. */
bool linear_is_small(const struct linear_shape *s);

/* y = x Wᵀ + b; b may be NULL. Errors: ERR_MEMORY. */
status linear_small_forward(struct device *d, const struct linear_shape *s, const struct layer_io *io);
/* dx and dW, where they are wanted. */
void linear_small_backward(struct device *d, const struct linear_shape *s, const struct layer_io *io);

#endif
