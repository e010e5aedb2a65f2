/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Comma-separated numbers, a row an example, one column the target. Cells may be quoted; lines end in LF or CRLF; blank lines
 * are left out. A first line that is not all numbers is the header. */
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/data/dataset_reader.h"
#include "src/data/input_file.h"
#include "src/text.h"

/* One line's cells, as text within the file's own memory. */
struct line {
	char **cell;
	size_t n, room;
};

struct csv {
	const char *path;
	char *at;                  /* next line; the text ends with a zero byte */
	size_t number;             /* of the line read last, from 1; a quoted cell stays on its line */
	struct arena *arena;
	struct line line;
};

static status add_cell(struct csv *c, char *text)
{
	struct line *l = &c->line;
	if (l->n == l->room) {
		char **larger;
		TRY(ARENA_NEW(c->arena, l->room ? 2 * l->room : 32, &larger));
		if (l->n)
			memcpy(larger, l->cell, l->n * sizeof *larger);
		l->cell = larger;
		l->room = l->room ? 2 * l->room : 32;
	}
	l->cell[l->n++] = text;
	return OK;
}

/* Ends the cell at its last character that is no blank and returns its first. */
static char *trim(char *text)
{
	text += strspn(text, " \t");
	size_t n = strlen(text);
	while (n && (text[n - 1] == ' ' || text[n - 1] == '\t'))
		text[--n] = 0;
	return text;
}

/* Reads a quoted cell at p (after its opening quote), "" being a quote; *end is what follows the closing one. */
static status unquote(const struct csv *c, char *p, char **end)
{
	char *to = p;
	for (; *p && !(p[0] == '"' && p[1] != '"'); p++) {
		if (*p == '"')
			p++;
		*to++ = *p;
	}
	if (!*p)
		return fail(ERR_INPUT, "%s:%zu: column %zu: a quoted cell does not end on its line", c->path, c->number,
		            c->line.n + 1);
	*end = p + 1 + strspn(p + 1, " \t");
	if (**end && **end != ',')
		return fail(ERR_INPUT, "%s:%zu: column %zu: something follows a quoted cell; a comma was expected", c->path,
		            c->number, c->line.n + 1);
	bool more = **end == ',';
	*to = 0;
	*end = more ? *end + 1 : NULL;
	return OK;
}

/* The next line that is not blank; n = 0 at the end. */
static status next_line(struct csv *c)
{
	c->line.n = 0;
	while (*c->at) {
		char *p = c->at, *newline = strchr(p, '\n');
		c->at = newline ? newline + 1 : p + strlen(p);
		c->number++;
		if (newline)
			*newline = 0;
		size_t length = strlen(p);
		if (length && p[length - 1] == '\r')
			p[length - 1] = 0;
		if (!p[strspn(p, " \t")])
			continue;
		while (p) {
			char *start = p + strspn(p, " \t"), *end = NULL;
			if (*start == '"') {
				TRY(unquote(c, start + 1, &end));
				TRY(add_cell(c, start + 1));
			} else {
				end = strchr(p, ',');
				if (end)
					*end++ = 0;
				TRY(add_cell(c, trim(p)));
			}
			p = end;
		}
		return OK;
	}
	return OK;
}

/* Decimal numbers that a float32 can hold: no hexadecimal, no infinities, no NaN. */
static bool number(const char *text, float *out)
{
	char *end;
	double value = strtod(text, &end);
	*out = (float)value;
	return *text && !*end && !text[strspn(text, "0123456789+-.eE")] && fabs(value) <= FLT_MAX;
}

static bool all_numbers(const struct line *l)
{
	float ignored;
	for (size_t i = 0; i < l->n; i++)
		if (!number(l->cell[i], &ignored))
			return false;
	return true;
}

/* The column of the target, from 0. */
static status find_target(const struct csv *c, const char *name, bool header, size_t *out)
{
	const struct line *l = &c->line;
	size_t found = 0;
	struct text list = {.n = 0};
	*out = l->n - 1;
	if (!name)
		return OK;
	if (!header)
		return fail(ERR_USAGE, "{target} %s: %s has no header: its first line is all numbers; the last column is the target "
		            "there", name, c->path);
	for (size_t i = 0; i < l->n; i++) {
		text_list(&list, ", ", l->cell[i]);
		if (!strcmp(l->cell[i], name)) {
			*out = i;
			found++;
		}
	}
	if (found != 1)
		return fail(ERR_USAGE, "{target} %s: %s has %s column of that name; its header has %s", name, c->path,
		            found ? "more than one" : "no", list.at);
	return OK;
}

/* Values as they are read: columns − 1 a row in x, the target apart. */
struct table {
	float *x, *target;
	size_t n, room, columns;
};

static status add_row(struct csv *c, struct table *t, size_t target)
{
	const struct line *l = &c->line;
	size_t width = t->columns - 1;
	if (l->n != t->columns)
		return fail(ERR_INPUT, "%s:%zu: %zu cells; %zu were expected, as on the first line", c->path, c->number, l->n,
		            t->columns);
	if (t->n == t->room) {
		size_t room = t->room ? 2 * t->room : 256;
		float *x = realloc(t->x, room * width * sizeof *x), *y;
		if (!x)
			return fail(ERR_MEMORY, "out of memory: %zu rows of %s", room, c->path);
		t->x = x;
		y = realloc(t->target, room * sizeof *y);
		if (!y)
			return fail(ERR_MEMORY, "out of memory: %zu rows of %s", room, c->path);
		t->target = y;
		t->room = room;
	}
	for (size_t i = 0; i < l->n; i++) {
		float *to = i == target ? t->target + t->n : t->x + t->n * width + i - (i > target);
		if (!number(l->cell[i], to))
			return fail(ERR_INPUT, "%s:%zu: column %zu: '%.40s' is not a number (decimal, within ±3.4e38)", c->path, c->number, i + 1, l->cell[i]);
	}
	t->n++;
	return OK;
}

static status set_classes(const char *path, const struct table *t, struct dataset *out)
{
	int32_t *label;
	int largest = 1;
	TRY(ARENA_NEW(&out->arena, t->n, &label));
	for (size_t i = 0; i < t->n; i++) {
		float y = t->target[i];
		if (!(y >= 0 && y <= 999999) || y != floorf(y))
			return fail(ERR_INPUT, "%s: the target of example %zu is %g; classes 0, 1, 2 … were expected", path, i + 1,
			            (double)y);
		label[i] = (int32_t)y;
		largest = label[i] > largest ? label[i] : largest;
	}
	out->label = label;
	out->n_classes = largest + 1;
	return OK;
}

static status read_rows(struct csv *c, const struct dataset_request *r, struct table *t, struct dataset *out)
{
	float *x, *target;
	size_t column;
	TRY(next_line(c));
	if (!c->line.n)
		return fail(ERR_INPUT, "%s: is empty; rows of numbers were expected", c->path);
	bool header = !all_numbers(&c->line);
	t->columns = c->line.n;
	if (t->columns < 2)
		return fail(ERR_INPUT, "%s:%zu: one column; at least two were expected, separated by commas", c->path, c->number);
	TRY(find_target(c, r->target, header, &column));
	if (header)
		TRY(next_line(c));
	for (; c->line.n; ) {
		TRY(add_row(c, t, column));
		TRY(next_line(c));
	}
	if (!t->n)
		return fail(ERR_INPUT, "%s: holds a header, but no rows of numbers", c->path);
	size_t values = t->n * (t->columns - 1);
	TRY(ARENA_NEW(&out->arena, values, &x));
	memcpy(x, t->x, values * sizeof *x);
	dataset_table(out, t->n, (int)(t->columns - 1), x);
	if (r->class_targets)
		return set_classes(c->path, t, out);
	TRY(ARENA_NEW(&out->arena, t->n, &target));
	memcpy(target, t->target, t->n * sizeof *target);
	out->n_targets = 1;
	out->target = target;
	return OK;
}

static status read_csv(const struct dataset_request *r, const char *path, enum split split, struct dataset *out)
{
	(void)split;
	struct arena scratch = {0};
	struct csv c = {.path = path, .arena = &scratch};
	struct table t = {0};
	uint8_t *bytes;
	size_t size;
	status s = input_read(path, &scratch, &bytes, &size);
	if (s == OK && memchr(bytes, 0, size))
		s = fail(ERR_INPUT, "%s: holds a zero byte; text was expected", path);
	if (s == OK) {
		c.at = (char *)bytes + (size >= 3 && !memcmp(bytes, "\xef\xbb\xbf", 3) ? 3 : 0);
		s = read_rows(&c, r, &t, out);
	}
	free(t.x);
	free(t.target);
	arena_free(&scratch);
	return s;
}

const struct dataset_reader reader_csv = {
	.kind = "csv", .path = "FILE", .has_test = false, .read = read_csv,
	.help = "rows of numbers separated by commas; the last column, or {target} NAME, is the target",
};
