/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/abstain.h"

#include <math.h>

#include <gsl/gsl_sort_double.h>

#include "predict/beta.h"
#include "src/arena.h"

enum { STARTS = 64 };   /* halvings of a size_t */

double clopper_pearson_upper(size_t errors, size_t n, double delta)
{
	return errors < n ? beta_quantile(1 - delta, (double)errors + 1, (double)(n - errors)) : 1;
}

/* Whether a risk of r would have shown so few errors with a probability of δ at most: clopper_pearson_upper is at most
 * r. A probability that is δ but for rounding is δ. */
static bool too_few_errors(size_t errors, size_t n, double risk, double delta)
{
	return errors < n && beta_below(1 - risk, (double)(n - errors), (double)errors + 1) <= delta * (1 + 1e-12);
}

/* δ is shared by so many tests. */
static int shares(int starts)
{
	return starts > 1 ? starts + 1 : starts;
}

/* n, n/2, n/4, …: as many of them as can pass where δ is shared among them. Returns their number. */
static int starts_of(double risk, double delta, size_t n, size_t k[STARTS])
{
	int found = 0;
	for (size_t next = n; next && found < STARTS; next /= 2)
		k[found++] = next;
	while (found && k[found - 1] < trials_needed(risk, delta / shares(found)))
		found--;
	return found;
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

/* Where the first k end between two that are tied, they are no answer to a threshold. */
static bool splits_tie(const struct ranked *r, size_t k)
{
	return k && k < r->n && !(confidence_at(r, k - 1) > confidence_at(r, k));
}

/* From the k most confident on as far as tests pass; what is tied with the next example is not among them. Returns how
 * many may be answered; 0: not even those. */
static size_t reach(const struct ranked *r, size_t k, double risk, double delta)
{
	size_t reached = 0;
	while (splits_tie(r, k))
		k--;
	for (; k <= r->n; k++) {
		if (splits_tie(r, k))
			continue;
		/* No more errors than have passed among fewer pass here. */
		const bool clear = reached && r->errors[k] == r->errors[reached];
		if (!clear && !too_few_errors(r->errors[k], k, risk, delta))
			break;
		reached = k;
	}
	return reached;
}

static void choose_among(const struct ranked *r, struct abstention *out)
{
	size_t k[STARTS];
	const int starts = starts_of(out->risk, out->delta, r->n, k);
	const double delta = out->delta / shares(starts ? starts : 1);
	out->tests = shares(starts);
	out->needs = trials_needed(out->risk, delta);
	/* A start that an earlier one came past ends where that did. */
	for (int i = starts; i-- > 0;)
		if (k[i] > out->accepted) {
			const size_t reached = reach(r, k[i], out->risk, delta);
			out->accepted = reached > out->accepted ? reached : out->accepted;
		}
	out->passed = out->accepted > 0;
	if (!out->passed)
		return;
	out->threshold = out->accepted < r->n ? confidence_at(r, out->accepted) : (double)-INFINITY;
	out->errors = r->errors[out->accepted];
	out->bound = clopper_pearson_upper(out->errors, out->accepted, delta);
}

static status choose(const double *confidence, const bool *wrong, struct arena *a, struct abstention *out)
{
	size_t *rising, *errors;
	TRY(ARENA_NEW(a, out->n + 1, &rising));
	TRY(ARENA_NEW(a, out->n + 1, &errors));
	gsl_sort_index(rising, confidence, 1, out->n);
	for (size_t i = 0; i < out->n; i++)
		errors[i + 1] = errors[i] + wrong[rising[out->n - 1 - i]];
	const struct ranked r = {confidence, rising, out->n, errors};
	choose_among(&r, out);
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
