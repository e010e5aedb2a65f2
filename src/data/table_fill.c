/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/data/table_fill.h"

#include <math.h>

#include "src/text.h"

static double value(const struct dataset *d, size_t i)
{
	return d->x_wide ? d->x_wide[i] : (double)((const float *)d->x)[i];
}

/* As standardize_moments has it: of equal values it is that value, whatever their sum is rounded to. */
static status learn_mean(const struct dataset *d, const uint8_t *left_out, size_t j, double *out)
{
	const size_t width = d->table.width;
	size_t rows = 0;
	double first = 0, sum = 0;
	bool varies = false;
	for (size_t i = 0; i < d->n; i++) {
		const double at = value(d, i * width + j);
		if (left_out[i] || isnan(at))
			continue;
		first = rows++ ? first : at;
		varies |= at != first;
		sum += at;
	}
	*out = varies ? sum / (double)rows : first;
	if (rows)
		return OK;
	struct text name = {.n = 0};
	table_feature(&d->table, &d->columns, j, &name);
	return fail(ERR_INPUT, "%s: %s: no training row has a value; {drop} leaves a column out", d->spec, name.at);
}

static status learn_means(struct dataset *d, const uint8_t *left_out)
{
	double *fill;
	TRY(ARENA_NEW(&d->arena, d->table.width, &fill));
	for (size_t j = 0; j < d->table.width; j++)
		TRY(learn_mean(d, left_out, j, &fill[j]));
	d->table.fill = fill;
	return OK;
}

status table_fill(struct dataset *d, const uint8_t *left_out)
{
	const size_t width = d->table.width;
	if (!d->table.n)
		return OK;
	if (!d->table.fill)
		TRY(learn_means(d, left_out));
	/* The set is still its loader's to change: nobody else has seen it. */
	float *x = (float *)d->x;
	double *wide = (double *)d->x_wide;
	for (size_t i = 0; i < d->n * width; i++)
		if (isnan(x[i])) {
			x[i] = (float)d->table.fill[i % width];
			if (wide)
				wide[i] = d->table.fill[i % width];
		}
	return OK;
}

void table_keep_indicators(const struct table *t, double *mean, double *sd)
{
	for (size_t j = 0; j < t->width; j++)
		if (table_is_indicator(t, j)) {
			mean[j] = 0;
			sd[j] = 1;
		}
}
