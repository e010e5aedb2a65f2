/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/data/class_weight.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "src/json_build.h"
#include "src/number.h"

enum { LISTED = 8 };  /* classes that are named in a text */

/* ---- classes by name ---- */

static void add_class(struct text *to, const struct dataset *d, int c)
{
	if (d->class_names)
		text_add(to, "%s", d->class_names[c]);
	else
		text_add(to, "%d", c);
}

/* "a, b, c and 7 more" */
static const char *classes_of(const struct dataset *d, struct text *to)
{
	for (int c = 0; c < d->n_classes && c < LISTED; c++) {
		text_add(to, c ? ", " : "");
		add_class(to, d, c);
	}
	if (d->n_classes > LISTED)
		text_add(to, " and %d more", d->n_classes - LISTED);
	return to->at;
}

/* The class whose name, before a "=", is what the text begins with: the longest, since a name may hold "=" and "," as well. */
static int named(const struct dataset *d, const char *text, size_t *length)
{
	int found = -1;
	*length = 0;
	for (int c = 0; d->class_names && c < d->n_classes; c++) {
		size_t n = strlen(d->class_names[c]);
		if (n > *length && strncmp(text, d->class_names[c], n) == 0 && text[n] == '=') {
			found = c;
			*length = n;
		}
	}
	return found;
}

/* Classes that are called by numbers have no others. */
static bool are_numbers(const struct dataset *d)
{
	bool any = false;
	for (int c = 0; d->class_names && c < d->n_classes; c++)
		any |= d->class_names[c][strspn(d->class_names[c], "0123456789")] == 0;
	return any;
}

static int numbered(const struct dataset *d, const char *text, size_t *length)
{
	long c = 0;
	if (are_numbers(d))
		return -1;
	*length = strspn(text, "0123456789");
	if (*length == 0 || *length > 9 || text[*length] != '=')
		return -1;
	c = strtol(text, NULL, 10);
	return c < d->n_classes ? (int)c : -1;
}

/* ---- the words ---- */

/* Reads NAME=W at *text, and moves it on behind a comma. */
static status read_one(const char *all, const char **text, const struct dataset *d, double *weight)
{
	size_t length;
	int c = named(d, *text, &length);
	if (c < 0)
		c = numbered(d, *text, &length);
	struct text first = {.n = 0}, classes = {.n = 0};
	if (c < 0 && !strchr(*text, '='))
		return fail(ERR_USAGE, "{class-weight} %s: expected balanced, or CLASS=WEIGHT for one or more of the classes (%s)", all,
		            classes_of(d, &classes));
	if (c < 0)
		return fail(ERR_USAGE, "{class-weight} %s: \"%.*s\" is no class; %s has %s", all, (int)strcspn(*text, "="), *text, d->spec,
		            classes_of(d, &classes));
	add_class(&first, d, c);
	const char *number = *text + length + 1;
	const size_t digits = strcspn(number, ",");
	const char *end = number + digits;
	double w;
	if (*number == '+' || !number_whole(number, digits, &w) || !(w > 0) || !isnormal((float)w))
		return fail(ERR_USAGE, "{class-weight} %s: the weight of %s is \"%.*s\"; expected a number above 0, of %.2g to %.2g, the range of "
		            "float32", all, first.at, (int)digits, number, (double)FLT_MIN, (double)FLT_MAX);
	if (*end == ',' && !end[1])
		return fail(ERR_USAGE, "{class-weight} %s: nothing stands behind the last comma", all);
	if (!isnan(weight[c]))
		return fail(ERR_USAGE, "{class-weight} %s: class %s has two weights; give one", all, first.at);
	weight[c] = w;
	*text = *end ? end + 1 : end;
	return OK;
}

static status read_each(const char *text, const struct dataset *d, double *weight)
{
	const char *at = text;
	for (int c = 0; c < d->n_classes; c++)
		weight[c] = (double)NAN;
	do {
		TRY(read_one(text, &at, d, weight));
	} while (*at);
	for (int c = 0; c < d->n_classes; c++)
		weight[c] = isnan(weight[c]) ? 1 : weight[c];
	return OK;
}

static status balance(const struct dataset *d, double *weight)
{
	for (size_t i = 0; i < d->n; i++)
		weight[d->label[i]]++;
	for (int c = 0; c < d->n_classes; c++) {
		struct text class = {.n = 0};
		add_class(&class, d, c);
		if (!(weight[c] > 0))
			return fail(ERR_USAGE, "{class-weight} balanced: class %s has none of the %zu training examples; give weights by class",
			            class.at, d->n);
		weight[c] = (double)d->n / (d->n_classes * weight[c]);
	}
	return OK;
}

status class_weight_read(const char *text, const struct dataset *d, struct arena *a, const double **out)
{
	double *weight;
	*out = NULL;
	if (!text)
		return OK;
	if (!d->label)
		return fail(ERR_USAGE, "{class-weight} %s: %s has real targets, not classes; {likelihood} categorical reads a csv column of 0, 1, … as "
		            "classes", text, d->spec);
	TRY(ARENA_NEW(a, (size_t)d->n_classes, &weight));
	TRY(strcmp(text, "balanced") == 0 ? balance(d, weight) : read_each(text, d, weight));
	*out = weight;
	return OK;
}

/* ---- what is said of them ---- */

json_t *class_weight_to_json(const double *weight, int n_classes)
{
	json_t *list = json_array();
	for (int c = 0; c < n_classes; c++)
		json_add(&list, json_real(weight[c]));
	return list;
}

void class_weight_words(const double *weight, const struct dataset *d, struct text *to)
{
	for (int c = 0; c < d->n_classes && c < LISTED; c++) {
		text_add(to, "%s%.4g of ", c ? ", " : "", weight[c]);
		add_class(to, d, c);
	}
	if (d->n_classes > LISTED)
		text_add(to, " …");
}
