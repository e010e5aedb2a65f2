/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "curvature/trace.h"

#include <math.h>
#include <stdbool.h>

#include <gsl/gsl_statistics_double.h>

#include "src/arena.h"

struct estimate estimate_of(const double *x, size_t stride, size_t n)
{
	return (struct estimate){gsl_stats_mean(x, stride, n), n > 1 ? gsl_stats_sd(x, stride, n) / sqrt((double)n) : (double)NAN};
}

struct probing {
	struct curvature *c;
	const int *parts;
	size_t columns;        /* the whole, and each part */
	float *z, *product;    /* (n) */
	double *sum;           /* (probes, columns): zᵀHz over the elements of each */
};

static double *row(const struct probing *p, size_t probe)
{
	return p->sum + probe * p->columns;
}

static void add(const struct probing *p, double *sum, size_t i)
{
	const double term = (double)p->z[i] * (double)p->product[i];
	sum[0] += term;
	if (p->parts)
		sum[1 + p->parts[i]] += term;
}

/* The diagonal, element by element: sums of one row. */
static status take_exactly(struct probing *p)
{
	for (size_t i = 0; i < p->c->n; i++) {
		p->z[i] = 1;
		TRY(curvature_product(p->c, p->z, p->product));
		add(p, row(p, 0), i);
		p->z[i] = 0;
	}
	return OK;
}

static status take_probes(struct probing *p, struct rng_key key, uint64_t first, size_t probes)
{
	for (size_t k = 0; k < probes; k++) {
		curvature_signs(key, first + k, p->c->n, p->z);
		TRY(curvature_product(p->c, p->z, p->product));
		for (size_t i = 0; i < p->c->n; i++)
			add(p, row(p, k), i);
	}
	return OK;
}

static status run(struct probing *p, struct rng_key key, uint64_t first, size_t probes, int n_parts, struct arena *a,
                  struct trace *out)
{
	const bool exact = p->c->n <= probes;
	TRY(curvature_room(p->c->n, 2));
	TRY(ARENA_NEW(a, p->c->n, &p->z));
	TRY(ARENA_NEW(a, p->c->n, &p->product));
	p->columns = 1 + (p->parts ? (size_t)n_parts : 0);
	TRY(ARENA_NEW(a, p->columns * (exact ? 1 : probes), &p->sum));
	TRY(exact ? take_exactly(p) : take_probes(p, key, first, probes));
	for (size_t j = 0; j < p->columns; j++) {
		struct estimate *e = j ? &out->part[j - 1] : &out->whole;
		*e = exact ? (struct estimate){p->sum[j], 0} : estimate_of(p->sum + j, p->columns, probes);
	}
	return OK;
}

status trace_run(struct curvature *c, struct rng_key key, uint64_t first, size_t probes, const int *parts, int n_parts,
                 struct trace *out)
{
	struct arena arena = {0};
	struct probing p = {.c = c, .parts = parts};
	if (!probes)
		return fail(ERR_USAGE, "{probes} 0: a trace needs 1 or more");
	status s = run(&p, key, first, probes, n_parts, &arena, out);
	arena_free(&arena);
	return s;
}
