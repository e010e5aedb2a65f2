/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/options/suggest.h"

#include <string.h>

enum { LETTERS = 63 };

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Optimal string alignment distance (Damerau–Levenshtein without edits between swapped letters). */
static size_t distance(const char *a, size_t n, const char *b, size_t m)
{
	size_t d[LETTERS + 1][LETTERS + 1];
	for (size_t i = 0; i <= n; i++)
		d[i][0] = i;
	for (size_t j = 0; j <= m; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= n; i++)
		for (size_t j = 1; j <= m; j++) {
			d[i][j] = least(least(d[i - 1][j], d[i][j - 1]) + 1, d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
		}
	return d[n][m];
}

void suggest_from(struct suggestion *s, const char *candidate)
{
	size_t n = strlen(s->word), m = strlen(candidate);
	if (!n || n > LETTERS || m > LETTERS)
		return;
	/* One edit for every three letters: beyond that the words have nothing to do with each other. */
	size_t d = distance(s->word, n, candidate, m), limit = (n + 2) / 3;
	if (d <= limit && (!s->best || d < s->distance)) {
		s->best = candidate;
		s->distance = d;
	}
}
