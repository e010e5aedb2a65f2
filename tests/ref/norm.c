/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include <math.h>
#include <stdlib.h>

#include "tests/ref/ref.h"

static double slope(const struct ref_norm *l, int c, double z)
{
	switch (l->activation) {
	case ACTIVATION_NONE:
		return 1;
	case ACTIVATION_THRESHOLD:
		return z > l->threshold[c];
	default:
		return ref_activation_slope(l->activation, z);
	}
}

static double value(const struct ref_norm *l, int c, double z)
{
	switch (l->activation) {
	case ACTIVATION_NONE:
		return z;
	case ACTIVATION_THRESHOLD:
		return z > l->threshold[c] ? z : l->threshold[c];
	default:
		return ref_activation(l->activation, z);
	}
}

/* Mean and biased variance of channel c over the batch, or the given ones. */
static void batch_moments(const struct ref_norm *l, int c, double *mean, double *variance)
{
	double m = (double)l->n * l->pixels, sum = 0, squares = 0;
	if (l->running) {
		*mean = l->running[c];
		*variance = l->running[l->channels + c];
		return;
	}
	for (int i = 0; i < l->n; i++)
		for (int j = 0; j < l->pixels; j++)
			sum += l->x[(i * l->channels + c) * l->pixels + j];
	*mean = sum / m;
	for (int i = 0; i < l->n; i++)
		for (int j = 0; j < l->pixels; j++) {
			double d = l->x[(i * l->channels + c) * l->pixels + j] - *mean;
			squares += d * d;
		}
	*variance = squares / m;
}

static double mean_square(const struct ref_norm *l, int i, int c)
{
	double sum = 0;
	for (int j = 0; j < l->pixels; j++) {
		double x = l->x[(i * l->channels + c) * l->pixels + j];
		sum += x * x;
	}
	return sum / l->pixels;
}

/* What is subtracted and divided by for example i's channel c. */
static void place_and_size(const struct ref_norm *l, int i, int c, double *place, double *size)
{
	double variance;
	if (l->norm == NORM_BATCH) {
		batch_moments(l, c, place, &variance);
		*size = sqrt(variance + 1e-5);
	} else {
		*place = 0;
		*size = sqrt(mean_square(l, i, c) + 1e-6);
	}
}

double ref_norm_scale(const struct ref_norm *l, int i, int c)
{
	double place, size;
	place_and_size(l, i, c, &place, &size);
	return l->gamma[c] / size;
}

void ref_norm(const struct ref_norm *l, double *z, double *y)
{
	for (int i = 0; i < l->n; i++)
		for (int c = 0; c < l->channels; c++) {
			double place, size;
			place_and_size(l, i, c, &place, &size);
			for (int j = 0; j < l->pixels; j++) {
				int at = (i * l->channels + c) * l->pixels + j;
				double sum = l->gamma[c] * (l->x[at] - place) / size + l->beta[c] + (l->residual ? l->residual[at] : 0);
				if (z)
					z[at] = sum;
				if (y)
					y[at] = value(l, c, sum);
			}
		}
}

/* Chain rule through mean and variance as they are defined, d of the normalised numbers being γg. */
static void batch_dx(const struct ref_norm *l, int c, const double *g, double *dx)
{
	double m = (double)l->n * l->pixels, mean, variance, dmean = 0, dvariance = 0;
	batch_moments(l, c, &mean, &variance);
	double size = sqrt(variance + 1e-5);
	for (int pass = 0; pass < 2; pass++)
		for (int i = 0; i < l->n; i++)
			for (int j = 0; j < l->pixels; j++) {
				int at = (i * l->channels + c) * l->pixels + j;
				double d = l->gamma[c] * g[at];
				if (pass) {
					dx[at] = d / size + dvariance * 2 * (l->x[at] - mean) / m + dmean / m;
				} else if (!l->running) {
					dmean -= d / size;
					dvariance -= d * (l->x[at] - mean) / (2 * size * size * size);
				}
			}
}

static void filter_dx(const struct ref_norm *l, int i, int c, const double *g, double *dx)
{
	double size = sqrt(mean_square(l, i, c) + 1e-6), dsquare = 0;
	int first = (i * l->channels + c) * l->pixels;
	for (int j = first; j < first + l->pixels; j++)
		dsquare -= l->gamma[c] * g[j] * l->x[j] / (2 * size * size * size);
	for (int j = first; j < first + l->pixels; j++)
		dx[j] = l->gamma[c] * g[j] / size + dsquare * 2 * l->x[j] / l->pixels;
}

void ref_norm_backward(const struct ref_norm *l, const double *dy, double *dx, double *g, double *dgamma, double *dbeta,
                       double *dthreshold)
{
	ref_norm(l, g, NULL);
	for (int c = 0; c < l->channels; c++) {
		dgamma[c] = dbeta[c] = dthreshold[c] = 0;
		for (int i = 0; i < l->n; i++) {
			double place, size;
			place_and_size(l, i, c, &place, &size);
			for (int j = 0; j < l->pixels; j++) {
				int at = (i * l->channels + c) * l->pixels + j;
				double d = slope(l, c, g[at]);
				g[at] = d * dy[at];
				dgamma[c] += g[at] * (l->x[at] - place) / size;
				dbeta[c] += g[at];
				dthreshold[c] += (1 - d) * dy[at];
			}
			if (l->norm == NORM_FILTER_RESPONSE)
				filter_dx(l, i, c, g, dx);
		}
		if (l->norm == NORM_BATCH)
			batch_dx(l, c, g, dx);
	}
}

void ref_norm_running(const struct ref_norm *l, enum stats_policy policy, double *stats)
{
	double m = (double)l->n * l->pixels, *count = stats + 2 * l->channels;
	if (policy == STATS_FREEZE || policy == STATS_USE)
		return;
	*count += 1;
	double f = policy == STATS_RUN ? 0.1 : 1 / *count;
	for (int c = 0; c < l->channels; c++) {
		double mean, variance;
		batch_moments(l, c, &mean, &variance);
		stats[c] += f * (mean - stats[c]);
		stats[l->channels + c] += f * (variance * m / (m > 1 ? m - 1 : 1) - stats[l->channels + c]);
	}
}
