/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The analytic gaussian against GSL: the density's logarithm, solves with Σ, and the spread of first values. */
#include <math.h>
#include <string.h>

#include <gsl/gsl_linalg.h>
#include <gsl/gsl_randist.h>

#include "src/analytic.h"
#include "src/potential.h"
#include "tests/tap.h"

enum { D = 3 };

static const struct rng_key key = {4, 0};

/* ½θᵀΣ⁻¹θ from GSL's log density, whose constant falls out against the density at 0; Σ⁻¹θ by solving with Σ's LU. */
static double exact(const double *covariance, const float *theta, double *gradient)
{
	double factor[D * D], at[D], origin[D] = {0}, work[D], log_at, log_origin;
	int sign;
	memcpy(factor, covariance, sizeof factor);
	for (int i = 0; i < D; i++)
		at[i] = (double)theta[i];
	gsl_matrix_view m = gsl_matrix_view_array(factor, D, D);
	gsl_vector_view x = gsl_vector_view_array(at, D), zero = gsl_vector_view_array(origin, D),
	                g = gsl_vector_view_array(gradient, D), w = gsl_vector_view_array(work, D);
	gsl_linalg_cholesky_decomp1(&m.matrix);
	gsl_ran_multivariate_gaussian_log_pdf(&x.vector, &zero.vector, &m.matrix, &log_at, &w.vector);
	gsl_ran_multivariate_gaussian_log_pdf(&zero.vector, &zero.vector, &m.matrix, &log_origin, &w.vector);
	memcpy(factor, covariance, sizeof factor);
	gsl_permutation *p = gsl_permutation_alloc(D);
	gsl_linalg_LU_decomp(&m.matrix, p, &sign);
	gsl_linalg_LU_solve(&m.matrix, p, &x.vector, &g.vector);
	gsl_permutation_free(p);
	return log_origin - log_at;
}

static void values(struct device *d)
{
	static const double variance[D] = {1, 4, 0.25};
	struct potential *p;
	struct slots s = {.key = key};
	int dimensions;
	MUST(analytic_open("gaussian:1,4,0.25@0.4", d, &p));
	MUST(d->ops->slots_open(d, &s));
	const double *covariance = analytic_covariance(p, &dimensions);
	bool right = dimensions == D && p->n == 1 && p->n_params == D && p->fixed && !p->ops->predict && p->pieces->count == D;
	for (int i = 0; i < D; i++)
		for (int j = 0; j < D; j++)
			right = right && fabs(covariance[i * D + j] - (i == j ? 1 : 0.4) * sqrt(variance[i] * variance[j])) < 1e-15;
	ok(right, "the covariance is what the text says");
	ok(strstr(p->ops->target_note(p), "1,4,0.25") && strstr(p->ops->target_note(p), "0.4"), "so is its note: %s", p->ops->target_note(p));

	float *theta, *gradient, host[D], point[D];
	double want[D], u;
	MUST(d->ops->alloc(d, sizeof host, (void **)&theta));
	MUST(d->ops->alloc(d, sizeof host, (void **)&gradient));
	segments_init(p->params, key, host);
	MUST(d->ops->put(d, theta, host, sizeof host));
	u = exact(covariance, host, want);
	struct gradient_request r = {.at = {.theta = theta}, .batch = {.n = 1, .scale = 1}, .gradient = gradient, .count = true};
	float got[D];
	for (int turn = 1; turn <= 2; turn++) {
		r.accumulate = turn == 2;
		MUST(p->ops->value_grad(p, &s, &r));
		MUST(d->ops->get(d, got, gradient, sizeof got));
		near(s.value[SLOT_NLL], turn * u, 1e-12 * (1 + u), "u is −log density up to its constant, %s", turn == 1 ? "set" : "added");
		for (int i = 0; i < D; i++)
			near((double)got[i], turn * want[i], 2e-7 * (1 + fabs(turn * want[i])), "and Σ⁻¹θ its gradient, element %d", i);
	}
	near(s.value[SLOT_NLL_TOTAL], 2 * u, 1e-12 * (1 + u), "both are counted");
	ok(s.value[SLOT_SEEN_TOTAL] == 2 && s.value[SLOT_BAD] == 0, "as two examples, none of them bad");

	s.value[SLOT_SAMPLER] = 0.5;
	s.step = 9;
	r.accumulate = r.count = false;
	r.at.sigma = SLOT_SAMPLER;
	r.at.stream = STREAM_PERTURB;
	for (int i = 0; i < D; i++)
		point[i] = host[i] + 0.5f * (float)rng_normal(key, STREAM_PERTURB, 9, (uint64_t)i);
	u = exact(covariance, point, want);
	MUST(p->ops->value_grad(p, &s, &r));
	near(s.value[SLOT_NLL], u, 2e-6 * (1 + u), "u at θ + σξ");
	MUST(d->ops->get(d, got, gradient, sizeof got));
	double first = (double)got[0];
	r.gradient = NULL;
	r.accumulate = true;
	MUST(p->ops->value_grad(p, &s, &r));
	MUST(d->ops->get(d, got, gradient, sizeof got));
	near(s.value[SLOT_NLL], 2 * u, 4e-6 * (1 + u), "the value alone, added");
	ok((double)got[0] == first, "and the gradient stays");

	host[1] = NAN;
	MUST(d->ops->put(d, theta, host, sizeof host));
	double last = s.value[SLOT_GOOD_NLL];
	MUST(p->ops->value_grad(p, &s, &r));
	ok(s.value[SLOT_BAD] == 0, "a value that does not count may be anything");
	r.count = true;
	MUST(p->ops->value_grad(p, &s, &r));
	ok(s.value[SLOT_BAD] == 10 && s.value[SLOT_GOOD_NLL] == last, "a value that is not finite is marked with its step");
	d->ops->free(d, theta);
	d->ops->free(d, gradient);
	d->ops->slots_close(d, &s);
	potential_close(p);
}

static void refusals(struct device *d)
{
	static const char *const bad[] = {"gaussian:", "gaussian:1,", "gaussian:1,-2", "gaussian:0", "gaussian:1,x", "gaussian:1,2@1",
	                                  "gaussian:1,1,1@-0.5", "gaussian:1@0.5", "gaussian:1,2@", "gaussian:1,2@0.1z",
	                                  "gaussian:nan", "gaussian:1,2@nan", "gaussian:1e999", "gaussian", "gaussian:0x10", "gaussian: 1", "gaussian:1@0x0"};
	struct potential *p;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ok(analytic_open(bad[i], d, &p) == ERR_USAGE && !p && strstr(fail_words(ERR_USAGE, "--"), bad[i]), "--model %s is refused", bad[i]);
	MUST(analytic_open("gaussian:1,1,1@-0.49", d, &p));
	potential_close(p);
	MUST(analytic_open("gaussian:2", d, &p));
	potential_close(p);
	potential_close(NULL);
	ok(analytic_kind("gaussian:1") && analytic_kind("gaussian") && !analytic_kind("mlp:1-1") && !analytic_kind("gaussians:1"),
	   "analytic targets are told from networks");
}

int main(void)
{
	struct device *d;
	MUST(backend_open("cpu", 1, &d));
	values(d);
	refusals(d);
	d->ops->close(d);
	return done_testing();
}
