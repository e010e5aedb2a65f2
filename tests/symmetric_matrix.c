/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "tests/symmetric_matrix.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_eigen.h>
#include <gsl/gsl_sort.h>

#include "tests/device_vec.h"

static status apply(struct curvature *c, const float *v, float *out)
{
	struct symmetric *m = (struct symmetric *)c;
	const size_t n = c->n;
	if (++m->made == m->interrupt)
		return fail(ERR_INTERRUPTED, "interrupted");
	for (size_t i = 0; i < n; i++) {
		double sum = 0;
		for (size_t j = m->diagonal ? i : 0; j < (m->diagonal ? i + 1 : n); j++)
			sum += (m->diagonal ? m->a[i] : m->a[i * n + j]) * (double)v[j];
		out[i] = (float)sum;
	}
	if (m->made == m->infinite)
		out[n - 1] = (float)INFINITY;
	return OK;
}

/* A ← (1 − 2uuᵀ)·A·(1 − 2uuᵀ) */
static void reflect(double *a, size_t n, struct rng_key key, uint64_t step)
{
	double *u = host_doubles(n), *au = host_doubles(n), norm = 0, along = 0;
	for (size_t i = 0; i < n; i++) {
		u[i] = rng_normal(key, STREAM_DATA, step, i);
		norm += u[i] * u[i];
	}
	for (size_t i = 0; i < n; i++)
		u[i] /= sqrt(norm);
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < n; j++)
			au[i] += a[i * n + j] * u[j];
		along += u[i] * au[i];
	}
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++)
			a[i * n + j] += -2 * u[i] * au[j] - 2 * au[i] * u[j] + 4 * along * u[i] * u[j];
	free(u);
	free(au);
}

static void open_symmetric(struct symmetric *m, size_t n, bool diagonal)
{
	*m = (struct symmetric){.base = {.n = n, .apply = apply}, .diagonal = diagonal};
	m->a = host_doubles(diagonal ? n : n * n);
	m->value = host_doubles(n);
}

static void sort_down(double *x, size_t n)
{
	gsl_sort(x, 1, n);
	for (size_t i = 0; i < n / 2; i++) {
		const double low = x[i];
		x[i] = x[n - 1 - i];
		x[n - 1 - i] = low;
	}
}

void symmetric_of(struct symmetric *m, size_t n, const double *values, bool turned, uint32_t seed)
{
	open_symmetric(m, n, !turned);
	for (size_t i = 0; i < n; i++)
		m->a[turned ? i * n + i : i] = m->value[i] = values[i];
	for (uint64_t k = 0; turned && k < 4; k++)
		reflect(m->a, n, (struct rng_key){seed, 0}, k);
	sort_down(m->value, n);
}

void symmetric_wigner(struct symmetric *m, size_t n, uint32_t seed)
{
	open_symmetric(m, n, false);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++) {
			const double x = rng_normal((struct rng_key){seed, 0}, STREAM_DATA, i, j) / sqrt(2 * (double)n);
			m->a[i * n + j] += x;
			m->a[j * n + i] += x;
		}
	double *copy = host_doubles(n * n);
	memcpy(copy, m->a, n * n * sizeof *copy);
	gsl_matrix_view a = gsl_matrix_view_array(copy, n, n);
	gsl_vector_view value = gsl_vector_view_array(m->value, n);
	gsl_eigen_symm_workspace *w = gsl_eigen_symm_alloc(n);
	gsl_eigen_symm(&a.matrix, &value.vector, w);
	gsl_eigen_symm_free(w);
	free(copy);
	sort_down(m->value, n);
}

void symmetric_free(struct symmetric *m)
{
	free(m->a);
	free(m->value);
}
