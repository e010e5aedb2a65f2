/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/mixing.h"

#include <math.h>

#include "predict/convergence.h"
#include "predict/panel.h"

/* The choices of one role, and which members they are. */
struct view {
	struct selection of;
	size_t *member;
};

static void keep_worst(struct mixing *m, const struct convergence *c)
{
	m->rhat = fmax(m->rhat, c->rhat);
	m->ess_bulk = fmin(m->ess_bulk, c->ess_bulk);
	m->ess_tail = fmin(m->ess_tail, c->ess_tail);
}

/* x: (chains, draws), scratch. */
static status judge_panel(const struct member_draws *d, const struct view *v, const struct panel *p, double *x, struct mixing *m)
{
	bool moves = false;
	*m = (struct mixing){p->chains, p->draws, p->left_out, p->draws >= PANEL_JUDGED, NAN, NAN, NAN};
	for (size_t row = 0; m->judged && row < d->rows; row++) {
		struct convergence c;
		for (int k = 0; k < p->chains; k++)
			for (size_t i = 0; i < p->draws; i++)
				x[(size_t)k * p->draws + i] = d->value[row * d->members + v->member[p->first[k] + i]];
		TRY(convergence_of(x, p->chains, p->draws, &c));
		if (!(c.sd > 0))
			continue;
		moves = true;
		keep_worst(m, &c);
	}
	if (m->judged && !moves)
		m->ess_bulk = m->ess_tail = 0;
	return OK;
}

static double least_of(const struct mixing *m)
{
	return fmin(m->ess_bulk, m->ess_tail);
}

/* The role with the fewest effective draws is told of, or one that has too few draws to say. */
static void keep_role(struct mixing *worst, const struct mixing *m, bool first)
{
	const double rhat = first ? m->rhat : fmax(worst->rhat, m->rhat);
	if (!first && !worst->judged)
		return;
	if (first || !m->judged || least_of(m) < least_of(worst))
		*worst = *m;
	worst->rhat = m->judged ? rhat : (double)NAN;
}

static status judge_roles(const struct member_draws *d, const struct selection *s, struct arena *a, struct mixing *out)
{
	struct view v = {{.n = 0}, NULL};
	bool *taken;
	double *x;
	TRY(ARENA_NEW(a, s->n, &v.of.choice));
	TRY(ARENA_NEW(a, s->n, &v.member));
	TRY(ARENA_NEW(a, s->n, &taken));
	TRY(ARENA_NEW(a, s->n, &x));
	for (size_t first = 0; first < s->n; first++) {
		struct panel panel;
		struct mixing m;
		if (taken[first])
			continue;
		v.of.n = selection_take_role(s, first, taken, v.member);
		for (size_t i = 0; i < v.of.n; i++)
			v.of.choice[i] = s->choice[v.member[i]];
		TRY(panel_open(&v.of, a, &panel));
		TRY(judge_panel(d, &v, &panel, x, &m));
		keep_role(out, &m, first == 0);
	}
	return OK;
}

status mixing_judge(const struct member_draws *d, const struct selection *s, struct mixing *out)
{
	struct arena arena = {0};
	status st = judge_roles(d, s, &arena, out);
	arena_free(&arena);
	return st;
}
