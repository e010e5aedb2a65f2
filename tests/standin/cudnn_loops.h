/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Convolutions of packed float32 values, an image and a group at a time. */
#ifndef BASIN_TESTS_STANDIN_CUDNN_LOOPS_H
#define BASIN_TESTS_STANDIN_CUDNN_LOOPS_H

#include "cudnn.h"

/* What the three directions share: x (n, h, w, c), filter (out, h, w, c per group), y (n, h, w, out). */
struct dnn_shape {
	size_t n, c, h, w, out, filter_h, filter_w, in, y_h, y_w, groups;
	struct dnn_conv how;
};
struct dnn_shape dnn_shape_of(const struct dnn_op *op);

/* Each result is overwritten. parts: the sums' order, see struct dnn_how. */
void dnn_forward(const struct dnn_shape *s, unsigned parts, const float *x, const float *w, float *y);
void dnn_backward_filter(const struct dnn_shape *s, unsigned parts, const float *x, const float *dy, float *dw);
void dnn_backward_data(const struct dnn_shape *s, unsigned parts, const float *dy, const float *w, float *dx);

#endif
