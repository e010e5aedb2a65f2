/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "curvature/density.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include <gsl/gsl_randist.h>

#include "curvature/krylov.h"
#include "curvature/ritz.h"

struct quadrature {
	struct curvature *c;
	const struct density_options *o;
	struct krylov k;
	struct ritz ritz;
	size_t probes, steps;     /* as many as are taken; steps of a probe at most */
	bool exact;               /* unit vectors instead of signs */
	double *h, *column;       /* (steps, steps) the tridiagonal matrix; (steps) */
	double *first;            /* (probes): zᵀHz */
	double spacing;           /* Σ w·distance of neighbours */
};

enum { BEYOND = 5 };   /* deviations that the grid goes on behind the last node */

static void start(struct quadrature *q, size_t probe)
{
	float *z = krylov_vector(&q->k, 0);
	if (q->exact) {
		memset(z, 0, q->c->n * sizeof *z);
		z[probe] = 1;
	} else {
		curvature_signs(q->o->key, q->o->first + probe, q->c->n, z);
	}
	krylov_begin(&q->k);
}

/* Nodes, their weights, and how far apart they are where they are not eigenvalues themselves. */
static void add_nodes(struct quadrature *q, bool ended, struct density *out)
{
	const size_t n = q->k.used;
	const double *node = q->ritz.value;
	ritz_solve(&q->ritz, q->h, 0, n);
	for (size_t i = 0; i < n; i++) {
		const double first = q->ritz.vector[i], weight = first * first / (double)q->probes;
		const size_t above = i ? i - 1 : 0, below = i + 1 < n ? i + 1 : i;
		out->node[out->nodes] = node[i];
		out->weight[out->nodes++] = weight;
		if (!ended && below > above)
			q->spacing += weight * (node[above] - node[below]) / (double)(below - above);
	}
}

static status take_probe(struct quadrature *q, size_t probe, struct density *out)
{
	const size_t stride = q->ritz.room;
	double beta = 0;
	start(q, probe);
	for (size_t j = 0; j < q->steps; j++) {
		TRY(krylov_step(&q->k, q->c, q->column, &beta));
		for (size_t i = 0; i < j; i++)
			q->h[i * stride + j] = 0;
		/* Of H·q beside α and β is nothing but rounding (Golub & Meurant 2010, §4.1). */
		if (j)
			q->h[(j - 1) * stride + j] = q->h[j * stride + j - 1];
		q->h[j * stride + j] = q->column[j];
		if (beta == 0)
			break;
		if (j + 1 < q->steps)
			q->h[(j + 1) * stride + j] = beta;
	}
	q->first[probe] = q->h[0] * (q->exact ? 1 : (double)q->c->n);
	add_nodes(q, beta == 0, out);
	return OK;
}

/* A grid of `points` has steps of (range + 2·BEYOND·σ)/(points − 1): where they are no wider than σ, the trapezoidal rule has a
 * Gaussian's integral to e^(−2π²). Nodes are of float's precision, and what is closer is equal. */
static double width(const struct quadrature *q, double low, double high)
{
	const double size = fmax(fabs(low), fabs(high)), range = high - low;
	if (range > 8 * (double)FLT_EPSILON * size)
		return fmax(q->spacing, range / (double)(q->o->points - 1 - 2 * BEYOND));
	return size > 0 ? size / 100 : 0.01;
}

static void smooth(const struct quadrature *q, struct density *out)
{
	double low = out->node[0], high = low;
	for (size_t i = 0; i < out->nodes; i++) {
		low = fmin(low, out->node[i]);
		high = fmax(high, out->node[i]);
	}
	out->sigma = width(q, low, high);
	low -= BEYOND * out->sigma;
	high += BEYOND * out->sigma;
	for (size_t k = 0; k < out->points; k++) {
		out->at[k] = low + (high - low) * (double)k / (double)(out->points - 1);
		for (size_t i = 0; i < out->nodes; i++)
			out->value[k] += out->weight[i] * gsl_ran_gaussian_pdf(out->at[k] - out->node[i], out->sigma);
	}
}

static status run(struct quadrature *q, struct arena *own, struct arena *a, struct density *out)
{
	TRY(ARENA_NEW(a, q->probes * q->steps, &out->node));
	TRY(ARENA_NEW(a, q->probes * q->steps, &out->weight));
	TRY(ARENA_NEW(a, out->points, &out->at));
	TRY(ARENA_NEW(a, out->points, &out->value));
	TRY(ARENA_NEW(own, q->steps * q->steps, &q->h));
	TRY(ARENA_NEW(own, q->steps, &q->column));
	TRY(ARENA_NEW(own, q->probes, &q->first));
	TRY(ritz_open(&q->ritz, q->steps, own));
	TRY(krylov_open(&q->k, q->c->n, q->steps));
	for (size_t i = 0; i < q->probes; i++)
		TRY(take_probe(q, i, out));
	smooth(q, out);
	out->trace = estimate_of(q->first, 1, q->probes);
	if (q->exact)
		out->trace = (struct estimate){out->trace.value * (double)q->probes, 0};
	return OK;
}

static size_t steps_of(const struct curvature *c, const struct density_options *d)
{
	return d->steps < c->n ? d->steps : c->n;
}

status density_check(const struct curvature *c, const struct density_options *d)
{
	if (!d->probes || !d->steps || d->points < DENSITY_POINTS)
		return fail(ERR_USAGE, "a density of {probes} %zu, {lanczos-steps} %zu and %zu points: expected 1, 1 and %d or more",
		            d->probes, d->steps, d->points, DENSITY_POINTS);
	const status s = curvature_room(c->n, steps_of(c, d) + 1);
	return s == OK ? OK : fail_within(s, "{lanczos-steps} %zu: ", d->steps);
}

status density_run(struct curvature *c, const struct density_options *d, struct arena *a, struct density *out)
{
	struct arena own = {0};
	const size_t before = c->products;
	struct quadrature q = {.c = c, .o = d, .exact = c->n <= d->probes, .steps = steps_of(c, d)};
	TRY(density_check(c, d));
	q.probes = q.exact ? c->n : d->probes;
	*out = (struct density){.points = d->points};
	status s = run(&q, &own, a, out);
	out->products = c->products - before;
	krylov_close(&q.k);
	arena_free(&own);
	return s;
}
