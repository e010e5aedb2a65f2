/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/data/summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "src/data/normalize.h"

static double value(const struct dataset *d, size_t i)
{
	return d->x_wide ? d->x_wide[i] : (double)((const float *)d->x)[i];
}

static status image_moments(const struct dataset *d, double *mean, double *sd)
{
	struct normalize norm;
	TRY(normalize_parse("data", d, &norm));
	memcpy(mean, norm.mean, (size_t)d->c * sizeof *mean);
	memcpy(sd, norm.sd, (size_t)d->c * sizeof *sd);
	return OK;
}

status summary_moments(const struct dataset *d, struct arena *a, int *n, double **mean, double **sd)
{
	*n = d->image ? d->c : d->w;
	if (!d->image)
		return standardize_moments(a, d->x, d->x_wide, d->n, (size_t)d->w, NULL, mean, sd);
	TRY(ARENA_NEW(a, (size_t)*n, mean));
	TRY(ARENA_NEW(a, (size_t)*n, sd));
	return image_moments(d, *mean, *sd);
}

void summary_largest(const struct dataset *d, double *out)
{
	size_t columns = (size_t)d->w;
	for (size_t j = 0; j < columns; j++)
		out[j] = 0;
	for (size_t i = 0; i < d->n * columns; i++)
		out[i % columns] = fmax(out[i % columns], fabs(value(d, i)));
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

size_t summary_unique(double *x, size_t n)
{
	size_t kept = 0;
	qsort(x, n, sizeof *x, by_value);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || x[i] > x[kept - 1])
			x[kept++] = x[i];
	return kept;
}

status summary_distinct(const struct dataset *d, size_t *distinct, size_t *whole)
{
	double *y = malloc(d->n * sizeof *y);
	*distinct = *whole = 0;
	if (!y)
		return fail(ERR_MEMORY, "out of memory: %zu targets", d->n);
	memcpy(y, d->target_wide, d->n * sizeof *y);
	*distinct = summary_unique(y, d->n);
	for (size_t i = 0; i < *distinct; i++)
		*whole += y[i] == rint(y[i]);
	free(y);
	return OK;
}

const char *summary_column(const struct dataset *d, int j)
{
	size_t i = d->table.n ? table_column_of(&d->table, (size_t)j) : (size_t)j;
	return d->columns.n ? d->columns.name[i + (i >= d->columns.target)] : NULL;
}
