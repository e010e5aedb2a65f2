/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "commands/data_fit.h"

#include "src/words.h"

/* Different values that may be levels or classes; gaps, one in so many, that are worth a feature of their own; words, one to so many
 * numbers, that don't make a column one of words; rows of which some can be held out. */
enum { LEVELS_MOST = 20, GAPS_FEW = 20, WORDS_FEW = 10, ROWS_FEW = 20 };

/* Training rows that hmc takes whole in minutes at most. */
enum { ROWS_WHOLE = 6000 };

struct fit {
	struct dataset_request r;      /* with what the file needs */
	const struct survey *survey;   /* of the file as that reads it */
	struct text drop, category;
	bool classes;                  /* the target's, numbered from 0 */
	bool hopeless;
};

/* ---- what columns need ---- */

static void add_name(struct text *list, const char **option, const char *given, const char *name)
{
	if (!list->n && given)
		text_add(list, "%s", given);
	text_list(list, ",", name);
	*option = list->at;
}

static bool few_values(const struct survey *s, size_t values)
{
	return values <= LEVELS_MOST && 2 * values <= s->n;
}

/* Returns whether anything is learnt from the column then. */
static bool fit_column(struct fit *f, const struct survey_column *c)
{
	struct dataset_request *r = &f->r;
	const bool mixed = c->kind == SURVEY_MIXED, few = few_values(f->survey, c->n_levels + c->distinct);
	const bool rare = c->kind == SURVEY_WORDS && 2 * c->n_levels > c->words;
	const bool leave = c->names || c->kind == SURVEY_EMPTY || rare || (mixed && !few);
	if (c->names && c->name && !r->id) {
		r->id = c->name;
		return false;
	}
	/* A column without a name is known by that, but not in a list. */
	if (!c->name || !*c->name) {
		f->hopeless |= (leave && !c->numbers) || mixed;
		return true;
	}
	/* Amounts of which some can't be read are to be mended, and not left out. */
	f->hopeless |= mixed && !few && c->words * WORDS_FEW <= c->numbers;
	if (leave)
		add_name(&f->drop, &r->drop, r->drop, c->name);
	else if (mixed)
		add_name(&f->category, &r->category, r->category, c->name);
	return !leave;
}

/* Whole numbers of which there are few are classes: by themselves from 0, else as words. */
static void fit_target(struct fit *f, const struct survey_column *c)
{
	const size_t values = c->n_levels + c->distinct;
	const bool few = values > 1 && few_values(f->survey, values), named = c->name && *c->name;
	const bool numbered = c->kind == SURVEY_NUMBER && c->whole && few;
	f->classes = numbered && c->least == 0 && c->most == (double)(values - 1);
	f->hopeless |= values == 1 || c->gaps || c->names || c->kind == SURVEY_EMPTY || (c->kind == SURVEY_MIXED && !(few && named));
	if (named && ((numbered && !f->classes) || c->kind == SURVEY_MIXED))
		add_name(&f->category, &f->r.category, f->r.category, c->name);
}

static void fit_columns(struct fit *f)
{
	const struct survey *s = f->survey;
	size_t gaps = 0;
	for (size_t k = 0; k < s->n_columns; k++) {
		const struct survey_column *c = &s->column[k];
		f->hopeless |= c->thousands;
		if (s->target && k + 1 == s->n_columns) {
			fit_target(f, c);
			continue;
		}
		if (fit_column(f, c))
			gaps = c->gaps > gaps ? c->gaps : gaps;
	}
	if (gaps && f->r.missing == MISSING_REFUSE)
		f->r.missing = gaps > s->n / GAPS_FEW ? MISSING_INDICATOR : MISSING_MEAN;
}

/* ---- the command ---- */

static void add_option(struct text *to, const char *name, const char *value)
{
	if (!value)
		return;
	text_add(to, " --%s ", name);
	text_word(to, value);
}

/* Trajectories over all rows, where there are not too many of them: hmc is the method that needs no step size. N δ = 2 makes the
 * prior one of deviation 0.7, which suits columns of deviation 1. */
static void add_method(const struct fit *f, const struct dataset *d, bool set_aside, struct text *to)
{
	const double rows = (double)d->n * (set_aside ? 0.8 : 1);
	text_add(to, " --model mlp:in-16-out --weight-decay %.1g --sampler ", 2 / rows);
	if (rows <= ROWS_WHOLE)
		text_add(to, "hmc --chains 4 --steps 1000 --burn-in 200 --keep-every 2 --out RUN");
	else
		text_add(to, "sghmc --friction 0.03 --lr %s --chains 4 --steps 2000000 --burn-in 400000 --keep-every 4000 --out RUN",
		         f->classes || d->n_classes ? "0.005" : "0.001");
}

static void write_command(const struct fit *f, const struct dataset *d, struct text *to)
{
	const struct dataset_request *r = &f->r;
	text_add(to, "basin sample --data ");
	text_word(to, r->spec);
	add_option(to, "target", r->target);
	add_option(to, "labels", r->labels);
	if (r->header != HEADER_AUTO)
		add_option(to, "header", words_at(HEADER_WORDS, (int)r->header - 1).at);
	if (r->decimal != DECIMAL_POINT)
		add_option(to, "decimal", words_at(DECIMAL_WORDS, (int)r->decimal).at);
	add_option(to, "id", r->id);
	add_option(to, "drop", r->drop);
	add_option(to, "category", r->category);
	if (r->missing != MISSING_REFUSE)
		add_option(to, "missing", words_at(MISSING_WORDS, (int)r->missing).at);
	if (f->classes)
		text_add(to, " --likelihood categorical");
	else if (!d->n_classes)
		text_add(to, " --noise-sd learn");
	if (!table_is_mixed(&d->table))
		text_add(to, " --standardize");
	if (r->holdout)
		add_option(to, "holdout", r->holdout);
	else if (d->n >= ROWS_FEW)
		text_add(to, " --holdout 0.2");
	add_method(f, d, !r->holdout && d->n >= ROWS_FEW, to);
}

/* Another way to read decimals is another file. */
static status look_again(struct fit *f, struct survey *again)
{
	struct dataset d;
	struct dataset_request r = f->r;
	r.decimal = DECIMAL_COMMA;
	r.survey = again;
	status s = dataset_open(&r, &d);
	dataset_close(&d);
	if (s == ERR_MEMORY)
		return s;
	if (again->n_columns && !again->comma) {
		f->r.decimal = DECIMAL_COMMA;
		f->survey = again;
	}
	return OK;
}

static bool is_as_asked(const struct fit *f, const struct dataset_request *r)
{
	return !f->drop.n && !f->category.n && f->r.id == r->id && f->r.missing == r->missing && f->r.decimal == r->decimal;
}

static status try_command(struct fit *f, struct text *out)
{
	struct dataset d;
	f->r.survey = NULL;
	f->r.split = SPLIT_TRAIN;
	f->r.class_targets = f->classes;
	status s = dataset_open(&f->r, &d);
	if (s == OK)
		write_command(f, &d, out);
	dataset_close(&d);
	return s == ERR_MEMORY ? s : OK;
}

static status find(struct fit *f, const struct dataset_request *r, const struct dataset *d, struct survey *again, struct text *out)
{
	if (f->survey->comma)
		TRY(look_again(f, again));
	fit_columns(f);
	if (f->hopeless)
		return OK;
	if (d && is_as_asked(f, r))
		write_command(f, d, out);
	else
		TRY(try_command(f, out));
	/* What has no room is cut. */
	if (out->n + 1 >= sizeof out->at)
		*out = (struct text){.n = 0};
	return OK;
}

status data_fit(const struct dataset_request *r, const struct dataset *d, struct text *out)
{
	struct survey again = {.n = 0};
	struct fit f = {.r = *r, .survey = r->survey};
	*out = (struct text){.n = 0};
	status s = find(&f, r, d, &again, out);
	survey_close(&again);
	return s;
}
