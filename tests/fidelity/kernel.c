/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "tests/fidelity/kernel.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_eigen.h>
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <stdlib.h>

/* The ends: beyond them every law at β ≥ 1 has less than 1e-9. */
static const double lowest = -6, highest = 9;

static double noise(const struct kernel *k)
{
	return sqrt(2 * k->lambda / k->beta);
}

/* Where a step from x goes on average, ε being node i. */
static double aim(const struct kernel *k, double x, int i)
{
	double slope;
	wells_energy(k->wells, x + k->sigma * k->wells->node[i], &slope, NULL);
	return x - k->lambda * (slope + k->decay * x);
}

/* How often that is, 0 where never mind: without σ it is one place. */
static double weight(const struct kernel *k, int i)
{
	if (k->sigma <= 0)
		return i == 0;
	return k->wells->weight[i] > 1e-14 ? k->wells->weight[i] : 0;
}

static double node(const struct kernel *k, size_t i)
{
	return k->first + k->apart * (double)i;
}

static void fill_row(struct kernel *k, size_t from)
{
	const double s = noise(k);
	double *row = k->step + from * k->n, sum = 0;
	for (int i = 0; i < WELL_NODES; i++) {
		const double often = weight(k, i), middle = aim(k, node(k, from), i);
		for (size_t to = 0; often > 0 && to < k->n; to++) {
			const double z = (node(k, to) - middle) / s;
			row[to] += often * exp(-z * z / 2);
		}
	}
	for (size_t to = 0; to < k->n; to++)
		sum += row[to];
	for (size_t to = 0; to < k->n; to++)
		row[to] /= sum;
}

/* π(K − I) = 0, one equation of which gives way to Σ π = 1. */
static void solve_law(struct kernel *k)
{
	const size_t n = k->n;
	gsl_matrix *m = gsl_matrix_alloc(n, n);
	gsl_permutation *p = gsl_permutation_alloc(n);
	gsl_vector_view law = gsl_vector_view_array(k->law, n);
	int sign;
	for (size_t to = 0; to < n; to++)
		for (size_t from = 0; from < n; from++)
			gsl_matrix_set(m, to, from, to == 0 ? 1 : k->step[from * n + to] - (from == to));
	k->law[0] = 1;
	gsl_linalg_LU_decomp(m, p, &sign);
	gsl_linalg_LU_svx(m, p, &law.vector);
	gsl_matrix_free(m);
	gsl_permutation_free(p);
}

void kernel_open(struct kernel *k, const struct wells *w, double lambda, double beta, double sigma, double decay, double nodes)
{
	*k = (struct kernel){.wells = w, .lambda = lambda, .beta = beta, .sigma = sigma, .decay = decay, .first = lowest};
	k->apart = noise(k) / nodes;
	k->n = (size_t)((highest - lowest) / k->apart) + 1;
	k->step = calloc(k->n * k->n, sizeof *k->step);
	k->law = calloc(k->n, sizeof *k->law);
	for (size_t i = 0; i < k->n; i++)
		fill_row(k, i);
	solve_law(k);
}

void kernel_close(struct kernel *k)
{
	free(k->step);
	free(k->law);
}

double kernel_below(const struct kernel *k, double x)
{
	double sum = 0;
	for (size_t from = 0; from < k->n; from++)
		for (int i = 0; k->law[from] > 1e-12 && i < WELL_NODES; i++)
			if (weight(k, i) > 0)
				sum += k->law[from] * weight(k, i) * gsl_cdf_gaussian_P(x - aim(k, node(k, from), i), noise(k));
	return sum;
}

double kernel_memory(const struct kernel *k)
{
	gsl_matrix *m = gsl_matrix_alloc(k->n, k->n);
	gsl_vector_complex *value = gsl_vector_complex_alloc(k->n);
	gsl_eigen_nonsymm_workspace *w = gsl_eigen_nonsymm_alloc(k->n);
	double most = 0, second = 0;
	for (size_t i = 0; i < k->n * k->n; i++)
		m->data[i] = k->step[i];
	gsl_eigen_nonsymm(m, value, w);
	for (size_t i = 0; i < k->n; i++) {
		const double size = hypot(value->data[2 * i], value->data[2 * i + 1]);
		second = fmax(second, fmin(size, most));
		most = fmax(most, size);
	}
	gsl_eigen_nonsymm_free(w);
	gsl_vector_complex_free(value);
	gsl_matrix_free(m);
	return second;
}

double kernel_distance(const struct kernel *k, enum well_law law)
{
	double *density = calloc(k->n, sizeof *density), sum = 0, apart = 0, distance = 0;
	for (size_t i = 0; i < k->n; i++)
		sum += density[i] = exp(-k->beta * wells_law(k->wells, law, k->sigma, node(k, i)));
	for (size_t i = 0; i < k->n; i++) {
		apart += k->law[i] - density[i] / sum;
		distance += fabs(apart) * k->apart;
	}
	free(density);
	return distance;
}
