/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include <gsl/gsl_eigen.h>
#include <math.h>
#include <string.h>

#include "tests/fidelity/posterior.h"

enum { D = POSTERIOR_PARAMS };
static const double reach = 1e-3;   /* of differences of gradients, in double */

/* ∇U at θ + h·v. */
static void gradient_along(const struct posterior *p, const double *theta, const double *v, double h, double *out)
{
	double at[D];
	for (int j = 0; j < p->d; j++)
		at[j] = theta[j] + h * v[j];
	posterior_gradient(p, at, out);
}

/* Eigenvalues of ∇²U, and its eigenvectors by row. */
static void principal_axes(const struct posterior *p, const double *theta, double curvature[D], double axis[D][D])
{
	size_t d = (size_t)p->d;
	gsl_matrix *h = gsl_matrix_alloc(d, d), *v = gsl_matrix_alloc(d, d);
	gsl_vector *e = gsl_vector_alloc(d);
	gsl_eigen_symmv_workspace *w = gsl_eigen_symmv_alloc(d);
	for (size_t j = 0; j < d; j++) {
		double unit[D] = {0}, up[D], down[D];
		unit[j] = 1;
		gradient_along(p, theta, unit, reach, up);
		gradient_along(p, theta, unit, -reach, down);
		for (size_t k = 0; k < d; k++)
			gsl_matrix_set(h, k, j, (up[k] - down[k]) / (2 * reach));
	}
	gsl_eigen_symmv(h, e, v, w);
	for (size_t a = 0; a < d; a++) {
		curvature[a] = gsl_vector_get(e, a);
		for (size_t j = 0; j < d; j++)
			axis[a][j] = gsl_matrix_get(v, j, a);
	}
	gsl_eigen_symmv_free(w);
	gsl_vector_free(e);
	gsl_matrix_free(v);
	gsl_matrix_free(h);
}

/* (examples, d): the ∇ℓᵢ, less their mean. */
static void gradient_spread(const struct posterior *p, const double *theta, double each[POSTERIOR_ROWS][D])
{
	double mean[D] = {0};
	for (int i = 0; i < p->n; i++) {
		ref_mlp(&p->network, theta, 1, p->x + i * p->width[0], p->label + i, NULL, 1, each[i], NULL);
		for (int j = 0; j < p->d; j++)
			mean[j] += each[i][j] / p->n;
	}
	for (int i = 0; i < p->n; i++)
		for (int j = 0; j < p->d; j++)
			each[i][j] -= mean[j];
}

static double dot(const double *a, const double *b, int n)
{
	double sum = 0;
	for (int i = 0; i < n; i++)
		sum += a[i] * b[i];
	return sum;
}

struct step_bias posterior_bias(const struct posterior *p, const double *theta, double friction)
{
	static double axis[D][D], each[POSTERIOR_ROWS][D];
	const struct state_plan *plan = &p->problem.plan.state;
	const double lr = plan->lr_max, n = p->n;
	double curvature[D], push[D] = {0}, here[D];
	struct step_bias bias = {0, 0, 0};
	principal_axes(p, theta, curvature, axis);
	gradient_spread(p, theta, each);
	posterior_gradient(p, theta, here);
	for (int a = 0; a < p->d; a++) {
		double spread = 0, up[D], down[D];
		for (int i = 0; i < p->n && plan->iid; i++)
			spread += pow(dot(each[i], axis[a], p->d), 2) / n / plan->batch;
		/* β = N at T = 1, and the curvature of u is that of U by N. */
		double ratio = (1 + lr * n * spread / (2 * friction)) / (1 - lr * curvature[a] / n / (2 * (2 - friction)));
		bias.deviation = fmax(bias.deviation, sqrt(ratio) - 1);
		bias.quadratic += (ratio - 1) * (ratio - 1) / 2;
		gradient_along(p, theta, axis[a], reach, up);
		gradient_along(p, theta, axis[a], -reach, down);
		for (int j = 0; j < p->d; j++)
			push[j] += (ratio - 1) / curvature[a] * (up[j] + down[j] - 2 * here[j]) / (reach * reach);
	}
	bias.quadratic = sqrt(bias.quadratic);
	for (int j = 0; j < p->d; j++) {
		double moved = 0, variance = 0;
		for (int a = 0; a < p->d; a++) {
			moved -= axis[a][j] * dot(push, axis[a], p->d) / curvature[a] / 2;
			variance += axis[a][j] * axis[a][j] / curvature[a];
		}
		bias.mean = fmax(bias.mean, fabs(moved) / sqrt(variance));
	}
	return bias;
}
