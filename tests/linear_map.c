/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "tests/linear_map.h"

#include <gsl/gsl_linalg.h>
#include <string.h>

void map_identity(struct linear_map *m, int vectors, int d)
{
	memset(m, 0, sizeof *m);
	m->n = vectors * d;
	m->d = d;
	for (int i = 0; i < m->n; i++)
		m->a[i][i] = 1;
}

static double element(const double *h, int d, int i, int j)
{
	return h ? h[i * d + j] : i == j;
}

void map_add(struct linear_map *m, int to, int from, double coefficient, const double *h)
{
	for (int i = 0; i < m->d; i++)
		for (int j = 0; j < m->d; j++)
			m->a[to * m->d + i][from * m->d + j] += coefficient * element(h, m->d, i, j);
}

void map_noise(struct linear_map *m, int to, enum stream stream, double coefficient, const double *h)
{
	int s = 0;
	while (s < m->sources && m->stream[s] != stream)
		s++;
	m->sources += s == m->sources;
	m->stream[s] = stream;
	for (int i = 0; i < m->d; i++)
		for (int j = 0; j < m->d; j++)
			m->load[s][to * m->d + i][j] += coefficient * element(h, m->d, i, j);
}

void map_apply(const struct linear_map *m, struct rng_key key, uint64_t step, double *z)
{
	double next[MAP_DIMS] = {0};
	for (int i = 0; i < m->n; i++) {
		for (int j = 0; j < m->n; j++)
			next[i] += m->a[i][j] * z[j];
		for (int s = 0; s < m->sources; s++)
			for (int j = 0; j < m->d; j++)
				next[i] += m->load[s][i][j] * rng_normal(key, m->stream[s], step, (uint64_t)j);
	}
	memcpy(z, next, sizeof *z * (size_t)m->n);
}

/* a ← A a, q ← A q Aᵀ + Σ L Lᵀ. */
static void push(const struct linear_map *m, double a[MAP_DIMS][MAP_DIMS], double q[MAP_DIMS][MAP_DIMS])
{
	double ta[MAP_DIMS][MAP_DIMS] = {{0}}, tq[MAP_DIMS][MAP_DIMS] = {{0}};
	for (int i = 0; i < m->n; i++)
		for (int j = 0; j < m->n; j++)
			for (int k = 0; k < m->n; k++) {
				ta[i][j] += m->a[i][k] * a[k][j];
				tq[i][j] += m->a[i][k] * q[k][j];
			}
	memset(q, 0, sizeof ta);
	for (int i = 0; i < m->n; i++)
		for (int j = 0; j < m->n; j++) {
			a[i][j] = ta[i][j];
			for (int k = 0; k < m->n; k++)
				q[i][j] += tq[i][k] * m->a[j][k];
			for (int s = 0; s < m->sources; s++)
				for (int k = 0; k < m->d; k++)
					q[i][j] += m->load[s][i][k] * m->load[s][j][k];
		}
}

void map_compose(const struct linear_map *first, const struct linear_map *second, int repeat_first,
                 double a[MAP_DIMS][MAP_DIMS], double q[MAP_DIMS][MAP_DIMS])
{
	for (int i = 0; i < MAP_DIMS; i++)
		for (int j = 0; j < MAP_DIMS; j++) {
			a[i][j] = i == j;
			q[i][j] = 0;
		}
	for (int k = 0; k < repeat_first; k++)
		push(first, a, q);
	if (second)
		push(second, a, q);
}

void map_stationary(int n, double a[MAP_DIMS][MAP_DIMS], double q[MAP_DIMS][MAP_DIMS], double sigma[MAP_DIMS][MAP_DIMS])
{
	size_t n2 = (size_t)(n * n);
	gsl_matrix *m = gsl_matrix_alloc(n2, n2);
	gsl_vector *right = gsl_vector_alloc(n2), *x = gsl_vector_alloc(n2);
	gsl_permutation *p = gsl_permutation_alloc(n2);
	int sign;
	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j++) {
			gsl_vector_set(right, (size_t)(i * n + j), q[i][j]);
			for (int k = 0; k < n; k++)
				for (int l = 0; l < n; l++)
					gsl_matrix_set(m, (size_t)(i * n + j), (size_t)(k * n + l),
					               (i == k && j == l) - a[i][k] * a[j][l]);
		}
	gsl_linalg_LU_decomp(m, p, &sign);
	gsl_linalg_LU_solve(m, p, right, x);
	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j++)
			sigma[i][j] = gsl_vector_get(x, (size_t)(i * n + j));
	gsl_matrix_free(m);
	gsl_vector_free(right);
	gsl_vector_free(x);
	gsl_permutation_free(p);
}
