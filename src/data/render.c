/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/data/render.h"

#include <stdbool.h>

enum { REACH = RENDER_UNIT * 3 / 2 };  /* no figure goes further from its centre */

static int64_t square(int64_t x)
{
	return x * x;
}

static int unit(int hundredths)
{
	return hundredths * RENDER_UNIT / 100;
}

/* Within the half width of the segment: in front of its ends by distance to them, beside it by |d × p| ≤ r·|d|. */
static bool in_stroke(const int16_t *at, int u, int v)
{
	int64_t dx = unit(at[2]) - unit(at[0]), dy = unit(at[3]) - unit(at[1]), r = unit(at[4]);
	int64_t px = u - unit(at[0]), py = v - unit(at[1]);
	int64_t along = px * dx + py * dy, length = dx * dx + dy * dy;
	if (along <= 0)
		return square(px) + square(py) <= r * r;
	if (along >= length)
		return square(px - dx) + square(py - dy) <= r * r;
	return square(dx * py - dy * px) <= r * r * length;
}

/* Even-odd rule. */
static bool in_polygon(const struct primitive *p, int u, int v)
{
	bool in = false;
	for (int i = 0, j = p->corners - 1; i < p->corners; j = i++) {
		int64_t xi = unit(p->at[2 * i]), yi = unit(p->at[2 * i + 1]);
		int64_t xj = unit(p->at[2 * j]), yj = unit(p->at[2 * j + 1]);
		if ((yi > v) == (yj > v))
			continue;
		int64_t left = (u - xi) * (yj - yi), right = (xj - xi) * (v - yi);
		in ^= yj > yi ? left < right : left > right;
	}
	return in;
}

static bool in_primitive(const struct primitive *p, int u, int v)
{
	const int16_t *at = p->at;
	switch (p->kind) {
	case PRIMITIVE_DISC:
		return square(u - unit(at[0])) + square(v - unit(at[1])) <= square(unit(at[2]));
	case PRIMITIVE_BOX:
		return square(u - unit(at[0])) <= square(unit(at[2])) && square(v - unit(at[1])) <= square(unit(at[3]));
	case PRIMITIVE_STROKE:
		return in_stroke(at, u, v);
	case PRIMITIVE_POLYGON:
		return in_polygon(p, u, v);
	}
	return false;
}

static bool in_figure(const struct figure *f, int u, int v)
{
	bool in = false;
	for (int i = 0; i < f->n; i++)
		if (in == (f->part[i].cut != 0) && in_primitive(&f->part[i], u, v))
			in = !in;
	return in;
}

static void colour(const struct paint *p, int x, int y, int out[3])
{
	/* A triangle wave from −32768 to 32767. */
	int t = (p->phase + x * p->wave_x + y * p->wave_y) & 0xffff;
	int wave = (t < 0x8000 ? t : 0xffff - t) * 2 - 0x8000;
	int more = ((x - RENDER_SIDE / 2) * p->slope_x + (y - RENDER_SIDE / 2) * p->slope_y) / 256 + wave * p->depth / 0x8000;
	for (int k = 0; k < 3; k++)
		out[k] = p->base[k] + more;
}

void render_background(struct canvas *c, const struct paint *p)
{
	for (int y = 0; y < RENDER_SIDE; y++)
		for (int x = 0; x < RENDER_SIDE; x++) {
			int rgb[3];
			colour(p, x, y, rgb);
			for (int k = 0; k < 3; k++)
				c->at[k][y][x] = rgb[k];
		}
}

static int clamp(int x, int low, int high)
{
	return x < low ? low : x > high ? high : x;
}

void render_sprite(struct canvas *c, const struct sprite *l)
{
	int radius = (l->width > l->height ? l->width : l->height) * REACH / RENDER_UNIT / RENDER_SUB + 1;
	int x0 = clamp(l->x / RENDER_SUB - radius, 0, RENDER_SIDE), x1 = clamp(l->x / RENDER_SUB + radius + 1, 0, RENDER_SIDE);
	int y0 = clamp(l->y / RENDER_SUB - radius, 0, RENDER_SIDE), y1 = clamp(l->y / RENDER_SUB + radius + 1, 0, RENDER_SIDE);
	/* The figure's coordinates of a point dx, dy from its centre, 1/4096 each: u = (ux·dx + uy·dy)/4096. */
	int64_t ux = (int64_t)l->cosine * RENDER_UNIT / l->width, uy = (int64_t)l->sine * RENDER_UNIT / l->width;
	int64_t vx = -(int64_t)l->sine * RENDER_UNIT / l->height, vy = (int64_t)l->cosine * RENDER_UNIT / l->height;
	for (int y = y0; y < y1; y++)
		for (int x = x0; x < x1; x++) {
			int covered = 0, rgb[3];
			for (int s = 0; s < 4; s++) {
				int dx = x * RENDER_SUB + (s & 1 ? 12 : 4) - l->x, dy = y * RENDER_SUB + (s & 2 ? 12 : 4) - l->y;
				int u = (int)((ux * dx + uy * dy) / RENDER_ONE), v = (int)((vx * dx + vy * dy) / RENDER_ONE);
				if (square(u) + square(v) <= square(REACH))
					covered += in_figure(l->figure, u, v);
			}
			if (!covered)
				continue;
			colour(&l->paint, x, y, rgb);
			for (int k = 0; k < 3; k++)
				c->at[k][y][x] += (rgb[k] - c->at[k][y][x]) * covered / 4;
		}
}
