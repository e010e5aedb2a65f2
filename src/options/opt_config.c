/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Options: configuration files and JSON, in and out. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/options/opt_private.h"
#include "src/options/suggest.h"

static bool is_builtin(const char *name)
{
	return opt_in_table(&opt_builtin, name) != NULL;
}

/* Cuts blanks off both ends, in place. */
static char *trim(char *text)
{
	text += strspn(text, " \t\r\n");
	size_t n = strlen(text);
	while (n && strchr(" \t\r\n", text[n - 1]))
		n--;
	text[n] = 0;
	return text;
}

static status unknown_line(const struct opts *o, const char *path, int line, const char *name)
{
	if (strncmp(name, "--", 2) == 0)
		return fail(ERR_INPUT, "%s:%d: %s: options are written without -- here", path, line, name);
	struct suggestion s = {.word = name};
	for (int i = 0; i < o->n_values; i++)
		if (!is_builtin(o->values[i].name))
			suggest_from(&s, o->values[i].name);
	return fail(ERR_INPUT, "%s:%d: unknown option %s%s%s%s", path, line, name, s.best ? "; did you mean " : "",
	            s.best ? s.best : "", s.best ? "?" : "");
}

static status take_line(struct opts *o, const char *path, int line, char *text)
{
	text = trim(text);
	if (!*text || *text == '#')
		return OK;
	char *equals = strchr(text, '=');
	if (!equals)
		return fail(ERR_INPUT, "%s:%d: expected “option = value”, not “%s”", path, line, text);
	*equals = 0;
	const char *name = trim(text), *value = trim(equals + 1);
	struct opt_value *v = opt_find(o, name);
	if (v && is_builtin(name))
		return fail(ERR_INPUT, "%s:%d: %s is for the command line alone", path, line, name);
	if (!v)
		return unknown_line(o, path, line, name);
	/* The same text in memory, not the same words: a file may be named twice, and then its later reading counts. */
	if (v->file == path)
		return fail(ERR_INPUT, "%s:%d: %s is given on line %d already", path, line, name, v->line);
	char *kept;
	TRY(arena_text(&o->arena, &kept, "%s", value));
	*v = (struct opt_value){.name = v->name, .text = kept, .file = path, .line = line};
	return OK;
}

status opt_read_config(struct opts *o, const char *path)
{
	FILE *f = fopen(path, "r");
	if (!f)
		return fail(ERR_INPUT, "{config} %s: %s", path, strerror(errno));
	char *text = NULL;
	size_t size = 0;
	status s = OK;
	ssize_t n;
	for (int line = 1; s == OK && (n = getline(&text, &size, f)) >= 0; line++) {
		if (strlen(text) != (size_t)n)
			s = fail(ERR_INPUT, "%s:%d: not a text file: it has a zero byte", path, line);
		else
			s = take_line(o, path, line, text);
	}
	if (s == OK && ferror(f))
		s = fail(ERR_INPUT, "{config} %s: %s", path, strerror(errno));
	free(text);
	fclose(f);
	return s;
}

/* A line of a configuration file can't hold blanks at its value's ends, nor more than one line. */
static bool fits_line(const char *text)
{
	size_t n = strlen(text);
	return !n || (!strpbrk(text, "\r\n") && !strchr(" \t", text[0]) && !strchr(" \t", text[n - 1]));
}

/* Defaults are written as comments: an option that excludes another one must not count as given. */
static void dump_line(const struct param *d, const char *given, FILE *to)
{
	const char *fallback = d->type == PARAM_FLAG ? "no" : d->fallback;
	if (given && !fits_line(given))
		fprintf(to, "# %s: its value does not fit on a line; give it on the command line\n", d->name);
	else if (given)
		fprintf(to, "%s = %s\n", d->name, given);
	else
		fprintf(to, "#%s =%s%s\n", d->name, fallback ? " " : "", fallback ? fallback : "");
}

void opts_dump_config(const struct opts *o, FILE *to)
{
	fputs("# Lines that begin with # show defaults.\n", to);
	for (int i = 0; o->tables[i]; i++) {
		const struct opt_table *t = o->tables[i];
		if (t == &opt_builtin || !opt_table_on(o, t))
			continue;
		fprintf(to, "\n# %s\n", t->heading);
		for (const struct param *d = t->defs; d->name; d++)
			if (opt_active(o, d->name) == d)
				dump_line(d, opt_find(o, d->name)->text, to);
	}
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
	if (d->type == PARAM_REAL)
		return json_real(strtod(text, NULL));
	return json_string(text);
}

json_t *opts_to_json(const struct opts *o)
{
	json_t *j = json_object();
	for (int i = 0; j && i < o->n_values; i++) {
		const char *name = o->values[i].name;
		const struct param *d = is_builtin(name) ? NULL : opt_active(o, name);
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

/* The shortest text that reads back as x: 0.1, not 0.10000000000000001. */
static status real_text(struct opts *o, double x, char **out)
{
	char text[32];
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, x);
		if (strtod(text, NULL) == x)
			break;
	}
	return arena_text(&o->arena, out, "%s", text);
}

/* As one would type it. */
static status text_of(struct opts *o, const struct param *d, const json_t *j, char **out)
{
	if (d->type == PARAM_FLAG && json_is_boolean(j))
		return arena_text(&o->arena, out, "%s", json_is_true(j) ? "yes" : "no");
	if ((d->type == PARAM_COUNT || d->type == PARAM_REAL) && json_is_integer(j))
		return arena_text(&o->arena, out, "%" JSON_INTEGER_FORMAT, json_integer_value(j));
	if (d->type == PARAM_REAL && json_is_real(j))
		return real_text(o, json_real_value(j), out);
	if (d->type >= PARAM_TEXT && json_is_string(j) && strlen(json_string_value(j)) == json_string_length(j))
		return arena_text(&o->arena, out, "%s", json_string_value(j));
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
	return d->type == PARAM_REAL ? strtod(text, NULL) == strtod(fallback, NULL) : strcmp(text, fallback) == 0;
}

static status take_json(struct opts *o, const char *name, const json_t *j)
{
	struct opt_value *v = opt_find(o, name);
	if (!v || is_builtin(name))
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
		if (!is_builtin(o->values[i].name))
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
