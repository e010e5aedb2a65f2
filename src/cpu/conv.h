/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Convolution layers, for their own files. */
#ifndef BASIN_CPU_CONV_H
#define BASIN_CPU_CONV_H

#include "src/cpu/cpu.h"
#include "src/cpu/linear_tangent.h"
#include "src/cpu/onednn_conv.h"

/* ---- ways of doing a convolution ---- */

/* What the plans of every way begin with. */
struct layer_plan {
	const struct conv_way *way;
	struct device *device;
	size_t working;                  /* bytes of the working weights */
	struct linear_tangent tangent;
};

/* The ops of a layer, for the shapes that a way suits. plan sets `working`; the rest of what plans begin with is set
 * for it. */
struct conv_way {
	bool (*suits)(const struct plan_request *r);  /* NULL: any shape */
	status (*plan)(struct device *d, const struct plan_request *r, struct layer_plan **out);
	void (*drop)(struct layer_plan *p);
	status (*forward)(struct layer_plan *p, const struct layer_io *io);
	status (*backward)(struct layer_plan *p, const struct layer_io *io);
	status (*materialise)(struct layer_plan *p, const struct weight_source *from, void *working);
};

extern const struct conv_way conv_examples_way, conv_planes_way, conv_library_way;

/* ---- weights: between the flat vector's order, (out, height, width, in per group), and a library layout ---- */

/* A tile is the elements that lie together in the layout: `out` rows by `in` channels at one kernel position. */
struct conv_tile {
	int out, in;
	int count;                       /* out · in */
	int32_t *row, *channel;          /* (count): of each element in the layout's order */
	int32_t *from;                   /* (count): row · (elements of a row) + channel */
	int32_t *at;                     /* (out, in): where in the tile an element lies */
};

struct conv_weights {
	int groups, out, in, kernel;     /* out and in are a group's */
	int padded_out, padded_in;
	bool bf16;
	size_t bytes;
	int64_t step[5];                 /* elements from one block of groups, of out, of in, row, column to the next */
	int group_block, group_step;     /* groups lie in blocks in depthwise convolutions; elements within such a block */
	bool gaps;                       /* the last block of groups is not full */
	struct conv_tile tile;
};

/* Errors: ERR_MEMORY. */
status conv_weights_make(const struct onednn_conv *c, const struct onednn_weights *from, struct conv_weights *w);
void conv_weights_drop(struct conv_weights *w);
bool conv_weights_same(const struct conv_weights *a, const struct conv_weights *b);

/* Writes theta + c·v + σξ, times each row's scale where there is one, in the layouts a and b (b may be NULL).
 * Errors: ERR_MEMORY. */
status conv_weights_fill(struct device *d, const struct weight_source *from, const float *scale, const struct conv_weights *a,
                         void *to_a, const struct conv_weights *b, void *to_b);
/* The gradient from its layout, set or added. */
void conv_weights_read(const struct device *d, const struct conv_weights *w, const float *from, bool add, float *gradient);

/* ---- the gradient of the weights as one matrix product ---- */

/* dW (out, kernel·kernel·in) = dYᵀ (out, pixels) · windows of x (pixels, kernel·kernel·in), a few lines of pixels at a
 * time. */
struct conv_gemm {
	struct onednn_conv shape;
	int chunk;                       /* lines of y: a whole number of examples or not */
	struct onednn_op product[2][2];  /* of a whole chunk or the last one; that sets or that adds */
};

/* Whether a shape can be done so. */
bool conv_gemm_can(const struct onednn_conv *c);
/* Errors: ERR_LIBRARY, ERR_MEMORY. */
status conv_gemm_make(const struct onednn *o, const struct onednn_conv *c, struct conv_gemm *g);
void conv_gemm_drop(struct conv_gemm *g);
status conv_gemm_run(struct device *d, const struct onednn *o, struct conv_gemm *g, const void *x, const void *dy, bool add,
                     float *gradient);

/* ---- Winograd's algorithm ---- */

struct conv_winograd {
	enum api_direction direction;
	struct winograd_images from, to; /* what is cut into windows, and into tiles: x and y, or dy and dx */
	size_t strips, chunk;            /* rows of tiles: of the batch, and made together */
	bool alone;                      /* one thread */
	bool add;
	enum activation activation;
};

/* Whether a shape can be done so: 3×3, stride 1, one group, float32, whole vectors of channels, a padding of 2 at most, and
 * images of at most 256 columns before and after. */
bool conv_winograd_can(const struct device *d, const struct onednn_conv *c);
/* Sets how the weights lie too. */
void conv_winograd_make(const struct onednn_conv *c, struct conv_winograd *w, struct onednn_weights *weights);
/* Tiles of y of a whole batch. */
size_t conv_winograd_tiles(const struct onednn_conv *c);
/* Takes the scratch memory that it works in, so that what a device holds tells. Errors: ERR_MEMORY. */
status conv_winograd_reserve(struct device *d, const struct conv_winograd *w);
/* y of x, bias may be NULL, or dx of dy. Errors: ERR_MEMORY. */
status conv_winograd_run(struct device *d, const struct conv_winograd *w, const float *from, const float *weights, const float *bias,
                         float *to);
/* The gradient of the weights in the flat vector's order, set or added. Errors: ERR_MEMORY. */
status conv_winograd_gradient(struct device *d, const struct conv_winograd *w, const float *x, const float *dy, bool add,
                              float *gradient);

/* ---- one direction of a convolution, done by one algorithm ---- */

struct conv_part {
	bool made;
	enum conv_algo algo;             /* never CONV_AUTO */
	bool reference;                  /* the library's slow reference implementation */
	struct onednn_op op;
	struct conv_weights weights;
	bool own;                        /* in place of op: */
	struct conv_winograd winograd;
	struct conv_gemm gemm;           /* in place of all of the above */
};

/* Makes c's direction by an algorithm. part->made is false where the algorithm has none for this shape.
 * Errors: ERR_LIBRARY, ERR_MEMORY. */
status conv_part_make(struct device *d, const struct onednn *o, const struct onednn_conv *c, enum conv_algo algo, struct conv_part *part);
void conv_part_drop(struct conv_part *part);
/* y of x, where bias may be NULL, or dx of dy, with weights in the part's layout. Errors: ERR_LIBRARY, ERR_MEMORY. */
status conv_part_run(struct device *d, const struct onednn *o, struct conv_part *part, const void *from, const void *weights,
                     const void *bias, void *to);
/* The gradient of the weights in the flat vector's order, set or added. Errors: ERR_LIBRARY, ERR_MEMORY. */
status conv_part_gradient(struct device *d, const struct onednn *o, struct conv_part *part, const void *x, const void *dy,
                          bool add, float *gradient);

/* The same, by the algorithm that was asked for or, where it has none for this shape, by another; CONV_AUTO takes what
 * the device's choices say, or measures and adds to them, and for inference follows a fixed rule.
 * part->made is false where no algorithm can. Errors: ERR_LIBRARY, ERR_MEMORY. */
status conv_choose(struct device *d, const struct onednn *o, const struct onednn_conv *c, enum conv_algo asked,
                   struct conv_part *part);

#endif
