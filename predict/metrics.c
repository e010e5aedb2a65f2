/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/metrics.h"

#include <math.h>

#include "predict/bootstrap.h"
#include "predict/errors.h"

int ece_bin(double confidence)
{
	int b = (int)ceil(confidence * ECE_BINS) - 1;
	/* The product may round across an edge; the edges are the quotients. */
	while (b > 0 && confidence <= (double)b / ECE_BINS)
		b--;
	while (b < ECE_BINS - 1 && confidence > (b + 1.0) / ECE_BINS)
		b++;
	return b < 0 ? 0 : b >= ECE_BINS ? ECE_BINS - 1 : b;
}

struct bin {
	double confidence, right;
};

static double calibration_error(const struct bin bin[ECE_BINS], size_t n)
{
	double e = 0;
	for (int b = 0; b < ECE_BINS; b++)
		e += fabs(bin[b].right - bin[b].confidence);
	return e / (double)n;
}

struct example_score metrics_example(const struct mixture *m, size_t i, double *p)
{
	const int y = m->label[i];
	struct example_score s = {0};
	mixture_mean(m, i, p);
	for (int j = 0; j < m->c; j++) {
		double d = p[j] - (j == y);
		s.square += d * d;
		if (p[j] > p[s.best])
			s.best = j;
	}
	s.right = s.best == y;
	s.loss = mixture_loss(m, i);
	return s;
}

/* right and loss (n): per example, what the bootstrap resamples. p (c) is scratch. */
static void score(const struct mixture *m, struct class_metrics *out, double *right, double *loss, double *p)
{
	struct bin bin[ECE_BINS] = {{0}};
	struct sums brier = {0}, entropy = {0}, expected = {0}, information = {0};
	double n = (double)m->n, accuracy = 0, nll = 0;
	for (size_t i = 0; i < m->n; i++) {
		const struct example_score e = metrics_example(m, i, p);
		right[i] = e.right;
		loss[i] = e.loss;
		out->zeros += isinf(e.loss) != 0;
		accuracy += e.right;
		nll += e.loss;
		const double total = entropy_of(p, m->c), own = m->entropy[i] / (double)m->members;
		sums_add(&brier, e.square);
		sums_add(&entropy, total);
		sums_add(&expected, own);
		sums_add(&information, total - own);
		struct bin *b = &bin[ece_bin(p[e.best])];
		b->confidence += p[e.best];
		b->right += e.right;
	}
	out->accuracy = accuracy / n;
	out->nll = nll / n;
	out->brier = sums_mean(&brier);
	out->ece = calibration_error(bin, m->n);
	out->entropy = sums_mean(&entropy);
	out->expected_entropy = sums_mean(&expected);
	out->mutual_information = m->members > 1 ? fmax(0, out->entropy - out->expected_entropy) : NAN;
	out->brier_se = sums_error(&brier);
	out->entropy_se = sums_error(&entropy);
	out->expected_entropy_se = sums_error(&expected);
	out->mutual_information_se = m->members > 1 ? sums_error(&information) : NAN;
}

status metrics_classes(const struct mixture *m, bool errors, struct class_metrics *out)
{
	*out = (struct class_metrics){m->n, m->members, NAN, NAN, 0, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
	if (!m->n || !m->members)
		return OK;
	struct arena arena = {0};
	double *column, *p;
	status s = ARENA_NEW(&arena, 2 * m->n, &column);
	if (s == OK)
		s = ARENA_NEW(&arena, (size_t)m->c, &p);
	if (s == OK)
		score(m, out, column, column + m->n, p);
	if (s == OK && errors) {
		double se[2];
		s = bootstrap_means(m->n, 2, column, se);
		out->accuracy_se = se[0];
		out->nll_se = out->zeros ? NAN : se[1];
	}
	arena_free(&arena);
	return s;
}
