/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A density over eigenvalues, on a logarithmic scale: most are near 0, and those that matter are few. */
#include "commands/plot.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "src/text.h"

enum { HIGH = 10, DECADES_MOST = 8 };

static double nth(const json_t *array, size_t i)
{
	return json_number_value(json_array_get(array, i));
}

/* Of each column log₁₀ of the largest value in it; −∞ where there is none. */
static void columns_of(const json_t *value, double column[PLOT_WIDE])
{
	const size_t n = json_array_size(value);
	for (size_t x = 0; x < PLOT_WIDE; x++) {
		double most = 0;
		for (size_t i = x * n / PLOT_WIDE; i < (x + 1) * n / PLOT_WIDE; i++)
			most = fmax(most, nth(value, i));
		column[x] = most > 0 ? log10(most) : -(double)INFINITY;
	}
}

/* Columns are filled down to the axis: peaks that stand alone then stand on it. */
static void print_row(const double *column, int row, int top, double per, const struct plot_marks *m)
{
	const double from = top - (row + 1) * per;
	const bool labelled = fabs(fmod(row * per, 1)) < 1e-9;
	if (labelled)
		printf("%10s%-3d%s", "10^", (int)lround(top - row * per), m->tick);
	else
		printf("%13s%s", "", m->side);
	int last = -1;
	for (int x = 0; x < PLOT_WIDE; x++) {
		if (column[x] <= from)
			continue;
		printf("%*s%s", x - last - 1, "", m->bar);
		last = x;
	}
	putchar('\n');
}

/* The least and the largest eigenvalue of the grid, and 0 between them where there is room. */
static void print_axis(double low, double high, const struct plot_marks *m)
{
	struct text left = {.n = 0}, right = {.n = 0};
	const int zero = low < 0 && high > 0 ? (int)(-low / (high - low) * PLOT_WIDE) : -1;
	text_add(&left, "%.3g", low);
	text_add(&right, "%.3g", high);
	printf("%13s%s", "", m->corner);
	for (int x = 0; x < PLOT_WIDE; x++)
		fputs(x == zero ? m->mark : m->floor, stdout);
	printf("\n%14s%s", "", left.at);
	int used = (int)left.n;
	if (zero > used && zero < PLOT_WIDE - (int)right.n - 1) {
		printf("%*s0", zero - used, "");
		used = zero + 1;
	}
	printf("%*s%s\n", PLOT_WIDE - used - (int)right.n, "", right.at);
}

void plot_density(const json_t *density)
{
	const struct plot_marks *m = plot_marks();
	const json_t *at = json_object_get(density, "at"), *value = json_object_get(density, "value");
	const size_t n = json_array_size(at);
	double column[PLOT_WIDE], highest = -(double)INFINITY, lowest = (double)INFINITY;
	if (n < PLOT_WIDE)
		return;
	columns_of(value, column);
	for (int x = 0; x < PLOT_WIDE; x++) {
		highest = fmax(highest, column[x]);
		lowest = fmin(lowest, column[x]);
	}
	if (!isfinite(highest))
		return;
	const int top = (int)ceil(highest), most = top - DECADES_MOST, bottom = lowest < most ? most : (int)floor(lowest);
	const int decades = top > bottom ? top - bottom : 1, rows = decades * (HIGH / decades > 1 ? HIGH / decades : 1);
	printf("\n  density of the eigenvalues, logarithmic; smoothed by %.2g\n", json_number_value(json_object_get(density, "sigma")));
	for (int row = 0; row < rows; row++)
		print_row(column, row, top, (double)decades / rows, m);
	print_axis(nth(at, 0), nth(at, n - 1), m);
}
