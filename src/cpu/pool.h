/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What the pooling kernels work on: images whose channels lie together in rows of `inner` numbers. */
#ifndef BASIN_CPU_POOL_H
#define BASIN_CPU_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Rows or columns first … end − 1 of an image. */
struct span {
	int first, end;
};

/* x (images, h, w, inner), y (images, oh, ow, inner), each float32 or bf16; gradients have their tensors' types. A position
 * is that of the maximum in its window, row · kernel + column, counted from the window's first row and column even
 * where those are padding. */
struct pool_kernel {
	bool max;                        /* else the mean */
	bool x_bf16, y_bf16;
	int inner, h, w, oh, ow;
	int kernel, stride, pad;
	const struct span *window_y, *window_x;  /* (oh), (ow): the rows and columns of x in an output's window */
	const struct span *outputs_y, *outputs_x;  /* (h), (w): the outputs in whose windows a row or column of x lies */
	/* forward */
	const void *x;
	void *y;
	uint8_t *position;               /* (images, oh, ow, inner) of maxima; NULL: not wanted. Read by backward */
	/* backward */
	const void *dy[2];               /* the gradient is their sum; [1] may be NULL */
	void *dx;
};

#endif
