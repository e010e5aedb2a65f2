/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Convolutions of few channels, in planes of pixels: stride 1, one group, float32. A library that keeps channels in the
 * lanes of vectors leaves most lanes of such convolutions empty; here pixels of a row fill them, and in conv_examples.c, where
 * there are enough of them, pixels of several examples. Only networks without norms and with few channels everywhere come
 * here (formats.c): LeNet. */
#ifndef BASIN_CPU_CONV_PLANES_H
#define BASIN_CPU_CONV_PLANES_H

#include "src/cpu/cpu.h"

/* Whether a layer's shape can be done so, all three directions. */
bool conv_planes_fit(const struct layer *l);
/* Whether everything is in planes and of a shape that they are good for. */
bool conv_planes_suit(const struct plan_request *r);

/* ---- what is shared with conv_examples.c ---- */

enum { PLANE_PITCH = 16 };   /* rows start at multiples of it: the widest vector */

struct planes planes_of(const int shape[3], int pad);
struct planes_kernel planes_kernel_of(const int in[3], const int out[3], int kernel, int pad);

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
