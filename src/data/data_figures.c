/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/data/data_figures.h"

#define DISC(x, y, r) {PRIMITIVE_DISC, 0, {x, y, r}, 0}
#define HOLE(x, y, r) {PRIMITIVE_DISC, 1, {x, y, r}, 0}
#define BOX(x, y, w, h) {PRIMITIVE_BOX, 0, {x, y, w, h}, 0}
#define STROKE(x0, y0, x1, y1) {PRIMITIVE_STROKE, 0, {x0, y0, x1, y1, 17}, 0}
#define POLYGON(n, ...) {PRIMITIVE_POLYGON, 0, {__VA_ARGS__}, n}

const struct figure figures_shapes[FIGURES] = {
	{"disc", 1, {DISC(0, 0, 90)}},
	{"square", 1, {BOX(0, 0, 78, 78)}},
	{"triangle", 1, {POLYGON(3, 0, -110, 95, 55, -95, 55)}},
	{"star", 1, {POLYGON(10, 0, -120, 27, -37, 114, -37, 44, 14, 71, 97, 0, 46, -71, 97, -44, 14, -114, -37, -27, -37)}},
	{"ring", 2, {DISC(0, 0, 100), HOLE(0, 0, 55)}},
	{"plus", 2, {BOX(0, 0, 105, 30), BOX(0, 0, 30, 105)}},
	{"crescent", 2, {DISC(0, 0, 105), HOLE(50, 0, 80)}},
	{"bars", 3, {BOX(0, -75, 95, 20), BOX(0, 0, 95, 20), BOX(0, 75, 95, 20)}},
	{"hourglass", 1, {POLYGON(4, -85, -95, 85, -95, -85, 95, 85, 95)}},
	{"arrow", 1, {POLYGON(7, 0, -115, 90, -15, 32, -15, 32, 105, -32, 105, -32, -15, -90, -15)}},
};

const struct figure figures_glyphs[FIGURES] = {
	{"A", 3, {STROKE(-75, 95, 0, -95), STROKE(0, -95, 75, 95), STROKE(-42, 25, 42, 25)}},
	{"E", 4, {STROKE(-55, -95, -55, 95), STROKE(-55, -95, 65, -95), STROKE(-55, 0, 50, 0), STROKE(-55, 95, 65, 95)}},
	{"H", 3, {STROKE(-65, -95, -65, 95), STROKE(65, -95, 65, 95), STROKE(-65, 0, 65, 0)}},
	{"K", 3, {STROKE(-60, -95, -60, 95), STROKE(-55, 5, 65, -95), STROKE(-30, -15, 70, 95)}},
	{"L", 2, {STROKE(-55, -95, -55, 95), STROKE(-55, 95, 70, 95)}},
	{"S", 5, {STROKE(65, -95, -60, -95), STROKE(-60, -95, -60, 0), STROKE(-60, 0, 60, 0), STROKE(60, 0, 60, 95),
	          STROKE(60, 95, -65, 95)}},
	{"T", 2, {STROKE(-80, -95, 80, -95), STROKE(0, -95, 0, 95)}},
	{"V", 2, {STROKE(-75, -95, 0, 95), STROKE(0, 95, 75, -95)}},
	{"X", 2, {STROKE(-70, -95, 70, 95), STROKE(70, -95, -70, 95)}},
	{"Y", 3, {STROKE(-75, -95, 0, 0), STROKE(75, -95, 0, 0), STROKE(0, 0, 0, 95)}},
};

const struct figure figure_dot = {"dot", 1, {DISC(0, 0, 100)}};
const struct figure figure_bar = {"bar", 1, {BOX(0, 0, 130, 12)}};
