/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/decide/decided.h"

#include <math.h>

#include "predict/errors.h"
#include "src/words.h"

/* ---- classes ---- */

static status decide_sets(const struct decisions *d, const struct mixture *m, struct arena *a, struct decided *out)
{
	const size_t c = (size_t)m->c;
	double *p;
	size_t *order;
	TRY(ARENA_NEW(a, c, &p));
	TRY(ARENA_NEW(a, c, &order));
	TRY(ARENA_NEW(a, m->n * c, &out->in));
	for (size_t i = 0; i < m->n; i++) {
		mixture_mean(m, i, p);
		conformal_set(&d->sets.rule, d->sets.q, d->sets.by_class, p, m->c, 0, order, out->in + i * c);
	}
	return OK;
}

static status scale(const struct decisions *d, const struct mixture *m, struct arena *a, struct decided *out)
{
	const size_t c = (size_t)m->c;
	TRY(ARENA_NEW(a, m->n * c, &out->scaled));
	for (size_t i = 0; i < m->n; i++) {
		mixture_mean(m, i, out->scaled + i * c);
		scaling_apply(d->scaling.t, out->scaled + i * c, m->c);
	}
	return OK;
}

static status accept_rows(const struct decisions *d, const struct mixture *m, struct arena *a, struct decided *out)
{
	double *p;
	TRY(ARENA_NEW(a, (size_t)m->c, &p));
	TRY(ARENA_NEW(a, m->n, &out->accept));
	for (size_t i = 0; i < m->n; i++) {
		double surest = 0;
		mixture_mean(m, i, p);
		for (int k = 0; k < m->c; k++)
			surest = fmax(surest, p[k]);
		out->accept[i] = surest > d->abstention.fit.threshold;
	}
	return OK;
}

static status raise_alarms(const struct decisions *d, const struct mixture *m, struct arena *a, struct decided *out)
{
	double *score;
	TRY(ARENA_NEW(a, m->n, &score));
	TRY(ARENA_NEW(a, m->n, &out->alarm));
	const status s = ood_scores(m, d->alarm.score, score);
	if (s != OK)
		return fail_within(s, "its alarm's score, %s: ", words_at(OOD_SCORE_WORDS, (int)d->alarm.score).at);
	for (size_t i = 0; i < m->n; i++)
		out->alarm[i] = score[i] > d->alarm.fit.sure.threshold;
	return OK;
}

status decided_classes(const struct decisions *d, const struct mixture *m, struct arena *a, struct decided *out)
{
	*out = (struct decided){.n = m->n, .classes = m->c};
	if (d->scaling.n)
		TRY(scale(d, m, a, out));
	if (d->sets.made)
		TRY(decide_sets(d, m, a, out));
	if (d->abstention.made)
		TRY(accept_rows(d, m, a, out));
	return d->alarm.made ? raise_alarms(d, m, a, out) : OK;
}

/* ---- real targets ---- */

status decided_tell(const struct decided_intervals *rule, const struct regression *r, struct arena *a, struct intervals *out)
{
	return intervals_of(r, rule->score == INTERVAL_QUANTILES ? rule->coverage : 0, a, out);
}

struct told decided_told(const struct intervals *of, size_t i, int j)
{
	const size_t at = i * (size_t)of->k + (size_t)j;
	return (struct told){of->mean[at], of->sd[at], of->lower ? of->lower[at] : (double)NAN, of->upper ? of->upper[at] : (double)NAN};
}

status decided_reals(const struct decisions *d, const struct regression *r, struct arena *a, struct decided *out)
{
	const struct decided_intervals *rule = &d->intervals;
	const size_t k = (size_t)r->k;
	struct intervals of;
	*out = (struct decided){.n = r->n, .targets = r->k};
	if (!rule->made)
		return OK;
	TRY(decided_tell(rule, r, a, &of));
	TRY(ARENA_NEW(a, r->n * k, &out->lower));
	TRY(ARENA_NEW(a, r->n * k, &out->upper));
	for (size_t i = 0; i < r->n; i++)
		for (size_t j = 0; j < k; j++) {
			const struct told told = decided_told(&of, i, (int)j);
			const struct interval interval = interval_of(rule->score, &rule->q[j], &told);
			out->lower[i * k + j] = interval.lower;
			out->upper[i * k + j] = interval.upper;
		}
	return OK;
}

/* ---- figures ---- */

static void put(struct figures *out, const char *name, double value)
{
	out->at[out->count++] = (struct figure){name, value, false};
}

/* A share `part` of `n`; NaN of none. */
static void put_share(struct figures *out, const char *name, const char *error, size_t part, size_t n)
{
	const double s = n ? (double)part / (double)n : (double)NAN;
	put(out, name, s);
	put(out, error, share_error(s, (double)n));
}

static void put_mean(struct figures *out, const char *name, const char *error, const struct sums *s)
{
	put(out, name, sums_mean(s));
	put(out, error, sums_error(s));
}

/* As metrics.h has it. */
static int best_of(const struct mixture *m, size_t i)
{
	const double *p = m->p + i * (size_t)m->c, s = (double)m->members;
	int best = 0;
	for (int k = 1; k < m->c; k++)
		best = p[k] / s > p[best] / s ? k : best;
	return best;
}

static void set_figures(const struct decided *rows, const struct mixture *m, struct figures *out)
{
	const size_t c = (size_t)rows->classes;
	size_t held = 0;
	struct sums sizes = {0};
	for (size_t i = 0; i < rows->n; i++) {
		double size = 0;
		for (size_t k = 0; k < c; k++)
			size += rows->in[i * c + k];
		sums_add(&sizes, size);
		held += m->label && rows->in[i * c + (size_t)m->label[i]];
	}
	if (m->label)
		put_share(out, "set_coverage", "set_coverage_se", held, rows->n);
	put_mean(out, "set_size", "set_size_se", &sizes);
}

static void accept_figures(const struct decided *rows, const struct mixture *m, struct figures *out)
{
	size_t accepted = 0, wrong = 0;
	for (size_t i = 0; i < rows->n; i++) {
		accepted += rows->accept[i];
		wrong += rows->accept[i] && m->label && best_of(m, i) != m->label[i];
	}
	put_share(out, "accepted", "accepted_se", accepted, rows->n);
	if (m->label)
		put_share(out, "accepted_risk", "accepted_risk_se", wrong, accepted);
}

static void scaling_figures(const struct decided *rows, const struct mixture *m, struct figures *out)
{
	struct sums losses = {0};
	for (size_t i = 0; m->label && i < rows->n; i++)
		sums_add(&losses, -log(rows->scaled[i * (size_t)rows->classes + (size_t)m->label[i]]));
	if (m->label)
		put_mean(out, "nll_scaled", "nll_scaled_se", &losses);
}

static void alarm_figures(const struct decided *rows, struct figures *out)
{
	size_t alarms = 0;
	for (size_t i = 0; i < rows->n; i++)
		alarms += rows->alarm[i];
	put_share(out, "alarms", "alarms_se", alarms, rows->n);
}

void decided_figures_classes(const struct decided *rows, const struct mixture *m, struct figures *out)
{
	*out = (struct figures){.n = rows->n, .members = m->members};
	if (rows->scaled)
		scaling_figures(rows, m, out);
	if (rows->in)
		set_figures(rows, m, out);
	if (rows->accept)
		accept_figures(rows, m, out);
	if (rows->alarm)
		alarm_figures(rows, out);
}

/* The share of a row's targets that its intervals hold. */
static double held_of(const struct decided *rows, const double *y, size_t i)
{
	const size_t k = (size_t)rows->targets;
	double held = 0;
	for (size_t e = i * k; e < (i + 1) * k; e++)
		held += y[e] >= rows->lower[e] && y[e] <= rows->upper[e];
	return held / (double)k;
}

/* A row's targets are not independent: the deviation is that of the rows' own shares. */
static void coverage_figures(const struct decided *rows, const double *y, struct figures *out)
{
	double sum = 0, squares = 0;
	const double n = (double)rows->n;
	for (size_t i = 0; i < rows->n; i++) {
		const double own = held_of(rows, y, i);
		sum += own;
		squares += own * own;
	}
	const double variance = fmax(0, squares / n - sum / n * (sum / n));
	put(out, "interval_coverage", sum / n);
	put(out, "interval_coverage_se", rows->n < 2 ? (double)NAN : sqrt(variance / n));
}

void decided_figures_reals(const struct decided *rows, const double *y, struct figures *out)
{
	const size_t k = (size_t)rows->targets;
	struct sums widths = {0};
	*out = (struct figures){.n = rows->n};
	for (size_t i = 0; rows->lower && i < rows->n; i++) {
		double own = 0;
		for (size_t e = i * k; e < (i + 1) * k; e++)
			own += (rows->upper[e] - rows->lower[e]) / (double)k;
		sums_add(&widths, own);
	}
	if (rows->lower && y)
		coverage_figures(rows, y, out);
	if (rows->lower)
		put_mean(out, "interval_width", "interval_width_se", &widths);
}
