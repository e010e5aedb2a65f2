/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The table of basin predict --csv. */
#include "commands/predict.h"
#include "src/likelihood.h"

static status add_classes(const struct predictions *p, struct predict_csv *t, struct arena *a)
{
	const char *const *names;
	TRY(network_class_names(p->network, p->mixture.c, a, &names));
	TRY(predict_csv_classes(t, &p->mixture, names));
	return predict_rules_classes(p->rules, &p->mixture, names, t);
}

static status add_reals(const struct predictions *p, double level, struct predict_csv *t, struct arena *a)
{
	const struct regression r = predictions_regression(p);
	struct intervals *of;
	TRY(ARENA_NEW(a, 1, &of));
	TRY(intervals_of(&r, level, a, of));
	TRY(predict_csv_reals(t, of));
	return predict_rules_reals(p->rules, &r, t);
}

status predict_rows(const struct opts *o, const struct predictions *p, size_t first, struct arena *a, struct predict_csv *t)
{
	const struct dataset *d = &p->subject->data;
	TRY(predict_csv_open(t, a, d->n, first, d->id));
	t->number = d->number;
	return p->mixture.c ? add_classes(p, t, a) : add_reals(p, opts_real(o, "level"), t, a);
}

status predict_check_level(const struct opts *o, const struct network *n)
{
	if (opts_given(o, "level") && !opts_text(o, "csv"))
		return fail(ERR_USAGE, "--level is that of the intervals of --csv, and no file is named");
	if (opts_given(o, "level") && predictive_of(n->likelihood)->classes(n->model.outputs))
		return fail(ERR_USAGE, "--level is for intervals of real targets; this run's likelihood is %s", n->likelihood->name);
	return OK;
}

static void put_table(const struct predict_csv *t, FILE *to)
{
	predict_csv_names(t, to);
	predict_csv_rows(t, to);
}

status predict_save_rows(const struct opts *o, FILE *to, const struct predictions *p, struct arena *a)
{
	struct predict_csv t;
	if (!to)
		return OK;
	TRY(predict_rows(o, p, 1, a, &t));
	put_table(&t, to);
	return OK;
}

status predict_save_stored(FILE *to, const struct mixture *m, const struct decisions *rules, struct arena *a)
{
	struct predict_csv t;
	if (!to)
		return OK;
	TRY(predict_csv_open(&t, a, m->n, 1, NULL));
	TRY(predict_csv_classes(&t, m, NULL));
	TRY(predict_rules_classes(rules, m, NULL, &t));
	put_table(&t, to);
	return OK;
}
