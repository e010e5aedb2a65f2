/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "tests/fidelity/linear_law.h"

#include <gsl/gsl_linalg.h>
#include <string.h>

enum { D = LAW_DIMS, ROWS = LAW_ROWS };

void gradients_of(struct gradients *g, const double rows[LAW_ROWS][LAW_DIMS], double s)
{
	memset(g, 0, sizeof *g);
	for (int i = 0; i < ROWS; i++) {
		double x[D];
		for (int j = 0; j < D; j++)
			x[j] = j < D - 1 ? rows[i][j] : 1;
		for (int j = 0; j < D; j++) {
			g->b[i][j] = x[j] * rows[i][D - 1] / (s * s);
			g->mean_b[j] += g->b[i][j] / ROWS;
			for (int k = 0; k < D; k++) {
				g->h[i][j][k] = x[j] * x[k] / (s * s);
				g->mean_h[j][k] += g->h[i][j][k] / ROWS;
			}
		}
	}
}

/* m x = r for `count` unknowns; both are the caller's, and x takes r's place. */
static void solve(gsl_matrix *m, gsl_vector *r)
{
	gsl_permutation *p = gsl_permutation_alloc(r->size);
	int sign;
	gsl_linalg_LU_decomp(m, p, &sign);
	gsl_linalg_LU_svx(m, p, r);
	gsl_permutation_free(p);
}

void posterior(const struct gradients *g, double beta, double decay, double mean[LAW_DIMS],
               double covariance[LAW_DIMS][LAW_DIMS])
{
	gsl_matrix *m = gsl_matrix_alloc(D, D);
	for (int i = 0; i < D; i++)
		for (int j = 0; j < D; j++)
			gsl_matrix_set(m, (size_t)i, (size_t)j, g->mean_h[i][j] + (i == j) * decay);
	gsl_linalg_cholesky_decomp1(m);
	gsl_linalg_cholesky_invert(m);
	for (int i = 0; i < D; i++) {
		mean[i] = 0;
		for (int j = 0; j < D; j++) {
			const double inverse = gsl_matrix_get(m, (size_t)i, (size_t)j);
			mean[i] += inverse * g->mean_b[j];
			covariance[i][j] = inverse / beta;
		}
	}
	gsl_matrix_free(m);
}

/* ---- a method, put together ---- */

void law_begin(struct linear_law *l, int vectors, int batch)
{
	*l = (struct linear_law){.n = vectors * D, .batch = batch};
	for (int i = 0; i < vectors; i++)
		law_add(l, i, i, 1);
}

void law_add(struct linear_law *l, int to, int from, double c)
{
	for (int i = 0; i < D; i++)
		l->a[to * D + i][from * D + i] += c;
}

void law_drift(struct linear_law *l, int to, double c, double decay)
{
	law_add(l, to, 0, -c * decay);
	for (int i = 0; i < D; i++)
		l->g[to * D + i][i] -= c;
}

void law_noise(struct linear_law *l, int to, double variance)
{
	for (int i = 0; i < D; i++)
		l->q[to * D + i][to * D + i] += variance;
}

/* ---- its law ---- */

/* A + GH̄P. */
static void whole_map(const struct linear_law *l, const struct gradients *g, double a[LAW_STATE][LAW_STATE])
{
	memcpy(a, l->a, sizeof l->a);
	for (int i = 0; i < l->n; i++)
		for (int j = 0; j < D; j++)
			for (int k = 0; k < D; k++)
				a[i][j] += l->g[i][k] * g->mean_h[k][j];
}

static void solve_mean(struct linear_law *l, const struct gradients *g, double a[LAW_STATE][LAW_STATE])
{
	gsl_matrix *m = gsl_matrix_alloc((size_t)l->n, (size_t)l->n);
	gsl_vector *r = gsl_vector_calloc((size_t)l->n);
	for (int i = 0; i < l->n; i++) {
		for (int j = 0; j < l->n; j++)
			gsl_matrix_set(m, (size_t)i, (size_t)j, (i == j) - a[i][j]);
		for (int j = 0; j < D; j++)
			r->data[i] -= l->g[i][j] * g->mean_b[j];
	}
	solve(m, r);
	memcpy(l->mean, r->data, (size_t)l->n * sizeof *r->data);
	gsl_matrix_free(m);
	gsl_vector_free(r);
}

/* What C(Σ) has that does not depend on Σ. */
static void constant_part(const struct linear_law *l, const struct gradients *g, double c[D][D])
{
	memset(c, 0, sizeof(double[D][D]));
	for (int i = 0; i < D; i++)
		for (int j = 0; j < D; j++)
			for (int k = 0; k < D; k++)
				c[i][j] += l->sigma * l->sigma * g->mean_h[i][k] * g->mean_h[k][j];
	for (int row = 0; l->batch && row < ROWS; row++) {
		double d[D][D], r[D];
		for (int i = 0; i < D; i++) {
			r[i] = l->centre ? 0 : -(g->b[row][i] - g->mean_b[i]);
			for (int j = 0; j < D; j++) {
				d[i][j] = g->h[row][i][j] - g->mean_h[i][j];
				r[i] += d[i][j] * (l->mean[j] - (l->centre ? l->centre[j] : 0));
			}
		}
		for (int i = 0; i < D; i++)
			for (int j = 0; j < D; j++) {
				double square = r[i] * r[j];
				for (int k = 0; k < D; k++)
					square += l->sigma * l->sigma * d[i][k] * d[k][j];
				c[i][j] += square / (ROWS * l->batch);
			}
	}
}

/* The coefficient of Σ_kl in C(Σ)_ij. */
static double spread(const struct linear_law *l, const struct gradients *g, int i, int j, int k, int m)
{
	double sum = 0;
	for (int row = 0; l->batch && row < ROWS; row++)
		sum += (g->h[row][i][k] - g->mean_h[i][k]) * (g->h[row][m][j] - g->mean_h[m][j]) / (ROWS * l->batch);
	return sum;
}

static void solve_covariance(struct linear_law *l, const struct gradients *g, double a[LAW_STATE][LAW_STATE], double c[D][D])
{
	const int n = l->n;
	gsl_matrix *m = gsl_matrix_alloc((size_t)(n * n), (size_t)(n * n));
	gsl_vector *r = gsl_vector_alloc((size_t)(n * n));
	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j++) {
			double right = l->q[i][j];
			for (int p = 0; p < D; p++)
				for (int q = 0; q < D; q++)
					right += l->g[i][p] * c[p][q] * l->g[j][q];
			gsl_vector_set(r, (size_t)(i * n + j), right);
			for (int k = 0; k < n; k++)
				for (int o = 0; o < n; o++) {
					double t = (i == k && j == o) - a[i][k] * a[j][o];
					for (int p = 0; k < D && o < D && p < D; p++)
						for (int q = 0; q < D; q++)
							t -= l->g[i][p] * spread(l, g, p, q, k, o) * l->g[j][q];
					gsl_matrix_set(m, (size_t)(i * n + j), (size_t)(k * n + o), t);
				}
		}
	solve(m, r);
	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j++)
			l->covariance[i][j] = gsl_vector_get(r, (size_t)(i * n + j));
	gsl_matrix_free(m);
	gsl_vector_free(r);
}

static void take_squares(struct linear_law *l, const struct gradients *g, double c[D][D])
{
	for (int i = 0; i < D; i++) {
		double mean = -g->mean_b[i], square = c[i][i];
		for (int j = 0; j < D; j++) {
			mean += g->mean_h[i][j] * l->mean[j];
			for (int k = 0; k < D; k++)
				square += (g->mean_h[i][j] * g->mean_h[i][k] + spread(l, g, i, i, j, k)) * l->covariance[j][k];
		}
		l->squares[i] = square + mean * mean;
	}
}

void law_solve(struct linear_law *l, const struct gradients *g)
{
	double a[LAW_STATE][LAW_STATE], c[D][D];
	whole_map(l, g, a);
	solve_mean(l, g, a);
	constant_part(l, g, c);
	solve_covariance(l, g, a, c);
	take_squares(l, g, c);
}
