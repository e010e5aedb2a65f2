/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/decide/abstain.h"

#include <math.h>

#include <gsl/gsl_sort_double.h>

#include "predict/decide/beta.h"
#include "src/arena.h"

enum { TWENTIETHS = 20, THRESHOLDS = TWENTIETHS + 64 };

double clopper_pearson_upper(size_t errors, size_t n, double delta)
{
	return errors < n ? beta_quantile(1 - delta, (double)errors + 1, (double)(n - errors)) : 1;
}

/* Whether a risk of r would have shown so few errors with a probability of δ at most: clopper_pearson_upper is at most r. A
 * probability that is δ but for rounding is δ. */
static bool too_few_errors(size_t errors, size_t n, double risk, double delta)
{
	return errors < n && beta_below(1 - risk, (double)(n - errors), (double)errors + 1) <= delta * (1 + 1e-12);
}

/* How many of n are accepted, falling: the candidates of abstain.h. Returns their number. */
static int candidates(size_t n, size_t k[THRESHOLDS])
{
	int found = 0;
	size_t next = n;
	for (int part = TWENTIETHS; next; part--) {
		if (!found || next < k[found - 1])
			k[found++] = next;
		next = part > 1 ? n * (size_t)(part - 1) / TWENTIETHS : k[found - 1] / 2;
	}
	return found;
}

/* How many of them, largest first, can pass when so many are tested; which the number of examples alone says. */
static int possible(double risk, double delta, const size_t *k, int found, size_t *needs)
{
	int tests = found;
	while (tests && k[tests - 1] < trials_needed(risk, delta / tests))
		tests--;
	*needs = trials_needed(risk, delta / (tests ? tests : 1));
	return tests;
}

/* The confidences in falling order, and how many are wrong among the first i. */
struct ranked {
	const double *confidence;
	const size_t *rising;
	size_t n;
	const size_t *errors;   /* (n + 1) */
};

static double confidence_at(const struct ranked *r, size_t i)
{
	return r->confidence[r->rising[r->n - 1 - i]];
}

/* Whether the k most confident may be answered; ties with the next one are not among them. */
static bool passes(const struct ranked *r, size_t k, struct abstention *out)
{
	const double threshold = k < r->n ? confidence_at(r, k) : (double)-INFINITY;
	while (k && !(confidence_at(r, k - 1) > threshold))
		k--;
	const double delta = out->delta / out->tests;
	if (!too_few_errors(r->errors[k], k, out->risk, delta))
		return false;
	out->passed = true;
	out->threshold = threshold;
	out->accepted = k;
	out->errors = r->errors[k];
	out->bound = clopper_pearson_upper(r->errors[k], k, delta);
	return true;
}

static status choose(const double *confidence, const bool *wrong, struct arena *a, struct abstention *out)
{
	size_t *rising, *errors, k[THRESHOLDS] = {0};
	TRY(ARENA_NEW(a, out->n + 1, &rising));
	TRY(ARENA_NEW(a, out->n + 1, &errors));
	gsl_sort_index(rising, confidence, 1, out->n);
	for (size_t i = 0; i < out->n; i++)
		errors[i + 1] = errors[i] + wrong[rising[out->n - 1 - i]];
	const struct ranked r = {confidence, rising, out->n, errors};
	out->tests = possible(out->risk, out->delta, k, candidates(out->n, k), &out->needs);
	int i = 0;
	while (i < out->tests && !passes(&r, k[i], out))
		i++;
	return OK;
}

status abstain_fit(double risk, double delta, const double *confidence, const bool *wrong, size_t n, struct abstention *out)
{
	struct arena arena = {0};
	*out = (struct abstention){.risk = risk, .delta = delta, .n = n, .threshold = INFINITY, .bound = NAN};
	for (size_t i = 0; i < n; i++)
		if (!isfinite(confidence[i]))
			return fail(ERR_INPUT, "the confidence of example %zu is not finite", i);
	const status s = choose(confidence, wrong, &arena, out);
	arena_free(&arena);
	return s;
}
