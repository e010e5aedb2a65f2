/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Analytic targets: exp(−u(θ)/T) with a u(θ) that can be written down, for checking samplers against what is known.
 * gaussian: u(θ) = ½ θᵀΣ⁻¹θ, ∇u = Σ⁻¹θ, computed on the host in double. */
#include "src/analytic.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_blas.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_linalg.h>

enum { DIMENSIONS_MAX = 4096 };

static const char prefix[] = "gaussian:";

const struct analytic_kind analytic_kinds[] = {{"gaussian", "V1,V2,…[@RHO]"}, {0}};

struct analytic {
	struct potential base;
	struct arena arena;
	struct segments params, stats;
	struct pieces pieces;
	int d;
	double *covariance, *precision;  /* (d, d), row-major */
	double *theta, *gradient;        /* d */
	float *host;                     /* d */
	float *point;                    /* device, d */
	char *note;
};

bool analytic_is(const char *spec)
{
	return !strncmp(spec, prefix, sizeof prefix - 1);
}

/* Σ w of a batch whose one example may be weighted: its factor on u. */
static status factor_of(const struct analytic *a, const struct batch *b, double *out)
{
	float weight = 1;
	if (b->weight)
		TRY(a->base.device->ops->get(a->base.device, &weight, b->weight, sizeof weight));
	*out = b->scale * (double)weight;
	return OK;
}

/* Copies θ + c·v + σξ to a->theta. */
static status fetch_point(struct analytic *a, const struct slots *s, const struct point *at)
{
	struct device *d = a->base.device;
	size_t n = (size_t)a->d;
	TRY(d->ops->point(d, s, at, 0, n, a->params.at[0].frozen, a->point));
	TRY(d->ops->get(d, a->host, a->point, n * sizeof(float)));
	for (int i = 0; i < a->d; i++)
		a->theta[i] = (double)a->host[i];
	return OK;
}

static status value_grad(struct potential *base, struct slots *s, const struct gradient_request *r)
{
	struct analytic *a = (struct analytic *)base;
	struct device *d = base->device;
	size_t n = (size_t)a->d, bytes = n * sizeof(float);
	double factor, u;
	TRY(factor_of(a, &r->batch, &factor));
	TRY(fetch_point(a, s, &r->at));
	gsl_matrix_const_view precision = gsl_matrix_const_view_array(a->precision, n, n);
	gsl_vector_const_view theta = gsl_vector_const_view_array(a->theta, n);
	gsl_vector_view gradient = gsl_vector_view_array(a->gradient, n);
	gsl_blas_dsymv(CblasUpper, 1, &precision.matrix, &theta.vector, 0, &gradient.vector);
	gsl_blas_ddot(&theta.vector, &gradient.vector, &u);
	u /= 2;
	if (r->gradient && r->accumulate)
		TRY(d->ops->get(d, a->host, r->gradient, bytes));
	for (size_t i = 0; i < n; i++)
		a->host[i] = (float)(factor * a->gradient[i] + (r->accumulate ? (double)a->host[i] : 0));
	if (r->gradient)
		TRY(d->ops->put(d, r->gradient, a->host, bytes));
	TRY(d->ops->slots_fetch(d, s));
	slots_value(s, factor * u, r->accumulate, r->count);
	if (r->count) {
		s->value[SLOT_NLL_TOTAL] += u;
		s->value[SLOT_SEEN_TOTAL] += 1;
	}
	return d->ops->slots_set(d, s);
}

static void analytic_close(struct potential *base)
{
	struct analytic *a = (struct analytic *)base;
	base->device->ops->free(base->device, a->point);
	arena_free(&a->arena);
	free(a);
}

static const char *target_note(const struct potential *p)
{
	return ((const struct analytic *)p)->note;
}

static const struct potential_ops analytic_ops = {.value_grad = value_grad, .target_note = target_note,
                                                  .close = analytic_close};

/* ---- opening ---- */

/* Reads "V1,V2,…[@RHO]" and returns the number of variances, 0 where the text is something else. */
static int read_spec(const char *text, double *variance, double *rho)
{
	char *end;
	int d = 0;
	*rho = 0;
	for (;; text++) {
		errno = 0;
		double value = strtod(text, &end);
		if (end == text || errno || d == DIMENSIONS_MAX)
			return 0;
		variance[d++] = value;
		text = end;
		if (*text != ',')
			break;
	}
	if (*text == '@') {
		errno = 0;
		*rho = strtod(text + 1, &end);
		if (end == text + 1 || errno)
			return 0;
		text = end;
	}
	return *text ? 0 : d;
}

/* Σᵢⱼ = ρ√(VᵢVⱼ) off the diagonal, and its inverse. */
static status fill(struct analytic *a, const char *spec, const double *variance, double rho)
{
	size_t n = (size_t)a->d;
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++)
			a->covariance[i * n + j] = i == j ? variance[i] : rho * sqrt(variance[i]) * sqrt(variance[j]);
	memcpy(a->precision, a->covariance, n * n * sizeof(double));
	gsl_matrix_view m = gsl_matrix_view_array(a->precision, n, n);
	gsl_error_handler_t *handler = gsl_set_error_handler_off();
	int failed = gsl_linalg_cholesky_decomp1(&m.matrix) || gsl_linalg_cholesky_invert(&m.matrix);
	gsl_set_error_handler(handler);
	return failed ? fail(ERR_USAGE, "{model} %s: this covariance can't be inverted in double precision", spec) : OK;
}

static status open_parts(struct analytic *a, const char *spec)
{
	double rho, *variance, widest = 0;
	TRY(ARENA_NEW(&a->arena, DIMENSIONS_MAX, &variance));
	a->d = read_spec(spec + sizeof prefix - 1, variance, &rho);
	if (!a->d)
		return fail(ERR_USAGE, "{model} %s: expected gaussian:V1,V2,…[@RHO], at most %d variances", spec, DIMENSIONS_MAX);
	for (int i = 0; i < a->d; i++) {
		if (!(isfinite(variance[i]) && variance[i] > 0))
			return fail(ERR_USAGE, "{model} %s: variance %d must be above 0", spec, i + 1);
		widest = fmax(widest, variance[i]);
	}
	if (!(rho < 1 && (a->d == 1 ? rho == 0 : rho > -1.0 / (a->d - 1))))
		return fail(ERR_USAGE, "{model} %s: a correlation of %d variables lies between %g and 1, both left out", spec,
		            a->d, a->d == 1 ? 0 : -1.0 / (a->d - 1));
	size_t n = (size_t)a->d;
	TRY(ARENA_NEW(&a->arena, n * n, &a->covariance));
	TRY(ARENA_NEW(&a->arena, n * n, &a->precision));
	TRY(ARENA_NEW(&a->arena, n, &a->theta));
	TRY(ARENA_NEW(&a->arena, n, &a->gradient));
	TRY(ARENA_NEW(&a->arena, n, &a->host));
	TRY(a->base.device->ops->alloc(a->base.device, n * sizeof(float), (void **)&a->point));
	TRY(fill(a, spec, variance, rho));
	TRY(arena_text(&a->arena, &a->note, "N(0, Σ) with variances %s", spec + sizeof prefix - 1));
	char *at = strchr(a->note, '@');
	if (at) {
		*at = 0;
		TRY(arena_text(&a->arena, &a->note, "%s and correlation %g", a->note, rho));
	}
	/* Chains start apart, as widely as the target's widest direction. */
	TRY(segments_add(&a->params, &a->arena, "theta", 1, (int64_t[]){a->d}, INIT_NORMAL, sqrt(widest), NULL));
	return pieces_of(&a->params, &a->arena, &a->pieces);
}

status analytic_open(const char *spec, struct device *d, struct potential **out)
{
	*out = NULL;
	if (!analytic_is(spec))
		return fail(ERR_USAGE, "{model} %s: expected gaussian:V1,V2,…[@RHO]", spec);
	struct analytic *a = calloc(1, sizeof *a);
	if (!a)
		return fail(ERR_MEMORY, "out of memory: an analytic target");
	a->base = (struct potential){.ops = &analytic_ops, .device = d, .n = 1, .batch = 1, .fixed = true,
	                             .params = &a->params, .stats = &a->stats, .pieces = &a->pieces};
	status s = open_parts(a, spec);
	if (s != OK) {
		analytic_close(&a->base);
		return s;
	}
	a->base.n_params = a->params.count;
	*out = &a->base;
	return OK;
}

const double *analytic_covariance(const struct potential *p, int *d)
{
	const struct analytic *a = (const struct analytic *)p;
	*d = a->d;
	return a->covariance;
}
