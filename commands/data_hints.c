/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "commands/data_hints.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "predict/regression.h"
#include "src/data/summary.h"

enum { CLASSES_AT_MOST = 20, RATIO = 100, MAGNITUDE = 1000, NOISE_FAR = 10 };

struct column_name {
	char at[64];
};

/* As a person would point at it. */
static struct column_name name_of(const struct dataset *d, int j)
{
	struct column_name to;
	const char *name = summary_column(d, j);
	if (name && *name && strlen(name) < sizeof to.at)
		snprintf(to.at, sizeof to.at, "%s", name);
	else
		snprintf(to.at, sizeof to.at, "column %d", j + 1);
	return to;
}

static status hint_at_scales(const struct dataset *d)
{
	struct arena a = {0};
	double *mean, *sd, *largest;
	int n, small = -1, wide = 0, big = 0;
	status s = summary_moments(d, &a, &n, &mean, &sd);
	if (s == OK)
		s = ARENA_NEW(&a, (size_t)n, &largest);
	if (s == OK) {
		summary_largest(d, largest);
		for (int j = 0; j < n; j++) {
			if (d->table.n && table_is_indicator(&d->table, (size_t)j))
				continue;
			/* A column of one value has no scale. */
			if (sd[j] > 0 && (small < 0 || sd[j] < sd[small]))
				small = j;
			wide = sd[j] > sd[wide] ? j : wide;
			big = largest[j] > largest[big] ? j : big;
		}
		if (small >= 0 && sd[wide] > RATIO * sd[small])
			warning("%s: the deviations of its columns run from %.2g (%s) to %.2g (%s), which one step size does not suit; "
			        "{standardize} brings each to mean 0 and deviation 1", d->spec, sd[small], name_of(d, small).at,
			        sd[wide], name_of(d, wide).at);
		else if (largest[big] > MAGNITUDE)
			warning("%s: its values reach %.2g (%s), far from where networks begin; {standardize} brings each column to "
			        "mean 0 and deviation 1", d->spec, largest[big], name_of(d, big).at);
	}
	arena_free(&a);
	return s;
}

static void hint_at_classes(const struct dataset *d)
{
	if (d->distinct == 1 && d->n > 1)
		warning("%s: its target has one value alone, so that there is nothing to learn, and a deviation of noise that is found out falls to 0",
		        d->spec);
	if (d->distinct > 1 && d->distinct <= CLASSES_AT_MOST && d->whole == d->distinct && d->distinct < d->n)
		warning("%s: its target has %zu distinct values, all whole numbers, and is fitted as a real one; if they are "
		        "classes, number them from 0 and say {likelihood} categorical", d->spec, d->distinct);
}

/* Numbered from 1, or by codes, they make outputs that nothing is learnt for; so do words that are all held out. */
static status hint_at_empty_classes(const struct dataset *d)
{
	size_t *count, empty = 0;
	struct arena a = {0};
	status s = ARENA_NEW(&a, (size_t)d->n_classes, &count);
	for (size_t i = 0; s == OK && i < d->n; i++)
		if (d->label[i] >= 0)
			count[d->label[i]]++;
	for (int k = 0; s == OK && k < d->n_classes; k++)
		empty += count[k] == 0;
	if (s == OK && d->class_names && 2 * empty >= (size_t)d->n_classes)
		warning("%s: %zu of its %d classes ha%s no training example", d->spec, empty, d->n_classes, empty == 1 ? "s" : "ve");
	else if (s == OK && !d->class_names && (count[0] == 0 || 2 * empty >= (size_t)d->n_classes))
		warning("%s: of its %d classes, numbered from 0, %zu ha%s no training example%s; number those that there are from 0 on%s", d->spec,
		        d->n_classes, empty, empty == 1 ? "s" : "ve", count[0] == 0 ? ", class 0 among them" : "",
		        d->columns.n ? ", or take them for words by --category" : "");
	arena_free(&a);
	return s;
}

/* A table of words alone has a first line that looks like all others. */
static void hint_at_header(const struct dataset *d)
{
	const struct table *t = &d->table;
	bool words = t->n > 0;
	for (size_t k = 0; k < t->n; k++)
		words = words && t->at[k].use == COLUMN_WORDS;
	for (size_t k = 0; words && k < t->n && k + 1 < d->columns.n; k++) {
		const char *name = d->columns.name[k + (k >= d->columns.target)];
		if (table_find(t->at[k].level, t->at[k].n_levels, name) == t->at[k].n_levels)
			continue;
		warning("%s: its first line is taken for names, of which '%s' is a word of its own column as well; {header} no says that it is "
		        "data", d->spec, name);
		return;
	}
}

/* "id", "patient_id", "PatientID"; or nothing, as the row numbers are called that pandas writes. */
static bool is_id(const char *name)
{
	const size_t n = strlen(name);
	if (n <= 2)
		return !n || !strcasecmp(name, "id");
	return !strcmp(name + n - 2, "ID") || !strcmp(name + n - 2, "Id") || (!strcasecmp(name + n - 2, "id") && strchr("_-. ", name[n - 3]));
}

static status all_differ(const struct dataset *d, size_t j, bool *out)
{
	double *x = malloc(d->n * sizeof *x);
	if (!x)
		return fail(ERR_MEMORY, "out of memory: a column of %zu values", d->n);
	for (size_t i = 0; i < d->n; i++)
		x[i] = (double)((const float *)d->x)[i * (size_t)d->w + j];
	*out = summary_unique(x, d->n) == d->n;
	free(x);
	return OK;
}

/* Numbers that only tell rows apart. */
static status hint_at_ids(const struct dataset *d)
{
	enum { FEW = 10 };
	for (int j = 0; d->columns.n && !d->table.id && d->n >= FEW && j < d->w; j++) {
		const char *name = summary_column(d, j);
		bool differ = false;
		if (is_id(name) && !(d->table.n && table_is_indicator(&d->table, (size_t)j)))
			TRY(all_differ(d, (size_t)j, &differ));
		if (differ)
			warning("%s: its column '%s' is called as names of rows are, has another number in each, and is fitted as an amount; "
			        "{id} says that it names them, {drop} leaves it out", d->spec, name);
	}
	return OK;
}

/* A σ that a run finds out begins at 1, which its prior is about, and networks' means begin near 0. */
static void hint_at_noise(const struct problem *p)
{
	const struct dataset *d = &p->data;
	const size_t n = d->n * (size_t)d->n_targets;
	const double sd = regression_deviation(d->target_wide, d->n, d->n_targets);
	double squares = 0;
	for (size_t e = 0; e < n; e++)
		squares += d->target_wide[e] * d->target_wide[e] / (double)n;
	if (sd < 1.0 / NOISE_FAR || squares > NOISE_FAR * NOISE_FAR)
		warning("%s: its targets lie %.2g from 0 and %.2g from their mean, where the deviation of noise that {%s} finds out begins at 1; "
		        "{standardize} brings them to mean 0 and deviation 1", d->spec, sqrt(squares), sd,
		        p->likelihood->param[0].name ? "noise-sd" : "likelihood");
}

status data_hints(const struct problem *p)
{
	const struct dataset *d = &p->data;
	TRY(hint_at_ids(d));
	if (!opts_given(p->options, "header"))
		hint_at_header(d);
	if (!p->likelihood->class_targets && !p->likelihood->noise_sd && d->target_wide && !d->standardize.target_sd)
		hint_at_noise(p);
	if (d->target && !p->likelihood->class_targets)
		hint_at_classes(d);
	if (d->label && !d->has_test)
		TRY(hint_at_empty_classes(d));
	return d->image || d->standardize.x_mean ? OK : hint_at_scales(d);
}

status data_explain_targets(const struct problem *p, status s)
{
	if (s == OK || strcmp(p->data.kind, "npy") || !p->data.label || p->likelihood->class_targets)
		return s;
	return fail(s, "%s; integer targets of npy sets are classes: save real ones as floats, y.astype('float64')",
	            fail_words(s, "--"));
}

status data_explain(const struct problem *p, const struct opts *o, status s)
{
	const struct dataset *d = &p->data;
	const char *spec = opts_text(o, "model"), *last = strrchr(spec, '-');
	const bool many = last && strspn(last + 1, "0123456789") == strlen(last + 1) && strcmp(last, "-1");
	if (s != ERR_USAGE)
		return s;
	if (d->flattened)
		return fail(s, "%s; images must be uint8: a float array, or any other, is read as a table, here of %d columns",
		            fail_words(s, "--"), d->w);
	if (d->table.width > d->table.n && strncmp(spec, "mlp:in", 6) != 0)
		return fail(s, "%s; its %zu columns make %d, one for each word of a column, or for a column's gaps", fail_words(s, "--"), d->table.n,
		            d->w);
	if (!strcmp(d->kind, "csv") && d->target && !opts_given(o, "likelihood") && !strncmp(spec, "mlp:", 4) && many)
		return fail(s, "%s; a csv target is real unless --likelihood categorical", fail_words(s, "--"));
	return s;
}
