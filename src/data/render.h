/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A small renderer in integers alone, so that every machine and compiler makes the same bytes: figures made of discs, boxes,
 * strokes and polygons, moved, turned and scaled, painted one over the other with 2 × 2 subsamples a pixel. */
#ifndef BASIN_RENDER_H
#define BASIN_RENDER_H

#include <stdint.h>

enum { RENDER_SIDE = 32, RENDER_UNIT = 1024, RENDER_ONE = 4096, RENDER_SUB = 16 };

enum primitive_kind { PRIMITIVE_DISC, PRIMITIVE_BOX, PRIMITIVE_STROKE, PRIMITIVE_POLYGON };

/* Coordinates in 1/100 of the figure's radius, y down. */
struct primitive {
	enum primitive_kind kind;
	int cut;             /* takes away what was painted before it */
	int16_t at[20];      /* disc: x, y, r; box: x, y, half width, half height; stroke: x0, y0, x1, y1, half width;
	                      * polygon: x, y of each corner */
	int corners;
};

struct figure {
	const char *name;
	int n;
	struct primitive part[6];
};

/* A colour that changes over the picture: base + slope·(x, y), and stripes (a triangle wave). */
struct paint {
	int base[3];             /* 0 … 255 */
	int slope_x, slope_y;    /* 1/256 a pixel */
	int wave_x, wave_y;      /* phase a pixel, 65536 a period */
	int phase, depth;        /* depth: ± at the wave's ends */
};

struct sprite {
	const struct figure *figure;
	int x, y;                /* centre, 1/16 pixel */
	int width, height;       /* the figure's radius along its own axes, 1/16 pixel */
	int cosine, sine;        /* 4096 is 1 */
	struct paint paint;
};

/* 3 planes of 32 × 32 values that have not been cut to bytes yet. */
struct canvas {
	int at[3][RENDER_SIDE][RENDER_SIDE];
};

void render_background(struct canvas *c, const struct paint *p);
void render_sprite(struct canvas *c, const struct sprite *l);

#endif
