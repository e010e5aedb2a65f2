/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "commands/comparison.h"

#include <math.h>

static status score_votes(struct comparison *c, int which, struct arena *a)
{
	static const char *const names[SCORES] = {"accuracy_difference", "nll_difference", "brier_difference"};
	const struct mixture *m = c->side[which].mixture;
	double *p;
	TRY(ARENA_NEW(a, (size_t)m->c, &p));
	for (int k = 0; k < SCORES; k++) {
		c->scores[k].name = names[k];
		if (m->label)
			TRY(ARENA_NEW(a, m->n, &c->scores[k].each[which]));
	}
	for (size_t i = 0; m->label && i < m->n; i++) {
		const struct example_score e = metrics_example(m, i, p);
		c->scores[0].each[which][i] = e.right;
		c->scores[1].each[which][i] = e.loss;
		c->scores[2].each[which][i] = e.square;
	}
	return OK;
}

static status score_regression(struct comparison *c, int which, struct arena *a)
{
	const struct side *s = &c->side[which];
	struct regression_each each;
	TRY(regression_score(&s->real, s->subject.data.target_wide, a, &each));
	/* Their sums over targets become means, as the metrics have them. */
	for (size_t i = 0; i < s->n; i++) {
		each.square[i] /= s->real.k;
		each.crps[i] /= s->real.k;
	}
	c->scores[0].name = "nll_difference";
	c->scores[1].name = "mse_difference";
	c->scores[2].name = "crps_difference";
	c->scores[0].each[which] = each.nll;
	c->scores[1].each[which] = each.square;
	c->scores[2].each[which] = each.crps;
	return OK;
}

static status compare_halves(struct comparison *c, struct arena *arena)
{
	const struct side *a = &c->side[0];
	struct class_votes first, second;
	c->halves = (struct distances){{NAN, NAN}, {NAN, NAN}, {NAN, NAN}, {NAN, NAN}};
	if (a->half == 0)
		return OK;
	if (!a->mixture) {
		const struct regression x = regression_part(&a->real, 0, a->half), y = regression_part(&a->real, a->half, a->members);
		return compare_regressions(&x, &y, &c->halves);
	}
	TRY(votes_part(&a->votes, 0, a->half, arena, &first));
	TRY(votes_part(&a->votes, a->half, a->members, arena, &second));
	return compare_votes(&first, &second, &c->halves);
}

status comparison_make(struct comparison *c, struct arena *arena)
{
	const struct side *a = &c->side[0], *b = &c->side[1];
	TRY(a->mixture ? compare_votes(&a->votes, &b->votes, &c->apart) : compare_regressions(&a->real, &b->real, &c->apart));
	for (int i = 0; i < 2; i++)
		TRY(a->mixture ? score_votes(c, i, arena) : score_regression(c, i, arena));
	return compare_halves(c, arena);
}
