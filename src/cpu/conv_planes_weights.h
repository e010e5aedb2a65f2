/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What the two ways of convolving in planes share, by pixels (conv_planes.c) and by examples (conv_examples.c): their shapes, how
 * many threads a pass is worth, and the weights as both read them. */
#ifndef BASIN_CPU_CONV_PLANES_WEIGHTS_H
#define BASIN_CPU_CONV_PLANES_WEIGHTS_H

#include "src/cpu/cpu.h"

enum { PLANE_PITCH = 16 };   /* rows start at multiples of it: the widest vector */

struct planes planes_of(const int shape[3], int pad);
struct planes_kernel planes_kernel_of(const int in[3], const int out[3], int kernel, int pad);

/* Threads worth waking for a pass over n examples in so many tasks. */
int planes_threads(const struct device *d, const struct planes_kernel *k, int n, int tasks);

/* The working weights: θ + c·v + σξ, once for each of the two passes that read them. */
struct planes_weights {
	int32_t *order;      /* owned: which weight each place of the working copies has, y's and then dx's */
	size_t count[2];
};

/* Errors: ERR_MEMORY. */
status planes_weights_make(const struct planes_kernel *forward, const struct planes_kernel *data, struct planes_weights *w);
void planes_weights_drop(struct planes_weights *w);
size_t planes_weights_bytes(const struct planes_weights *w);
status planes_weights_fill(struct device *d, const struct planes_weights *w, const struct weight_source *from, float *working);

/* The sums of one task of the weights' gradient, a vector each, to their places. */
void planes_collect(const struct kernels *k, const struct planes_kernel *f, int task, const float *sums, const struct layer_io *io);

#endif
