/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "commands/predict_decide.h"

#include <string.h>

#include "commands/report.h"
#include "predict/decide/decided.h"
#include "src/data/csv_write.h"
#include "src/json_build.h"
#include "src/likelihood.h"
#include "src/words.h"

/* ---- whether rules are for this ---- */

static status check_names(const struct decisions *rules, const char *path, const struct network *n)
{
	struct arena a = {0};
	const char *const *names;
	status s = network_class_names(n, rules->classes, &a, &names);
	for (int i = 0; s == OK && names && rules->class_name && i < rules->classes; i++)
		if (strcmp(names[i], rules->class_name[i]) != 0)
			s = fail(ERR_USAGE, "--decide %s: class %d is %s there, and %s here", path, i, rules->class_name[i], names[i]);
	arena_free(&a);
	return s;
}

static status check_likelihood(const struct decisions *rules, const char *path, const struct network *n)
{
	const int classes = predictive_of(n->likelihood)->classes(n->model.outputs);
	const int targets = likelihood_targets(n->likelihood, n->model.outputs);
	if (rules->classes != classes && (!rules->classes || !classes))
		return fail(ERR_USAGE, "--decide %s: its rules are for %s, and this run predicts %s", path,
		            rules->classes ? "classes" : "real targets", classes ? "classes" : "real targets");
	if (rules->classes != classes || rules->targets != targets)
		return fail(ERR_USAGE, "--decide %s: its rules are for %d %s, and this run predicts %d", path,
		            classes ? rules->classes : rules->targets, classes ? "classes" : "targets", classes ? classes : targets);
	if (rules->likelihood && strcmp(rules->likelihood, n->likelihood->name) != 0)
		return fail(ERR_USAGE, "--decide %s: its rules were learnt with likelihood %s, and this run's is %s", path, rules->likelihood,
		            n->likelihood->name);
	return classes ? check_names(rules, path, n) : OK;
}

static void warn_other(const char *path, const char *why)
{
	warning("--decide %s: %s; its guarantees are for the ensemble that they were learnt with", path, why);
}

/* Bits that are dropped move probabilities, and with them what a threshold lets pass. */
static void check_precision(const struct decisions *rules, const char *path, const struct network *n)
{
	const struct word own = words_at(PRECISION_WORDS, n->precision);
	if (*rules->precision.at && strcmp(rules->precision.at, own.at) != 0)
		warning("--decide %s: it was learnt with {precision} %s, and this predicts with %s; its guarantees are for the precision that "
		        "they were learnt with", path, rules->precision.at, own.at);
}

static status check_ensemble(const struct decisions *rules, const char *path, const struct selection *chosen)
{
	uint64_t ensemble;
	TRY(selection_fingerprint(chosen, &ensemble));
	if (!rules->ensemble)
		warn_other(path, "it was learnt from stored probabilities, which may be another ensemble's");
	else if (rules->ensemble != ensemble)
		warn_other(path, "these are not the snapshots that it was learnt with");
	return OK;
}

static status read_rules(const struct opts *o, struct arena *a, struct decisions **out)
{
	*out = NULL;
	if (!opts_text(o, "decide"))
		return OK;
	TRY(ARENA_NEW(a, 1, out));
	return report_option(decisions_read(opts_text(o, "decide"), a, *out), "decide");
}

status predict_rules_open(const struct opts *o, const struct network *n, const struct selection *chosen, const struct subject *subject,
                          struct arena *a, const struct decisions **out)
{
	const char *path = opts_text(o, "decide");
	struct decisions *rules;
	TRY(read_rules(o, a, &rules));
	*out = rules;
	if (!rules)
		return OK;
	TRY(check_likelihood(rules, path, n));
	if (subject && rules->data == subject->data.fingerprint)
		warning("--decide %s: these are the rows that it was learnt from, so its figures flatter it", path);
	if (decisions_weakened(rules))
		warning("--decide %s: the rows that it was learnt from were held out by class, and only sets by class keep their promise", path);
	check_precision(rules, path, n);
	return check_ensemble(rules, path, chosen);
}

status predict_rules_stored(const struct opts *o, const struct stored *from, struct arena *a, const struct decisions **out)
{
	const char *path = opts_text(o, "decide");
	struct decisions *rules;
	TRY(read_rules(o, a, &rules));
	*out = rules;
	if (!rules)
		return OK;
	if (!rules->classes)
		return fail(ERR_USAGE, "--decide %s: its rules are for real targets, and these are probabilities of classes", path);
	if (rules->classes != from->mixture.c)
		return fail(ERR_USAGE, "--decide %s: its rules are for %d classes, and these are probabilities of %d", path, rules->classes,
		            from->mixture.c);
	if (rules->ensemble)
		warn_other(path, "it was learnt from a run, and these probabilities may be another ensemble's");
	else if (rules->snapshots != from->members)
		warn_other(path, "it was learnt with another number of members");
	return OK;
}

/* ---- columns ---- */

struct columns_of {
	struct decided rows;
	const char *const *names;
	char **set;             /* (n) as JSON has it: "a|c" */
};

static void put_scaled(FILE *to, const void *of, size_t row, int part)
{
	const struct decided *d = &((const struct columns_of *)of)->rows;
	csv_put_number(to, d->scaled[row * (size_t)d->classes + (size_t)part]);
}

static void put_set(FILE *to, const void *of, size_t row, int part)
{
	(void)part;
	csv_put_words(to, ((const struct columns_of *)of)->set[row]);
}

static void put_accept(FILE *to, const void *of, size_t row, int part)
{
	(void)part;
	fputs(((const struct columns_of *)of)->rows.accept[row] ? "yes" : "no", to);
}

static void put_alarm(FILE *to, const void *of, size_t row, int part)
{
	(void)part;
	fputs(((const struct columns_of *)of)->rows.alarm[row] ? "yes" : "no", to);
}

static void put_lower(FILE *to, const void *of, size_t row, int part)
{
	const struct decided *d = &((const struct columns_of *)of)->rows;
	csv_put_number(to, d->lower[row * (size_t)d->targets + (size_t)part]);
}

static void put_upper(FILE *to, const void *of, size_t row, int part)
{
	const struct decided *d = &((const struct columns_of *)of)->rows;
	csv_put_number(to, d->upper[row * (size_t)d->targets + (size_t)part]);
}

static const char *name_of(const struct columns_of *c, int k, char number[16])
{
	snprintf(number, 16, "%d", k);
	return c->names ? c->names[k] : number;
}

/* Adds a name, of which what would end it has a backslash in front. */
static char *add_name(char *to, const char *name)
{
	for (; *name; name++) {
		if (*name == '|' || *name == '\\')
			*to++ = '\\';
		*to++ = *name;
	}
	return to;
}

/* A row's set: first how long its text may be, then the text. */
static status make_set(struct arena *a, const struct columns_of *c, const bool *in, char **out)
{
	char number[16], *at;
	size_t size = 1;
	for (int k = 0; k < c->rows.classes; k++)
		size += in[k] ? 2 * strlen(name_of(c, k, number)) + 1 : 0;
	TRY(ARENA_NEW(a, size, out));
	at = *out;
	for (int k = 0; k < c->rows.classes; k++) {
		if (!in[k])
			continue;
		if (at > *out)
			*at++ = '|';
		at = add_name(at, name_of(c, k, number));
	}
	*at = 0;
	return OK;
}

static status add_sets(struct predict_csv *t, struct columns_of *c)
{
	TRY(ARENA_NEW(t->arena, c->rows.n, &c->set));
	for (size_t i = 0; i < c->rows.n; i++)
		TRY(make_set(t->arena, c, c->rows.in + i * (size_t)c->rows.classes, &c->set[i]));
	return predict_csv_add(t, "set", put_set, c, 0);
}

static status add_scaled(struct predict_csv *t, const struct columns_of *c)
{
	char *name;
	for (int k = 0; k < c->rows.classes; k++) {
		TRY(c->names ? arena_text(t->arena, &name, "scaled_%s", c->names[k]) : arena_text(t->arena, &name, "scaled_%d", k));
		TRY(predict_csv_add(t, name, put_scaled, c, k));
	}
	return OK;
}

status predict_rules_classes(const struct decisions *rules, const struct mixture *m, const char *const *names, struct predict_csv *t)
{
	struct columns_of *c;
	if (!rules)
		return OK;
	TRY(ARENA_NEW(t->arena, 1, &c));
	c->names = names;
	TRY(decided_classes(rules, m, t->arena, &c->rows));
	if (c->rows.scaled)
		TRY(add_scaled(t, c));
	if (c->rows.in)
		TRY(add_sets(t, c));
	if (c->rows.accept)
		TRY(predict_csv_add(t, "accept", put_accept, c, 0));
	return c->rows.alarm ? predict_csv_add(t, "alarm", put_alarm, c, 0) : OK;
}

status predict_rules_reals(const struct decisions *rules, const struct regression *r, struct predict_csv *t)
{
	struct columns_of *c;
	char *name;
	if (!rules)
		return OK;
	TRY(ARENA_NEW(t->arena, 1, &c));
	TRY(decided_reals(rules, r, t->arena, &c->rows));
	for (int j = 0; c->rows.lower && j < r->k; j++) {
		const char *const form = r->k > 1 ? "conformal_%s_%d" : "conformal_%s";
		TRY(arena_text(t->arena, &name, form, "lower", j + 1));
		TRY(predict_csv_add(t, name, put_lower, c, j));
		TRY(arena_text(t->arena, &name, form, "upper", j + 1));
		TRY(predict_csv_add(t, name, put_upper, c, j));
	}
	return OK;
}

/* ---- figures ---- */

static void put_figures(const struct opts *o, const struct figures *f, json_t **into)
{
	json_put(into, "decide", json_words(opts_text(o, "decide")));
	for (int i = 0; i < f->count; i++)
		report_number(into, f->at[i].name, f->at[i].value);
}

status predict_rules_report(const struct opts *o, const struct decisions *rules, const struct mixture *m, const struct regression *r,
                            const double *y, json_t **figures)
{
	struct arena a = {0};
	struct decided rows;
	struct figures all;
	if (!rules)
		return OK;
	status s = m ? decided_classes(rules, m, &a, &rows) : decided_reals(rules, r, &a, &rows);
	if (s == OK && m)
		decided_figures_classes(&rows, m, &all);
	else if (s == OK)
		decided_figures_reals(&rows, y, &all);
	if (s == OK)
		put_figures(o, &all, figures);
	arena_free(&a);
	/* Outputs are the run's. */
	return s == ERR_USAGE ? fail_within(s, "--decide %s: ", opts_text(o, "decide")) : s;
}

status predict_rules_report_all(const struct opts *o, const struct predictions *p, json_t **figures)
{
	const bool known = p->subject->data.unlabelled == 0;
	if (!p->rules || p->mixture.c)
		return predict_rules_report(o, p->rules, &p->mixture, NULL, NULL, figures);
	const struct regression r = predictions_regression(p);
	return predict_rules_report(o, p->rules, NULL, &r, known ? p->subject->data.target_wide : NULL, figures);
}
