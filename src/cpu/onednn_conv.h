/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Convolutions as oneDNN has them. */
#ifndef BASIN_CPU_ONEDNN_CONV_H
#define BASIN_CPU_ONEDNN_CONV_H

#include "src/cpu/onednn.h"
#include "src/layer.h"

struct onednn_conv {
	enum api_direction direction;
	bool inference, winograd;
	bool bf16;                       /* x, y and the weights; the gradient of the weights is float32 */
	bool bias, add;                  /* forward: a bias, and y is added to */
	enum activation activation;      /* forward; none in the other directions */
	int n, batch;                    /* examples, which may be the rest of a batch of so many */
	int groups, in[3], out[3];       /* channels, height, width */
	int kernel, stride, pad;
	int x_block, y_block;            /* as in struct format */
};

/* Whether it is so small that waking other threads costs more than it saves. */
bool onednn_conv_alone(const struct onednn_conv *c);

/* How an operation wants its weights, of dimensions (group,) out, in, height, width. */
struct onednn_weights {
	bool reference;                  /* the library has only its slow reference implementation */
	size_t bytes;
	struct api_layout layout;
};

/* Makes a convolution; op->primitive is NULL where the library has none such, or one whose weights have no known layout.
 * Pointers of onednn_run: forward x, weights, y, and the bias where there is one; data dy, weights, dx; weights x, dy, dw.
 * Errors: ERR_LIBRARY, ERR_MEMORY. */
status onednn_conv(const struct onednn *o, const struct onednn_conv *c, struct onednn_op *op, struct onednn_weights *w);

#endif
