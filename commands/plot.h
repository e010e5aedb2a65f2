/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Curves drawn with characters. On a dumb terminal (TERM), and where LC_ALL, LC_CTYPE or LANG, the first of them that says anything,
 * names a locale whose text is not UTF-8, only ASCII is drawn. */
#ifndef BASIN_COMMANDS_PLOT_H
#define BASIN_COMMANDS_PLOT_H

#include <jansson.h>

/* Draws member `key` of the objects of an array against their number from 1, under a title and with its least and largest value
 * beside it, in 78 columns at most; of more objects than columns the last of each column. Nothing is drawn of less than two
 * values, and values that are no numbers are left out. what: what the objects are counted in, "snapshots". */
void plot_curve(const json_t *array, const char *key, const char *title, const char *what);

/* plot_density.c: draws the density {at, value, sigma} on a logarithmic scale over the even grid `at`, in as many columns. */
void plot_density(const json_t *density);

enum { PLOT_WIDE = 60 };   /* columns of what is drawn, at most */

struct plot_marks {
	const char *point, *bar, *side, *tick, *corner, *floor, *mark;
};

/* Those that may be drawn with here. */
const struct plot_marks *plot_marks(void);

#endif
