/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The matrix H = QᵀAQ of the basis Q is kept whole: after thick restarts it is an arrowhead and a tridiagonal block, after fresh
 * starts there are couplings of float's size and of the tolerance's, and whole it has them all. At any time
 *
 *     A·Q = Q·H + q·nextᵀ + Σ_d u_d·dropped_dᵀ,
 *
 * q the vector that comes next, u_d those that were left for a fresh start: a Ritz pair (θ, Q·s) has a residual of norm |next·s|
 * + Σ_d |dropped_d·s| at most.
 *
 * Vectors from `locked` on make a Krylov space of their own, from the last start: of A itself, or once the largest are within the
 * tolerance, of A in the orthogonal complement of what is locked. There, what has not been met is looked for. */
#include "curvature/lanczos.h"

#include <math.h>
#include <string.h>

#include "curvature/krylov.h"
#include "curvature/ritz.h"

enum { STARTS = 64 };   /* whose couplings are kept */

/* Probability that what a fresh start looks for is missed; how far below, of the spectrum's width, what is nearer is then known
 * only by its own convergence; and what float's rounding lets be told apart, of the largest magnitude. */
static const double miss = 1e-3, nearby = 0.1, least_tolerance = 0x1p-20;

struct search {
	struct curvature *c;
	const struct lanczos_options *o;
	struct arena arena;
	struct krylov k;
	struct ritz all, block;     /* of the whole basis, and of the vectors from `locked` on, as last looked at */
	size_t room;                /* vectors; the stride of what follows */
	double *h;                  /* (room, room), the upper triangle */
	double *next, *dropped;     /* (room), (STARTS, room) */
	double *column;             /* (room + 1) */
	double *pick, *turned;      /* (room, room), (room), scratch */
	size_t top, limit;          /* K ≤ n, products at most */
	size_t first;               /* the operator's products before these */
	size_t locked, steps;       /* see above; steps since the last start */
	bool restarted;             /* they are not of one Krylov space any more */
	bool checking;              /* K were known at the last start: */
	double before[LANCZOS_TOP];
	size_t starts, checks, n_dropped;
	double beta, asymmetry;     /* of the step before, or NaN; the largest |q·Ap − p·Aq| met */
	double least, least_error;  /* the smallest Ritz value so far, and its residual */
};

/* ---- the basis ---- */

static status extend(struct search *s)
{
	struct krylov *k = &s->k;
	double beta;
	TRY(krylov_step(k, s->c, s->column, &beta));
	const size_t j = k->used - 1;
	for (size_t i = 0; i <= j; i++)
		s->h[i * s->room + j] = s->column[i];
	if (j && !isnan(s->beta))
		s->asymmetry = fmax(s->asymmetry, fabs(s->column[j - 1] - s->beta));
	memset(s->next, 0, s->room * sizeof *s->next);
	s->next[j] = beta;
	s->beta = beta;
	s->steps++;
	return OK;
}

static double sum_of(const double *row, const double *s, size_t n, size_t stride)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += row[i] * s[i * stride];
	return sum;
}

/* row (from …) ← row·S */
static void turn(struct search *s, double *row, size_t from, size_t old, size_t count)
{
	for (size_t j = 0; j < count; j++)
		s->turned[j] = sum_of(row + from, s->pick + j, old, s->room);
	memset(row + from, 0, (s->room - from) * sizeof *row);
	memcpy(row + from, s->turned, count * sizeof *row);
}

/* Vectors from `from` on become the Ritz vectors of r, which is of them: the `most` largest, and with `lowest` the smallest. */
static void keep(struct search *s, const struct ritz *r, size_t from, size_t most, bool lowest)
{
	const size_t old = s->k.used - from, count = most < old ? most + lowest : old, stride = s->room;
	for (size_t j = 0; j < count; j++)
		for (size_t i = 0; i < old; i++)
			s->pick[i * stride + j] = r->vector[i * stride + (j < most ? j : old - 1)];
	krylov_rotate(&s->k, from, s->pick, stride, count);
	for (size_t i = 0; i < from; i++)
		turn(s, s->h + i * stride, from, old, count);
	for (size_t j = 0; j < count; j++) {
		memset(s->h + (from + j) * stride, 0, stride * sizeof *s->h);
		s->h[(from + j) * stride + from + j] = r->value[j < most ? j : old - 1];
	}
	turn(s, s->next, from, old, count);
	for (size_t d = 0; d < s->n_dropped; d++)
		turn(s, s->dropped + d * stride, from, old, count);
	s->beta = (double)NAN;
}

static double scale(const struct search *s)
{
	return fmax(fabs(s->all.value[0]), fabs(s->all.value[s->k.used - 1]));
}

static double tolerance(const struct search *s)
{
	return fmax(s->o->tolerance, least_tolerance) * scale(s);
}

/* Each check has half of what is left of it, so that the couplings of all starts are within it together. */
static double own_tolerance(const struct search *s)
{
	return fmax(ldexp(s->o->tolerance, -1 - (int)s->checks), least_tolerance) * scale(s);
}

/* The residual of Ritz pair i, but for what was dropped. */
static double coupling(const struct search *s, size_t i)
{
	return fabs(sum_of(s->next, s->all.vector + i, s->k.used, s->room));
}

/* So many steps from a random start among n dimensions leave a share `below` of the spectrum's width to the largest with less
 * than `miss`: 1.648·√n·exp(−√below·(2·steps − 1)), Kuczyński & Woźniakowski 1992, theorem 4.2. */
static size_t steps_for(size_t n, double below)
{
	const double steps = (1 + log(1.648 * sqrt((double)n) / miss) / sqrt(below)) / 2;
	return steps < (double)n ? (size_t)ceil(steps) : n;
}

/* A random vector in place of the next one. Of a basis that is coupled to that one, those are kept that are within the tolerance,
 * from the largest on and while there is room for the steps to come: what later turns them among one another brings them no
 * larger residual. */
static void start(struct search *s)
{
	const size_t want = steps_for(s->c->n, 0.25), room = s->room;
	for (size_t i = 0; i < s->top; i++)
		s->before[i] = i < s->k.used ? s->all.value[i] : (double)-INFINITY;
	s->checking = s->k.used >= s->top;
	if (s->checking && room < s->c->n && (s->beta != 0 || room - s->k.used < want)) {
		size_t most = s->top;
		while (most < s->k.used && most + 1 + want < room && coupling(s, most) <= own_tolerance(s))
			most++;
		keep(s, &s->all, 0, most, coupling(s, s->k.used - 1) <= own_tolerance(s));
	}
	if (s->k.used && sum_of(s->next, s->next, s->k.used, 1) > 0)
		memcpy(s->dropped + s->n_dropped++ * room, s->next, room * sizeof *s->next);
	memset(s->next, 0, room * sizeof *s->next);
	s->beta = (double)NAN;
	s->locked = s->k.used;
	s->steps = 0;
	s->restarted = false;
	s->checks += s->checking;
	krylov_normal(&s->k, s->o->key, s->o->start + ((uint64_t)++s->starts << 32));
}

/* ---- what is known ---- */

static double residual(const struct search *s, size_t i)
{
	double sum = coupling(s, i);
	for (size_t d = 0; d < s->n_dropped; d++)
		sum += fabs(sum_of(s->dropped + d * s->room, s->all.vector + i, s->k.used, s->room));
	return sum;
}

/* Ritz values are no smaller than the least eigenvalue, so the smallest is the best. */
static void look_down(struct search *s)
{
	const size_t last = s->k.used - 1;
	const double value = s->all.value[last], error = residual(s, last);
	if (!(value >= s->least) || (value - s->least <= least_tolerance * scale(s) && error < s->least_error)) {
		s->least = value;
		s->least_error = error;
	}
}

static bool top_settled(const struct search *s)
{
	bool all = s->k.used >= s->top;
	for (size_t i = 0; all && i < s->top; i++)
		all = coupling(s, i) <= own_tolerance(s);
	return all;
}

/* Whether more was found than there was at the last start. */
static bool risen(const struct search *s)
{
	double most = 0;
	for (size_t i = 0; i < s->top && i < s->k.used; i++)
		most = fmax(most, s->all.value[i] - s->before[i]);
	return most > tolerance(s) / 2;
}

/* Whether what is orthogonal to those that were locked has nothing above them. */
static bool nothing_above(struct search *s)
{
	const size_t n = s->k.used - s->locked;
	const double width = s->all.value[s->top - 1] - (s->least - s->least_error);
	if (s->beta == 0)
		return true;
	ritz_solve(&s->block, s->h, s->locked, n);
	const double below = (s->all.value[s->top - 1] - s->block.value[0]) / width;
	const double left = fabs(sum_of(s->next + s->locked, s->block.vector, n, s->room));
	return (below > 0 && !s->restarted && s->steps >= steps_for(s->c->n, below)) ||
	       (left <= tolerance(s) && s->steps >= steps_for(s->c->n, nearby));
}

/* ---- the search ---- */

/* A full basis: its largest Ritz vectors, the next one behind them; of a check that has found nothing so far, within its own
 * part. */
static void restart(struct search *s)
{
	const size_t used = s->k.used;
	if (s->checking && !risen(s)) {
		ritz_solve(&s->block, s->h, s->locked, used - s->locked);
		keep(s, &s->block, s->locked, (used - s->locked) / 2, true);
		s->restarted = true;
	} else {
		keep(s, &s->all, 0, s->top + (used - s->top) / 3, true);
		s->locked = 0;
		s->checking = false;
	}
}

static status search_run(struct search *s, bool *converged)
{
	const bool exact = s->room == s->c->n;
	size_t look = s->top;
	*converged = false;
	start(s);
	while (true) {
		TRY(extend(s));
		const size_t used = s->k.used, made = s->c->products - s->first;
		const bool last = made >= s->limit, full = used == s->room, spans = used == s->c->n;
		if (!last && !full && s->beta != 0 && (exact || made < look))
			continue;
		look = made + 1 + used / 32;
		ritz_solve(&s->all, s->h, 0, used);
		look_down(s);
		*converged = spans || (!exact && s->checking && top_settled(s) && !risen(s) && nothing_above(s));
		if (*converged || last || s->n_dropped == STARTS)
			return OK;
		if (s->beta == 0 || (top_settled(s) && (!s->checking || risen(s))))
			start(s);
		else if (full)
			restart(s);
	}
}

static void finish(const struct search *s, struct lanczos *out)
{
	const size_t used = s->k.used;
	const double rounding = 0x1p-21 * scale(s) + sqrt((double)used) * s->asymmetry;
	out->n = s->top < used ? s->top : used;
	for (size_t i = 0; i < out->n; i++) {
		out->value[i] = s->all.value[i];
		out->error[i] = residual(s, i) + rounding;
	}
	out->least = s->least;
	out->least_error = s->least_error + rounding;
}

static status open_search(struct search *s)
{
	const struct lanczos_options *o = s->o;
	const size_t n = s->c->n, basis = o->basis ? o->basis : 2 * s->top + 20;
	s->room = basis > s->top + LANCZOS_ROOM ? basis : s->top + LANCZOS_ROOM;
	s->room = s->room < n ? s->room : n;
	s->limit = o->products ? o->products : 100 + 40 * s->top;
	TRY(ritz_open(&s->all, s->room, &s->arena));
	TRY(ritz_open(&s->block, s->room, &s->arena));
	TRY(ARENA_NEW(&s->arena, s->room * s->room, &s->h));
	TRY(ARENA_NEW(&s->arena, s->room * s->room, &s->pick));
	TRY(ARENA_NEW(&s->arena, s->room, &s->turned));
	TRY(ARENA_NEW(&s->arena, s->room + 1, &s->column));
	TRY(ARENA_NEW(&s->arena, s->room, &s->next));
	TRY(ARENA_NEW(&s->arena, STARTS * s->room, &s->dropped));
	status st = krylov_open(&s->k, n, s->room);
	return st == OK ? OK : fail_within(st, "{top} %zu: ", o->top);
}

status lanczos_run(struct curvature *c, const struct lanczos_options *l, struct lanczos *out)
{
	struct search s = {.c = c, .o = l, .first = c->products, .top = l->top < c->n ? l->top : c->n, .beta = (double)NAN,
	                   .least = (double)NAN};
	*out = (struct lanczos){.least = (double)NAN, .least_error = (double)NAN};
	if (l->top > LANCZOS_TOP)
		return fail(ERR_USAGE, "{top} %zu: expected 0 to %d", l->top, LANCZOS_TOP);
	out->converged = !s.top;
	if (!s.top)
		return OK;
	status st = open_search(&s);
	if (st == OK)
		st = search_run(&s, &out->converged);
	if (st == OK)
		finish(&s, out);
	out->products = c->products - s.first;
	krylov_close(&s.k);
	arena_free(&s.arena);
	return st;
}
