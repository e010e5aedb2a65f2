/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* gaussian: u(θ) = ½ θᵀΣ⁻¹θ, ∇u = Σ⁻¹θ. */
#include <math.h>
#include <string.h>

#include <gsl/gsl_blas.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_linalg.h>

#include "src/analytic/target.h"
#include "src/number.h"

struct gaussian {
	double *covariance, *precision;  /* (d, d), row-major */
};

/* out = Σ⁻¹v */
static void product(const struct target *t, const double *v, double *out)
{
	const struct gaussian *g = t->own;
	size_t n = (size_t)t->d;
	gsl_matrix_const_view precision = gsl_matrix_const_view_array(g->precision, n, n);
	gsl_vector_const_view from = gsl_vector_const_view_array(v, n);
	gsl_vector_view to = gsl_vector_view_array(out, n);
	gsl_blas_dsymv(CblasUpper, 1, &precision.matrix, &from.vector, 0, &to.vector);
}

static double gaussian_value(const struct target *t, size_t i, const double *theta, double *gradient)
{
	(void)i;
	double u;
	product(t, theta, gradient);
	gsl_vector_const_view at = gsl_vector_const_view_array(theta, (size_t)t->d), slope = gsl_vector_const_view_array(gradient, (size_t)t->d);
	gsl_blas_ddot(&at.vector, &slope.vector, &u);
	return u / 2;
}

static void gaussian_hvp(const struct target *t, size_t i, const double *theta, const double *v, double *out)
{
	(void)i;
	(void)theta;
	product(t, v, out);
}

/* Reads "V1,V2,…[@RHO]" and returns the number of variances, 0 where the text is something else. */
static int read_spec(const char *text, double *variance, double *rho)
{
	int d = 0;
	*rho = 0;
	do {
		double value;
		text = number_read(text + (d > 0), &value);
		if (!text || d == DIMENSIONS_MAX)
			return 0;
		variance[d++] = value;
	} while (*text == ',');
	if (*text == '@')
		text = number_read(text + 1, rho);
	return text && !*text ? d : 0;
}

/* Σᵢⱼ = ρ√(VᵢVⱼ) off the diagonal, and its inverse. */
static status fill(const struct target *t, const double *variance, double rho)
{
	const struct gaussian *g = t->own;
	size_t n = (size_t)t->d;
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++)
			g->covariance[i * n + j] = i == j ? variance[i] : rho * sqrt(variance[i]) * sqrt(variance[j]);
	memcpy(g->precision, g->covariance, n * n * sizeof(double));
	gsl_matrix_view m = gsl_matrix_view_array(g->precision, n, n);
	gsl_error_handler_t *handler = gsl_set_error_handler_off();
	int failed = gsl_linalg_cholesky_decomp1(&m.matrix) || gsl_linalg_cholesky_invert(&m.matrix);
	gsl_set_error_handler(handler);
	return failed ? fail(ERR_USAGE, "{model} %s: this covariance can't be inverted in double precision", t->spec) : OK;
}

static status gaussian_open(struct target *t, const char *rest)
{
	double rho, *variance, widest = 0;
	struct gaussian *g;
	TRY(ARENA_NEW(t->arena, DIMENSIONS_MAX, &variance));
	t->d = read_spec(rest, variance, &rho);
	if (!t->d)
		return fail(ERR_USAGE, "{model} %s: expected gaussian:V1,V2,…[@RHO], at most %d variances", t->spec, DIMENSIONS_MAX);
	for (int i = 0; i < t->d; i++) {
		if (!(isfinite(variance[i]) && variance[i] > 0))
			return fail(ERR_USAGE, "{model} %s: variance %d must be above 0", t->spec, i + 1);
		widest = fmax(widest, variance[i]);
	}
	if (!(rho < 1 && (t->d == 1 ? rho == 0 : rho > -1.0 / (t->d - 1))))
		return fail(ERR_USAGE, "{model} %s: a correlation of %d variables lies between %g and 1, both left out", t->spec,
		            t->d, t->d == 1 ? 0 : -1.0 / (t->d - 1));
	size_t n = (size_t)t->d;
	TRY(ARENA_NEW(t->arena, 1, &g));
	TRY(ARENA_NEW(t->arena, n * n, &g->covariance));
	TRY(ARENA_NEW(t->arena, n * n, &g->precision));
	t->own = g;
	TRY(fill(t, variance, rho));
	t->spread = sqrt(widest);
	TRY(arena_text(t->arena, &t->note, "N(0, Σ) with variances %s", rest));
	char *at = strchr(t->note, '@');
	if (at) {
		*at = 0;
		TRY(arena_text(t->arena, &t->note, "%s and correlation %g", t->note, rho));
	}
	return OK;
}

const struct analytic_kind analytic_gaussian = {.name = "gaussian", .rest = "V1,V2,…[@RHO]", .open = gaussian_open,
                                                .value = gaussian_value, .hvp = gaussian_hvp};

const double *analytic_covariance(const struct potential *p, int *d)
{
	const struct target *t = analytic_target(p);
	const struct gaussian *g = t->own;
	*d = t->d;
	return g->covariance;
}
