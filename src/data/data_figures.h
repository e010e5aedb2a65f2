/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What the built-in sets show: ten figures each. */
#ifndef BASIN_DATA_FIGURES_H
#define BASIN_DATA_FIGURES_H

#include "src/data/render.h"

enum { FIGURES = 10 };

extern const struct figure figures_shapes[FIGURES], figures_glyphs[FIGURES];
extern const struct figure figure_dot, figure_bar;  /* clutter */

#endif
