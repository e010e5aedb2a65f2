/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/scores/class_report.h"

#include <math.h>

#include "predict/errors.h"

status class_confusion(const struct judged *j, struct arena *a, size_t **confusion)
{
	const size_t c = (size_t)j->c;
	TRY(ARENA_NEW(a, c * c, confusion));
	for (size_t i = 0; i < j->n; i++)
		(*confusion)[(size_t)j->label[i] * c + (size_t)j->best[i]]++;
	return OK;
}

static double share(double part, double whole)
{
	return whole > 0 ? part / whole : (double)NAN;
}

struct class_figures class_figures_of(const size_t *confusion, int c, int k)
{
	struct class_figures f = {.support = 0};
	const size_t n = (size_t)c, own = (size_t)k;
	for (size_t other = 0; other < n; other++) {
		f.support += confusion[own * n + other];
		f.predicted += confusion[other * n + own];
	}
	const double both = (double)confusion[own * n + own];
	const double either = (double)f.support + (double)f.predicted - both, j = share(both, either);
	f.precision = share(both, (double)f.predicted);
	f.recall = share(both, (double)f.support);
	f.f1 = 2 * j / (1 + j);
	f.precision_se = share_error(f.precision, (double)f.predicted);
	f.recall_se = share_error(f.recall, (double)f.support);
	f.f1_se = 2 / ((1 + j) * (1 + j)) * share_error(j, either);
	return f;
}
