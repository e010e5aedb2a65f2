/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Convolution layers, for their own files. */
#ifndef BASIN_CPU_CONV_H
#define BASIN_CPU_CONV_H

#include "cpu/cpu.h"
#include "cpu/onednn_conv.h"

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
	int64_t step[5];                 /* elements from one group, out block, in block, row, column to the next */
	int block[2];                    /* out, in: channels of such a block */
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

#endif
