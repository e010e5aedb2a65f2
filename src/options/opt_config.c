/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Options: configuration files, in and out. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/options/opt_private.h"
#include "src/options/suggest.h"

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
		if (!opt_is_builtin(o->values[i].name))
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
	if (v && opt_is_builtin(name))
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

static status config_refuse(const char *path)
{
	return errno == ENOMEM ? fail(ERR_MEMORY, "{config} %s: out of memory", path)
	                       : fail(ERR_INPUT, "{config} %s: %s", path, strerror(errno));
}

status opt_read_config(struct opts *o, const char *path)
{
	FILE *f = fopen(path, "r");
	if (!f)
		return config_refuse(path);
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
	/* A line that there was no memory for ends the loop without an error of the file. */
	if (s == OK && !feof(f))
		s = config_refuse(path);
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
		if (t == &opt_builtin || !opt_table_on(o, t) || !opts_defs(t)->name)
			continue;
		fprintf(to, "\n# %s\n", t->heading);
		for (const struct param *d = opts_defs(t); d->name; d++)
			if (opt_active(o, d->name) == d)
				dump_line(d, opt_find(o, d->name)->text, to);
	}
}
