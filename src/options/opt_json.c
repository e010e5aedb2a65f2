/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Options: one value as if typed, and all of them as JSON, in and out. */
#include <stdlib.h>
#include <string.h>

#include "src/json_text.h"
#include "src/json_words.h"
#include "src/options/opt_private.h"

status opts_set(struct opts *o, const char *name, const char *value)
{
	struct opt_value *v = opt_find(o, name), before;
	if (!v)
		return opt_unknown(o, name);
	before = *v;
	char *text;
	TRY(arena_text(&o->arena, &text, "%s", value));
	*v = (struct opt_value){.name = v->name, .text = text};
	/* All of them: a selector's new value may leave another option without its table. */
	for (int i = 0; i < o->n_values; i++) {
		status s = opt_check(o, &o->values[i]);
		if (s != OK) {
			*v = before;
			return s;
		}
	}
	return OK;
}

static json_t *value_to_json(const struct opts *o, const struct param *d)
{
	const char *text = opt_find(o, d->name)->text;
	if (!text)
		text = d->fallback;
	if (d->type == PARAM_FLAG)
		return json_boolean(text && strcmp(text, "yes") == 0);
	if (!text)
		return json_null();
	if (d->type == PARAM_COUNT)
		return json_integer(strtoll(text, NULL, 10));
	if (d->type == PARAM_REAL && !opt_is_word(d, text))
		return json_real(strtod(text, NULL));
	return json_words(text);
}

json_t *opts_to_json(const struct opts *o)
{
	json_t *j = json_object();
	for (int i = 0; j && i < o->n_values; i++) {
		const char *name = o->values[i].name;
		const struct param *d = opt_is_builtin(name) ? NULL : opt_active(o, name);
		if (d && json_object_set_new(j, name, value_to_json(o, d)) != 0) {
			json_decref(j);
			return NULL;
		}
	}
	return j;
}

static const char *const kinds[] = {
	[JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array", [JSON_STRING] = "text", [JSON_INTEGER] = "an integer",
	[JSON_REAL] = "a number with a fraction", [JSON_TRUE] = "true", [JSON_FALSE] = "false", [JSON_NULL] = "null",
};

/* As one would type it. */
static status text_of(struct opts *o, const struct param *d, const json_t *j, char **out)
{
	if (d->type == PARAM_FLAG && json_is_boolean(j))
		return arena_text(&o->arena, out, "%s", json_is_true(j) ? "yes" : "no");
	if ((d->type == PARAM_COUNT || d->type == PARAM_REAL) && json_is_integer(j))
		return arena_text(&o->arena, out, "%" JSON_INTEGER_FORMAT, json_integer_value(j));
	if (d->type == PARAM_REAL && json_is_real(j))
		return arena_text(&o->arena, out, "%.*g", json_digits(json_real_value(j)), json_real_value(j));
	if (json_is_string(j) && (d->type >= PARAM_TEXT || opt_is_word(d, json_string_value(j))) && strlen(json_string_value(j)) == json_string_length(j)) {
		TRY(arena_text(&o->arena, out, "%s", json_string_value(j)));
		json_words_bytes(*out);
		return OK;
	}
	return fail(ERR_INPUT, "%s: expected %s, not %s", d->name,
	            d->type == PARAM_FLAG    ? "true or false"
	            : d->type == PARAM_COUNT ? "an integer"
	            : d->type == PARAM_REAL  ? "a number"
	                                   : "text",
	            d->type >= PARAM_TEXT && json_is_string(j) ? "text with a zero byte" : kinds[json_typeof(j)]);
}

static bool is_default(const struct param *d, const char *text)
{
	const char *fallback = d->type == PARAM_FLAG ? "no" : d->fallback;
	if (!fallback)
		return false;
	return d->type == PARAM_REAL && !opt_is_word(d, text) ? strtod(text, NULL) == strtod(fallback, NULL) : strcmp(text, fallback) == 0;
}

static status take_json(struct opts *o, const char *name, const json_t *j)
{
	struct opt_value *v = opt_find(o, name);
	if (!v || opt_is_builtin(name))
		return fail(ERR_INPUT, "unknown option %s", name);
	if (json_is_null(j))
		return OK;
	const struct param *d = opt_active(o, name);
	char *text;
	if (!d) {
		opt_check(o, &(struct opt_value){.name = name, .text = ""});
		return ERR_INPUT;
	}
	TRY(text_of(o, d, j, &text));
	if (is_default(d, text))
		return OK;
	status s = opts_set(o, name, text);
	return s == ERR_USAGE ? ERR_INPUT : s;
}

static bool is_selector(const struct opts *o, const char *name)
{
	for (int i = 0; o->tables[i]; i++)
		if (o->tables[i]->selector && strcmp(o->tables[i]->selector, name) == 0)
			return true;
	return false;
}

status opts_from_json(struct opts *o, const json_t *j)
{
	if (!json_is_object(j))
		return fail(ERR_INPUT, "expected an object of options, not %s", j ? kinds[json_typeof(j)] : "nothing");
	for (int i = 0; i < o->n_values; i++)
		if (!opt_is_builtin(o->values[i].name))
			o->values[i].text = o->values[i].file = NULL;
	/* Selectors first: the others' tables must be on. */
	for (int selectors = 1; selectors >= 0; selectors--) {
		const char *name;
		json_t *value;
		json_object_foreach((json_t *)j, name, value)
			if (is_selector(o, name) == selectors)
				TRY(take_json(o, name, value));
	}
	return OK;
}
