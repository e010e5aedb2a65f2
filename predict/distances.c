/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/distances.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

status distances_open(struct distances *d, const struct pieces *p)
{
	*d = (struct distances){.pieces = p, .least = INFINITY};
	d->origin = calloc(p->count, sizeof *d->origin);
	d->chain = calloc(p->count, sizeof *d->chain);
	d->all = calloc(p->count, sizeof *d->all);
	if (d->origin && d->chain && d->all)
		return OK;
	distances_close(d);
	return fail(ERR_MEMORY, "out of memory: the distances of draws take 20 bytes for each of %zu parameters", p->count);
}

void distances_close(struct distances *d)
{
	free(d->origin);
	free(d->chain);
	free(d->all);
	*d = (struct distances){.n = 0};
}

void distances_add(struct distances *d, const float *theta)
{
	if (d->draws == 0)
		memcpy(d->origin, theta, d->pieces->count * sizeof *theta);
	for (int i = 0; i < d->pieces->n; i++) {
		const struct piece *p = &d->pieces->at[i];
		for (size_t j = p->offset; !p->frozen && j < p->offset + p->count; j++) {
			double x = (double)theta[j] - d->origin[j];
			d->chain[j] += x;
			d->squares += x * x;
			d->norms += (double)theta[j] * theta[j];
		}
	}
	d->n++;
	d->draws++;
}

void distances_end_chain(struct distances *d)
{
	const double n = (double)d->n;
	double norm = 0;
	for (size_t j = 0; j < d->pieces->count; j++) {
		double mean = d->chain[j] / n;
		norm += mean * mean;
		d->all[j] += mean;
		d->chain[j] = 0;
	}
	/* What rounding leaves of draws that are the same is nothing. */
	double within = d->n > 1 ? 2 * fmax(d->squares - n * norm, 0) / (n - 1) : (double)NAN;
	within = within <= 1e-13 * d->squares / n ? 0 : within;
	d->within += within;
	d->least = fmin(d->least, within);
	d->mean_squares += d->squares / n;
	d->mean_norms += norm;
	d->squares = 0;
	d->n = 0;
	d->chains++;
}

void distances_find(const struct distances *d, struct distances_found *out)
{
	double m = d->chains, all = 0;
	for (size_t j = 0; j < d->pieces->count; j++)
		all += d->all[j] * d->all[j];
	double apart = 2 * d->mean_squares / m - 2 * (all - d->mean_norms) / (m * (m - 1));
	*out = (struct distances_found){
		.within = sqrt(d->within / m), .least_within = isnan(d->within) ? (double)NAN : sqrt(d->least),
		.between = d->chains > 1 ? sqrt(fmax(apart, 0)) : (double)NAN, .norm = sqrt(d->norms / (double)d->draws),
	};
}

double distances_nearest(const double *x, int q, int chains, size_t n)
{
	double nearest = chains > 1 ? INFINITY : (double)NAN;
	for (int a = 0; a < chains; a++)
		for (int b = a + 1; b < chains; b++) {
			double squares = 0;
			for (int k = 0; k < q; k++)
				for (size_t i = 0; i < n; i++) {
					const double *row = x + (size_t)k * (size_t)chains * n;
					double apart = row[(size_t)a * n + i] - row[(size_t)b * n + i];
					squares += apart * apart;
				}
			nearest = fmin(nearest, sqrt(squares / (double)n));
		}
	return nearest;
}
