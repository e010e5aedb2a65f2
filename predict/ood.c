/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/ood.h"

#include <math.h>
#include <stdlib.h>

#include "predict/bootstrap.h"

status ood_scores(const struct mixture *m, enum ood_score which, double *score)
{
	double members = (double)m->members;
	if (which == OOD_MI && m->members < 2)
		return fail(ERR_USAGE, "one member has no mutual information, which needs two or more");
	if ((which == OOD_MAX_LOGIT || which == OOD_ENERGY) && !m->energy)
		return fail(ERR_USAGE, "it needs logits, and stored probabilities no longer hold their scale; take entropy, mi or msp");
	struct arena arena = {0};
	double *p;
	status s = ARENA_NEW(&arena, (size_t)m->c, &p);
	for (size_t i = 0; s == OK && i < m->n; i++) {
		mixture_mean(m, i, p);
		double top = p[0];
		for (int j = 1; j < m->c; j++)
			top = fmax(top, p[j]);
		score[i] = which == OOD_ENTROPY ? entropy_of(p, m->c)
			: which == OOD_MI ? fmax(0, entropy_of(p, m->c) - m->entropy[i] / members)
			: which == OOD_MSP ? -top
			: which == OOD_MAX_LOGIT ? -m->max_logit[i] / members
			: m->energy[i] / members;
	}
	arena_free(&arena);
	return s;
}

/* An example of either set; `at` is its place within its own set. */
struct scored {
	double score;
	size_t at;
	bool ood;
};

static int by_falling_score(const void *a, const void *b)
{
	double x = ((const struct scored *)a)->score, y = ((const struct scored *)b)->score;
	return (x < y) - (x > y);
}

/* AUROC from how often each example counts; NULL: once. Sorted by falling score, so OOD should come first. */
static double auroc(const struct scored *e, size_t n, const uint32_t *id, const uint32_t *ood)
{
	double caught = 0, missed = 0, area = 0;  /* OOD examples above; in-distribution ones above; Σ over the latter */
	for (size_t i = 0; i < n;) {
		double score = e[i].score, tied_ood = 0, tied_id = 0;
		for (; i < n && e[i].score == score; i++) {
			if (e[i].ood)
				tied_ood += ood ? ood[e[i].at] : 1;
			else
				tied_id += id ? id[e[i].at] : 1;
		}
		area += tied_id * (caught + tied_ood / 2);
		caught += tied_ood;
		missed += tied_id;
	}
	return area / (caught * missed);
}

/* Average precision, and false positives at recall ≥ 95 %, with one set positive; thresholds are the distinct scores,
 * from the most positive on. */
static void precision_recall(const struct scored *e, size_t n, bool ood_positive, size_t n_positive, double *aupr,
                             double *fpr95)
{
	size_t hits = 0, seen = 0;
	*aupr = 0;
	*fpr95 = NAN;
	for (size_t i = 0; i < n;) {
		size_t before = hits;
		double score = e[ood_positive ? i : n - 1 - i].score;
		for (; i < n && e[ood_positive ? i : n - 1 - i].score == score; i++) {
			hits += e[ood_positive ? i : n - 1 - i].ood == ood_positive;
			seen++;
		}
		*aupr += (double)(hits - before) * ((double)hits / (double)seen);
		if (isnan(*fpr95) && 20 * hits >= 19 * n_positive)
			*fpr95 = (double)(seen - hits) / (double)(n - n_positive);
	}
	/* At the end, so that a perfect separation has exactly 1. */
	*aupr /= (double)n_positive;
}

/* The AUROC of each resample; every one is a thread's own, as in bootstrap_means. */
static status resample_auroc(const struct scored *e, const struct roc *r, double *figure)
{
	int failed = 0;
#pragma omp parallel reduction(| : failed)
	{
		uint32_t *id = malloc((r->n_id + r->n_ood) * sizeof *id), *ood = id ? id + r->n_id : NULL;
		failed |= !id;
#pragma omp for schedule(static)
		for (uint64_t i = 0; i < BOOTSTRAP_RESAMPLES; i++) {
			if (!id)
				continue;
			bootstrap_counts(0, i, r->n_id, id);
			bootstrap_counts(1, i, r->n_ood, ood);
			figure[i] = auroc(e, r->n_id + r->n_ood, id, ood);
		}
		free(id);
	}
	return failed ? fail(ERR_MEMORY, "out of memory: resamples of %zu examples", r->n_id + r->n_ood) : OK;
}

/* √(S₁₀/n_ood + S₀₁/n_id): S₁₀ the variance over OOD examples of the share of in-distribution ones below, ties for a half; S₀₁ the
 * other way round. Both shares have the AUROC for their mean. */
static double placements_error(const struct scored *e, const struct roc *r)
{
	const double n_id = (double)r->n_id, n_ood = (double)r->n_ood;
	double caught = 0, missed = 0, squares_id = 0, squares_ood = 0;
	for (size_t i = 0, n = r->n_id + r->n_ood; i < n;) {
		double score = e[i].score, tied_ood = 0, tied_id = 0;
		for (; i < n && e[i].score == score; i++)
			*(e[i].ood ? &tied_ood : &tied_id) += 1;
		const double above = (caught + tied_ood / 2) / n_ood - r->auroc, below = 1 - (missed + tied_id / 2) / n_id - r->auroc;
		squares_id += tied_id * above * above;
		squares_ood += tied_ood * below * below;
		caught += tied_ood;
		missed += tied_id;
	}
	return sqrt(squares_ood / (n_ood - 1) / n_ood + squares_id / (n_id - 1) / n_id);
}

static status auroc_error(const struct scored *e, const struct roc *r, enum roc_error error, struct arena *a, double *se)
{
	double *figure;
	*se = NAN;
	if (r->n_id < 2 || r->n_ood < 2)
		return OK;
	if (error == ROC_PLACEMENTS) {
		*se = placements_error(e, r);
		return OK;
	}
	TRY(ARENA_NEW(a, BOOTSTRAP_RESAMPLES, &figure));
	TRY(resample_auroc(e, r, figure));
	*se = bootstrap_deviation(figure);
	return OK;
}

static status merge(const double *score, size_t n, bool ood, struct scored *to)
{
	for (size_t i = 0; i < n; i++) {
		if (isnan(score[i]))
			return fail(ERR_INPUT, "the score of %s example %zu is not a number",
			            ood ? "out-of-distribution" : "in-distribution", i);
		to[i] = (struct scored){score[i], i, ood};
	}
	return OK;
}

static status measure(const double *id, const double *ood, enum roc_error error, struct arena *a, struct roc *r)
{
	struct scored *e;
	size_t n = r->n_id + r->n_ood;
	TRY(ARENA_NEW(a, n, &e));
	TRY(merge(id, r->n_id, false, e));
	TRY(merge(ood, r->n_ood, true, e + r->n_id));
	if (!r->n_id || !r->n_ood)
		return OK;
	qsort(e, n, sizeof *e, by_falling_score);
	r->auroc = auroc(e, n, NULL, NULL);
	precision_recall(e, n, true, r->n_ood, &r->aupr_out, &r->fpr95);
	precision_recall(e, n, false, r->n_id, &r->aupr_in, &r->fpr95_in);
	return auroc_error(e, r, error, a, &r->auroc_se);
}

status ood_roc(const double *id, size_t n_id, const double *ood, size_t n_ood, enum roc_error error, struct roc *out)
{
	struct arena arena = {0};
	*out = (struct roc){n_id, n_ood, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
	if (n_id + n_ood)
		out->base_rate = (double)n_ood / (double)(n_id + n_ood);
	status s = measure(id, ood, error, &arena, out);
	arena_free(&arena);
	return s;
}
