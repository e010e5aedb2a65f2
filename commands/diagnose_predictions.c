/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The function that each draw is: log-likelihoods of examples, outputs for others, and whether it knows anything. */
#include <math.h>

#include "commands/diagnose.h"
#include "commands/network.h"
#include "predict/draws.h"
#include "predict/members.h"

enum { WATCHED, PROBED, SETS };

struct sets {
	struct network network;
	struct subject subject[SETS];
	struct predictions predictions[SETS];
	struct member_draws draws[SETS];
	int n;                        /* 2 with a probe, else 1 */
};

/* A probe that is a csv file is read as they say, and so is another that --data names, or refuses them where neither is one; the
 * run's own file is read as the run says where there is such a probe. */
static void read_as_said(const struct opts *o, struct subject_request *watched, struct subject_request *probed)
{
	struct subject_request *const sets[SETS] = {watched, probed};
	for (int i = 0; i < SETS; i++) {
		if (!dataset_is_csv(sets[i]->spec) && (i == PROBED || dataset_is_csv(probed->spec)))
			continue;
		sets[i]->header = (enum header)(opts_choice(o, "header") + 1);
		sets[i]->decimal = opts_choice(o, "decimal") + 1;
		sets[i]->unknown = opts_choice(o, "unknown") + 1;
	}
}

static status open_subjects(struct diagnosis *d, struct sets *s)
{
	const struct opts *o = d->options;
	const int batch = opts_given(o, "batch") ? (int)opts_count(o, "batch") : 0;
	const struct network_origin *origin = &s->network.origin;
	/* What the run set aside is better than what it was trained on. */
	const bool aside = !opts_given(o, "data") && origin->holdout && origin->spec && !dataset_has_test(origin->spec);
	const int split = opts_given(o, "split") || !aside ? opts_choice(o, "split") : SPLIT_HOLDOUT;
	struct subject_request watched = {.spec = opts_text(o, "data"), .option = "--data", .split = split, .batch = batch};
	struct subject_request probed = {.spec = opts_text(o, "probe"), .option = "--probe", .split = -1, .need = NEED_FOREIGN,
	                                 .batch = batch};
	read_as_said(o, &watched, &probed);
	TRY(subject_open(&s->network, &watched, &s->subject[WATCHED]));
	if (s->subject[WATCHED].fell_back)
		warning("%s has no test split: the log-likelihoods that are watched are of training examples", s->subject[WATCHED].data.spec);
	TRY(predictive_of(s->network.likelihood)->check(&s->network, &s->subject[WATCHED].data));
	s->n = probed.spec ? SETS : 1;
	return probed.spec ? subject_open(&s->network, &probed, &s->subject[PROBED]) : OK;
}

static status predict(struct diagnosis *d, struct sets *s)
{
	const size_t points = (size_t)opts_count(d->options, "points");
	for (int i = 0; i < s->n; i++) {
		TRY(predictions_open(&d->arena, &s->network, &s->subject[i], d->chosen.n, i == WATCHED ? SCORE_ALL : SCORE_NOTHING,
		                     &s->predictions[i]));
		TRY(draws_open(&d->arena, &s->predictions[i], i == WATCHED ? points : 0, i == PROBED ? points : 0, &s->draws[i]));
	}
	return network_predict(d->options, &d->chosen, &s->network, s->predictions, s->n);
}

/* ---- what they show ---- */

static status name_row(struct diagnosis *d, const struct draws_row *row, const char **out)
{
	char *name;
	if (row->example == SIZE_MAX)
		TRY(arena_text(&d->arena, &name, "mean log-likelihood"));
	else if (row->output < 0)
		TRY(arena_text(&d->arena, &name, "log-likelihood of example %zu", row->example));
	else
		TRY(arena_text(&d->arena, &name, "output %d for probe example %zu", row->output, row->example));
	*out = name;
	return OK;
}

/* The panel's draws of a row of all members. */
static void copy_row(const struct panel *p, const double *row, double *to)
{
	for (int k = 0; k < p->chains; k++)
		for (size_t i = 0; i < p->draws; i++)
			*to++ = row[p->first[k] + i];
}

static status judge(struct diagnosis *d, const struct sets *s)
{
	struct traces *t = &d->predictions;
	const size_t all = (size_t)d->panel.chains * d->panel.draws;
	for (int i = 0; i < s->n; i++)
		t->n += (int)s->draws[i].rows;
	TRY(ARENA_NEW(&d->arena, (size_t)t->n * all, &t->x));
	TRY(ARENA_NEW(&d->arena, (size_t)t->n, &t->name));
	TRY(ARENA_NEW(&d->arena, (size_t)t->n, &t->trace));
	for (int i = 0, at = 0; i < s->n; i++)
		for (size_t j = 0; j < s->draws[i].rows; j++, at++) {
			const struct draws_row row = draws_row(&s->draws[i], j);
			double *x = t->x + (size_t)at * all;
			copy_row(&d->panel, s->draws[i].value + j * s->draws[i].members, x);
			TRY(name_row(d, &row, &t->name[at]));
			TRY(trace_judge(x, d->panel.chains, d->panel.draws, &t->trace[at]));
		}
	return OK;
}

static status find_dead(struct diagnosis *d, const struct sets *s)
{
	const struct predictions *p = &s->predictions[WATCHED];
	const double loss = p->how->guess(p);
	TRY(ARENA_NEW(&d->arena, d->chosen.n, &d->fate));
	TRY(members_judge_roles(s->draws[WATCHED].figure, &d->chosen, &(struct guess){loss, loss}, d->fate));
	for (size_t i = 0; i < d->chosen.n; i++)
		d->dead += d->fate[i] != MEMBER_LIVES;
	return OK;
}

static status watch(struct diagnosis *d, struct sets *s)
{
	TRY(open_subjects(d, s));
	TRY(predict(d, s));
	TRY(judge(d, s));
	return find_dead(d, s);
}

status diagnose_predictions(struct diagnosis *d)
{
	struct sets s = {.n = 0};
	TRY(network_open_by(d->options, &d->chosen, NULL, &s.network));
	status st = watch(d, &s);
	for (int i = 0; i < SETS; i++)
		subject_close(&s.subject[i]);
	network_close(&s.network);
	return st;
}
