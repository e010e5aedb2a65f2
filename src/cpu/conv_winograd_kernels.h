/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What the kernels of Winograd's convolutions and their callers (conv_winograd.c) agree on. */
#ifndef BASIN_CPU_WINOGRAD_KERNELS_H
#define BASIN_CPU_WINOGRAD_KERNELS_H

#include <stdbool.h>
#include <stddef.h>

#include "src/layer.h"

enum {
	WINOGRAD_TILE = 4,                                    /* pixels of a side of a tile of y */
	WINOGRAD_SIDE = 6,                                    /* of the window of x that it is made from */
	WINOGRAD_POINTS = WINOGRAD_SIDE * WINOGRAD_SIDE,
	WINOGRAD_COLUMNS = 64,                                /* tiles of a row of an image, at most */
	WINOGRAD_WIDTH = WINOGRAD_COLUMNS * WINOGRAD_TILE + 2 /* and the pixels of their windows */
};

/* Images (n, channels, height, width), `block` as in struct format, and tiles of them, rows × columns of each: number (i, j)
 * begins at pixel (4i − pad, 4j − pad). What lies outside is zero. A row of tiles is a strip; strips are numbered through the batch. */
struct winograd_images {
	int channels, height, width, block;
	int rows, columns, pad;
};

/* A matrix (rows, channels) for each point: channel c of row r of point p lies at p·point + r·row + c / wide · panel + c % wide. */
struct winograd_matrices {
	size_t point, row, panel, wide;
};

/* What becomes of a tile of y: f(y + bias + what y held). */
struct winograd_finish {
	const float *bias;             /* (channels), or NULL */
	bool add;
	enum activation activation;
};

#endif
