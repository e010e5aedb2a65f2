/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "tests/fidelity/well_laws.h"

#include <gsl/gsl_integration.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- the wells ---- */

double wells_energy(const struct wells *w, double x, double *slope, double *curvature)
{
	double share[2], pull[2], most = -INFINITY, sum = 0, mean = 0, square = 0, precision = 0;
	for (int k = 0; k < 2; k++) {
		pull[k] = (x - w->centre[k]) / (w->width[k] * w->width[k]);
		share[k] = w->depth[k] - pull[k] * (x - w->centre[k]) / 2;
		most = fmax(most, share[k]);
	}
	for (int k = 0; k < 2; k++)
		sum += share[k] = exp(share[k] - most);
	for (int k = 0; k < 2; k++) {
		mean += share[k] / sum * pull[k];
		square += share[k] / sum * pull[k] * pull[k];
		precision += share[k] / sum / (w->width[k] * w->width[k]);
	}
	if (slope)
		*slope = mean;
	if (curvature)
		*curvature = precision - (square - mean * mean);
	return -most - log(sum);
}

/* Where u′ has no sign between two points that it has different ones at. */
static double turning(const struct wells *w, double low, double high)
{
	double left, middle;
	wells_energy(w, low, &left, NULL);
	for (int i = 0; i < 100; i++) {
		const double x = (low + high) / 2;
		wells_energy(w, x, &middle, NULL);
		if ((middle > 0) == (left > 0))
			low = x;
		else
			high = x;
	}
	return (low + high) / 2;
}

static double find_turnings(struct wells *w)
{
	for (int k = 0; k < 2; k++)
		w->minimum[k] = turning(w, w->centre[k] - w->width[k], w->centre[k] + w->width[k] / 2);
	w->barrier = turning(w, w->minimum[0] + w->width[0] / 2, w->minimum[1] - w->width[1] / 2);
	return wells_energy(w, w->minimum[0], NULL, NULL) - wells_energy(w, w->minimum[1], NULL, NULL);
}

static void open_nodes(struct wells *w)
{
	gsl_integration_fixed_workspace *g = gsl_integration_fixed_alloc(gsl_integration_fixed_hermite, WELL_NODES, 0, 0.5, 0, 0);
	memcpy(w->node, gsl_integration_fixed_nodes(g), sizeof w->node);
	for (int i = 0; i < WELL_NODES; i++)
		w->weight[i] = gsl_integration_fixed_weights(g)[i] / sqrt(2 * M_PI);
	gsl_integration_fixed_free(g);
}

void wells_open(struct wells *w)
{
	*w = (struct wells){.centre = {-1, 1.2}, .width = {0.35, 0.9}};
	double low = -0.3, high = 0.3;
	for (int i = 0; i < 60; i++) {
		w->depth[0] = (low + high) / 2;
		if (find_turnings(w) > 0)
			low = w->depth[0];
		else
			high = w->depth[0];
	}
	open_nodes(w);
}

void wells_words(const struct wells *w, char *text)
{
	snprintf(text, 160, "wells:%.17g/%.17g/%.17g,%.17g/%.17g/%.17g", w->centre[0], w->width[0], w->depth[0], w->centre[1],
	         w->width[1], w->depth[1]);
}

/* ---- laws ---- */

double wells_law(const struct wells *w, enum well_law law, double sigma, double x)
{
	double curvature, mean = 0;
	if (law != SMOOTHED) {
		const double u = wells_energy(w, x, NULL, &curvature);
		return law == OWN ? u : u + sigma * sigma / 2 * curvature;
	}
	for (int i = 0; i < WELL_NODES; i++)
		mean += w->weight[i] * wells_energy(w, x + sigma * w->node[i], NULL, NULL);
	return mean;
}

struct density {
	const struct wells *w;
	enum well_law law;
	double beta, sigma, least;
};

static double density(double x, void *context)
{
	const struct density *d = context;
	return exp(-d->beta * (wells_law(d->w, d->law, d->sigma, x) - d->least));
}

/* Between two ends, in three parts: the middle one is where a well's mass is. */
static double mass(struct density *d, double low, double high, double minimum, double deviation)
{
	gsl_integration_workspace *g = gsl_integration_workspace_alloc(1000);
	gsl_function f = {density, d};
	const double end[4] = {low, fmax(low, minimum - 12 * deviation), fmin(high, minimum + 12 * deviation), high};
	double sum = 0;
	for (int i = 0; i < 3; i++) {
		double part = 0, error;
		if (end[i + 1] > end[i])
			gsl_integration_qag(&f, end[i], end[i + 1], 1e-12, 1e-10, 1000, GSL_INTEG_GAUSS61, g, &part, &error);
		sum += part;
	}
	gsl_integration_workspace_free(g);
	return sum;
}

double wells_log_ratio(const struct wells *w, enum well_law law, double beta, double sigma)
{
	double log_mass[2];
	for (int k = 0; k < 2; k++) {
		struct density d = {w, law, beta, sigma, wells_law(w, law, sigma, w->minimum[k])};
		const double low = k ? w->barrier : -8, high = k ? 12 : w->barrier;
		log_mass[k] = log(mass(&d, low, high, w->minimum[k], w->width[k] / sqrt(beta))) - beta * d.least;
	}
	return log_mass[1] - log_mass[0];
}
