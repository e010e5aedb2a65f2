/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/judged.h"

#include <math.h>
#include <stdlib.h>

#include "predict/metrics.h"

status judged_of(const struct mixture *m, struct arena *a, struct judged *out)
{
	double *p;
	*out = (struct judged){.n = m->n, .c = m->c, .label = m->label};
	TRY(ARENA_NEW(a, (size_t)m->c, &p));
	TRY(ARENA_NEW(a, m->n, &out->best));
	TRY(ARENA_NEW(a, 3 * m->n, &out->confidence));
	out->right = out->confidence + m->n;
	out->loss = out->right + m->n;
	for (size_t i = 0; i < m->n; i++) {
		const struct example_score e = metrics_example(m, i, p);
		out->best[i] = e.best;
		/* Stored rows sum to 1 but roughly. */
		out->confidence[i] = fmin(p[e.best], 1);
		out->right[i] = e.right;
		out->loss[i] = e.loss;
	}
	return OK;
}

struct placed {
	double x;
	size_t at;
};

static int by_falling(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;
	return x->x != y->x ? (x->x < y->x) - (x->x > y->x) : (x->at > y->at) - (x->at < y->at);
}

status judged_order(const double *x, size_t n, size_t *order)
{
	struct placed *placed = malloc(n * sizeof *placed + 1);
	if (!placed)
		return fail(ERR_MEMORY, "out of memory: the order of %zu examples", n);
	for (size_t i = 0; i < n; i++)
		placed[i] = (struct placed){x[i], i};
	qsort(placed, n, sizeof *placed, by_falling);
	for (size_t i = 0; i < n; i++)
		order[i] = placed[i].at;
	free(placed);
	return OK;
}
