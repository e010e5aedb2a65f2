/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Convolutions of few channels, in planes of pixels: stride 1, one group, float32. A library that keeps channels in
 * the lanes of vectors leaves most lanes of such convolutions empty; here pixels of a row fill them. */
#ifndef BASIN_CPU_CONV_PLANES_H
#define BASIN_CPU_CONV_PLANES_H

#include "src/cpu/cpu.h"

struct conv_planes {
	bool made;
	int n;
	struct planes_kernel forward, data;  /* data: the same with the gradient as its input and turned weights */
	struct planes dy;                    /* as the gradient of the weights reads it, */
	int together;                        /* so many examples at a time */
	int32_t *order[2];                   /* owned, [0] holds both: which weight each place of the working copies has */
	size_t count[2];
};

/* Whether a layer's shape can be done so, all three directions. */
bool conv_planes_fit(const struct layer *l);
/* Errors: ERR_MEMORY. */
status conv_planes_make(const struct layer *l, int n, struct conv_planes *p);
void conv_planes_drop(struct conv_planes *p);

size_t conv_planes_bytes(const struct conv_planes *p);
/* The working weights: θ + c·v + σξ, once for each of the two passes that read them. Errors: ERR_MEMORY. */
status conv_planes_fill(struct device *d, const struct conv_planes *p, const struct weight_source *from, void *working);
/* Errors: ERR_MEMORY. */
status conv_planes_forward(struct device *d, const struct conv_planes *p, const struct layer_io *io);
status conv_planes_backward(struct device *d, const struct conv_planes *p, const struct layer_io *io);

#endif
