/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "commands/plot.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "src/words.h"

enum { WIDE = PLOT_WIDE, HIGH = 8, APART = 4 };   /* in characters; few points stand so far from each other, if there is room */

static bool is_plain(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
	const char *term = getenv("TERM");
	if (term && strcmp(term, "dumb") == 0)
		return true;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *locale = getenv(names[i]);
		if (locale && *locale)
			return !strcasestr(locale, "utf-8") && !strcasestr(locale, "utf8");
	}
	return false;
}

const struct plot_marks *plot_marks(void)
{
	static const struct plot_marks fine = {"•", "█", "│", "┤", "└", "─", "┴"}, plain = {"*", "#", "|", "+", "+", "-", "+"};
	return is_plain() ? &plain : &fine;
}

/* Values by column, NaN where there is none; *low and *high their bounds. Returns how many columns there are. */
static int columns_of(const json_t *array, const char *key, double column[WIDE], double *low, double *high)
{
	const size_t n = json_array_size(array);
	const int wide = n < WIDE ? (int)n : WIDE;
	*low = INFINITY;
	*high = -INFINITY;
	for (int x = 0; x < wide; x++) {
		const json_t *value = json_object_get(json_array_get(array, n * (size_t)(x + 1) / (size_t)wide - 1), key);
		column[x] = json_is_real(value) ? json_real_value(value) : (double)NAN;
		*low = fmin(*low, column[x]);
		*high = fmax(*high, column[x]);
	}
	return wide;
}

static int apart(int wide)
{
	return WIDE / wide < APART ? WIDE / wide : APART;
}

static void print_row(const double *column, int wide, int row, double low, double high, const struct plot_marks *m)
{
	if (row == 0 || row == HIGH - 1)
		printf("%10s %s", words_number(row ? low : high).at, m->tick);
	else
		printf("%10s %s", "", m->side);
	int last = -1;
	for (int x = 0; x < wide; x++) {
		const int at = isnan(column[x]) ? -1 : (int)lround((high - column[x]) / (high - low) * (HIGH - 1));
		if (at != row)
			continue;
		printf("%*s%s", x * apart(wide) - last - 1, "", m->point);
		last = x * apart(wide);
	}
	putchar('\n');
}

static void print_axis(int wide, size_t n, const char *what, const struct plot_marks *m)
{
	printf("%10s %s", "", m->corner);
	const int last = (wide - 1) * apart(wide);
	for (int x = 0; x <= last; x++)
		fputs(m->floor, stdout);
	printf("\n%11s 1%*zu %s\n", "", last, n, what);
}

void plot_curve(const json_t *array, const char *key, const char *title, const char *what)
{
	const struct plot_marks *m = plot_marks();
	double column[WIDE], low, high;
	const int wide = columns_of(array, key, column, &low, &high);
	if (wide < 2 || !(low <= high))
		return;
	/* A flat curve lies in the middle. */
	if (low == high) {
		low -= fabs(low) * 1e-3 + 1e-9;
		high += fabs(high) * 1e-3 + 1e-9;
	}
	printf("\n%s\n", title);
	for (int row = 0; row < HIGH; row++)
		print_row(column, wide, row, low, high, m);
	print_axis(wide, json_array_size(array), what, m);
}
