/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Options: configuration files, in and out. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "src/options/opt_private.h"
#include "src/options/suggest.h"

#define BLANKS " \t\r\n"

/* Cuts blanks off both ends, in place. */
static char *trim(char *text)
{
	text += strspn(text, BLANKS);
	size_t n = strlen(text);
	while (n && strchr(BLANKS, text[n - 1]))
		n--;
	text[n] = 0;
	return text;
}

static bool is_quote(char c)
{
	return c == '"' || c == '\'';
}

/* The # that begins a comment: the first thing in the text, or behind a blank; NULL where there is none. */
static char *comment_in(const char *text)
{
	for (const char *c = text; (c = strchr(c, '#')); c++)
		if (c == text || strchr(BLANKS, c[-1]))
			return (char *)(uintptr_t)c;
	return NULL;
}

/* Takes a value that begins with a quotation mark out of its quotes, in place: it ends at the next such mark, and two
 * of them stand for one. Behind it there is nothing, or a comment. Errors: ERR_INPUT, for the caller to say where. */
static status unquote(char *text)
{
	const char quote = *text, *from = text + 1;
	char *to = text;
	for (; *from && (*from != quote || from[1] == quote); from++) {
		from += *from == quote;
		*to++ = *from;
	}
	if (!*from)
		return fail(ERR_INPUT, "the value begins with %c, and a second one that ends it is missing", quote);
	const char *end = from + 1, *rest = end + strspn(end, BLANKS);
	if (*rest && (*rest != '#' || rest == end))
		return fail(ERR_INPUT, "nothing but a comment may follow a value in quotes, not “%s”; inside it two %c stand "
		            "for one", trim((char *)(uintptr_t)rest), quote);
	*to = 0;
	return OK;
}

/* What is meant by the text behind an equals sign, in place. */
static status read_value(char *text, const char **out)
{
	text = trim(text);
	*out = text;
	if (is_quote(*text))
		return unquote(text);
	char *comment = comment_in(text);
	if (comment)
		*comment = 0;
	trim(text);
	return OK;
}

/* The same value as text that reads back so: bare where that will do. */
static void write_value(const char *value, FILE *to)
{
	const size_t n = strlen(value);
	const bool bare = !n || !(is_quote(value[0]) || comment_in(value) || strchr(BLANKS, value[0]) ||
	                          strchr(BLANKS, value[n - 1]));
	const char quote = strchr(value, '"') && !strchr(value, '\'') ? '\'' : '"';
	if (bare) {
		fputs(value, to);
		return;
	}
	fputc(quote, to);
	for (; *value; value++)
		fprintf(to, "%s%c", *value == quote ? (const char[]){quote, 0} : "", *value);
	fputc(quote, to);
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
	const char *name = trim(text), *value;
	if (read_value(equals + 1, &value) != OK)
		return fail_within(ERR_INPUT, "%s:%d: %s: ", path, line, name);
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
	*v = (struct opt_value){.name = v->name, .text = kept, .file = path, .line = line, .turn = o->n_files};
	return OK;
}

/* Windows' editors put a byte-order mark in front; in UTF-16 every other byte of a text is 0. */
static status skip_mark(const char *path, char *text, size_t n)
{
	static const char utf8[] = "\xEF\xBB\xBF";
	if (n >= 2 && (memcmp(text, "\xFF\xFE", 2) == 0 || memcmp(text, "\xFE\xFF", 2) == 0))
		return fail(ERR_INPUT, "%s: is in UTF-16; UTF-8 is read, save it so", path);
	if (strncmp(text, utf8, sizeof utf8 - 1) == 0)
		memset(text, ' ', sizeof utf8 - 1);
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
	o->n_files++;
	if (!f)
		return config_refuse(path);
	char *text = NULL;
	size_t size = 0;
	status s = OK;
	ssize_t n;
	for (int line = 1; s == OK && (n = getline(&text, &size, f)) >= 0; line++) {
		if (line == 1)
			s = skip_mark(path, text, (size_t)n);
		if (s != OK)
			break;
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

/* Defaults are written as comments: an option that excludes another one must not count as given. */
static void dump_line(const struct param *d, const char *given, FILE *to)
{
	const char *fallback = d->type == PARAM_FLAG ? "no" : d->fallback, *value = given ? given : fallback;
	if (value && strchr(value, '\n')) {
		fprintf(to, "# %s: its value does not fit on a line; give it on the command line\n", d->name);
		return;
	}
	fprintf(to, "%s%s =%s", given ? "" : "#", d->name, value ? " " : "");
	if (value)
		write_value(value, to);
	fputc('\n', to);
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
