/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Options: the values. */
#include <assert.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "src/options/opt_private.h"
#include "src/words.h"

int opts_positionals(const struct opts *o, const char *const **out)
{
	*out = o->positionals;
	return o->n_positionals;
}

/* The text that counts: given, or the default of the table that is on; NULL where there is neither. */
static const char *current(const struct opts *o, const char *name, unsigned types)
{
	struct opt_value *v = opt_find(o, name);
	assert(v && "the option is declared");
	const struct param *d = opt_active(o, name);
	assert(!d || types & 1u << d->type);
	(void)types;
	return !d ? NULL : v->text ? v->text : d->fallback;
}

bool opts_given(const struct opts *o, const char *name)
{
	struct opt_value *v = opt_find(o, name);
	assert(v && "the option is declared");
	return v->text != NULL;
}

bool opts_flag(const struct opts *o, const char *name)
{
	const char *text = current(o, name, 1u << PARAM_FLAG);
	return text && strcmp(text, "yes") == 0;
}

long long opts_count(const struct opts *o, const char *name)
{
	const char *text = current(o, name, 1u << PARAM_COUNT);
	return text ? strtoll(text, NULL, 10) : LLONG_MIN;
}

bool opt_is_word(const struct param *d, const char *text)
{
	return d->word && text && strcmp(d->word, text) == 0;
}

const char *opts_word(const struct opts *o, const char *name)
{
	const char *text = current(o, name, 1u << PARAM_REAL);
	return text && opt_is_word(opt_active(o, name), text) ? text : NULL;
}

double opts_real(const struct opts *o, const char *name)
{
	const char *text = current(o, name, 1u << PARAM_REAL);
	return text && !opts_word(o, name) ? strtod(text, NULL) : NAN;
}

const char *opts_text(const struct opts *o, const char *name)
{
	return current(o, name, 1u << PARAM_TEXT | 1u << PARAM_PATH | 1u << PARAM_CHOICE);
}

int opts_choice(const struct opts *o, const char *name)
{
	const char *text = current(o, name, 1u << PARAM_CHOICE);
	/* What was parsed is one of the words. */
	return text ? words_find(opt_active(o, name)->arg, text) : -1;
}

static double number_of(const struct opts *o, const struct param *p)
{
	long long count;
	int place;
	switch (p->type) {
	case PARAM_FLAG:
		return opts_flag(o, p->name);
	case PARAM_COUNT:
		count = opts_count(o, p->name);
		return count == LLONG_MIN ? (double)NAN : (double)count;
	case PARAM_REAL:
		return opts_real(o, p->name);
	case PARAM_CHOICE:
		place = opts_choice(o, p->name);
		return place < 0 ? (double)NAN : place;
	case PARAM_TEXT:
	case PARAM_PATH:
		break;
	}
	return NAN;
}

void opts_numbers(const struct opts *o, const struct param *params, double *out)
{
	for (int i = 0; params && params[i].name; i++)
		out[i] = number_of(o, &params[i]);
}
