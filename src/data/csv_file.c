/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/data/csv_file.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/data/csv_separator.h"
#include "src/data/dataset.h"
#include "src/data/input_file.h"

/* Begins with these bytes, behind which there is a zero. */
static status begin(struct csv_file *c, uint8_t *bytes, size_t size)
{
	if (size >= 2 && (!memcmp(bytes, "\xff\xfe", 2) || !memcmp(bytes, "\xfe\xff", 2)))
		return fail(ERR_INPUT, "%s: is in UTF-16; UTF-8 is read, save it so", c->path);
	c->end = (char *)bytes + size;
	c->at = (char *)bytes + (size >= 3 && !memcmp(bytes, "\xef\xbb\xbf", 3) ? 3 : 0);
	return OK;
}

status csv_open(const char *path, struct csv_file *out)
{
	uint8_t *bytes;
	size_t size;
	*out = (struct csv_file){.path = path, .next = 1};
	TRY(input_read_inflated(path, &out->arena, &bytes, &size));
	TRY(begin(out, bytes, size));
	/* What is no text is not to be told by the first of its cells that can't be read. */
	return size && memchr(bytes, 0, size) ? fail(ERR_INPUT, "%s: holds a zero byte; text was expected", path) : OK;
}

status csv_open_text(const struct csv_text *text, struct csv_file *out)
{
	uint8_t *bytes;
	*out = (struct csv_file){.path = "standard input", .next = 1, .second = text->line,
	                          .given = text->separator};
	if (text->size >= 2 && !memcmp(text->bytes, "\x1f\x8b", 2))
		return fail(ERR_INPUT, "%s: is compressed; rows that are piped have to be text, as gunzip writes it", out->path);
	TRY(ARENA_NEW(&out->arena, text->size + 1, &bytes));
	memcpy(bytes, text->bytes, text->size);
	return begin(out, bytes, text->size);
}

void csv_close(struct csv_file *c)
{
	free(c->cell);
	arena_free(&c->arena);
	*c = (struct csv_file){.path = NULL};
}

char *csv_line_end(char *p)
{
	if (p[0] != '\r')
		return p + (*p == '\n');
	if (p[1] == '\n')
		return p + 2;
	return p[1] == '\r' && p[2] == '\n' ? p + 3 : p + 1;
}

static status add_cell(struct csv_file *c, char *text)
{
	if (c->n == c->room) {
		size_t room = c->room ? 2 * c->room : 32;
		char **larger = realloc(c->cell, room * sizeof *larger);
		if (!larger)
			return fail(ERR_MEMORY, "out of memory: %zu cells on line %zu of %s", room, c->line, c->path);
		c->cell = larger;
		c->room = room;
	}
	c->cell[c->n++] = text;
	return OK;
}

/* At a zero byte: whether that is the end. Rows before one within a text are good. */
static status check_end(const struct csv_file *c, const char *p)
{
	return p == c->end ? OK : fail(ERR_INPUT, "%s:%zu: holds a zero byte; text was expected", c->path, c->next);
}

/* Ends a cell behind its last character that is no blank. */
static void trim(const struct csv_file *c, char *start, char *end)
{
	while (end > start && strchr(c->blanks, end[-1]))
		end--;
	*end = 0;
}

/* Reads a quoted cell at p, after its opening quote and blanks, in place: "" becomes a quote, and a line end a newline.
 * *end is what follows the closing quote and blanks. */
static status unquote(struct csv_file *c, char *p, char **end)
{
	char *const start = p, *to = p;
	while (*p && !(p[0] == '"' && p[1] != '"')) {
		if (*p == '\r' || *p == '\n') {
			p = csv_line_end(p);
			*to++ = '\n';
			c->next++;
			continue;
		}
		p += *p == '"';
		*to++ = *p++;
	}
	if (!*p) {
		TRY(check_end(c, p));
		return fail(ERR_INPUT, "%s:%zu: column %zu: a quoted cell begins here and does not end", c->path, c->line, c->n + 1);
	}
	*end = p + 1 + strspn(p + 1, c->blanks);
	if (**end && !strchr(c->stops, **end))
		return fail(ERR_INPUT, "%s:%zu: column %zu: something follows a quoted cell; a %s was expected", c->path, c->line,
		            c->n + 1, csv_separator_word(c->separator));
	trim(c, start, to);
	return OK;
}

static status take_cell(struct csv_file *c, bool *more)
{
	char *start = c->at + strspn(c->at, c->blanks), *end = NULL;
	bool quoted = *start == '"';
	if (quoted) {
		start += 1 + strspn(start + 1, c->blanks);
		TRY(unquote(c, start, &end));
	} else {
		end = start + strcspn(start, c->stops);
	}
	if (!*end)
		TRY(check_end(c, end));
	*more = *end == c->separator;
	c->next += *end == '\r' || *end == '\n';
	c->at = *more ? end + 1 : csv_line_end(end);
	if (!quoted)
		trim(c, start, end);
	return add_cell(c, start);
}

/* What the first line says of all of them. */
static void find_separator(struct csv_file *c)
{
	c->separator = c->given ? c->given : csv_separator(c->at);
	c->blanks = csv_separator_blanks(c->separator);
	snprintf(c->stops, sizeof c->stops, "%c\r\n", c->separator);
}

/* Behind blank lines; false at the end of the text. */
static bool find_row(struct csv_file *c)
{
	for (;;) {
		char *p = c->at + strspn(c->at, c->separator ? c->blanks : " \t");
		if (*p && *p != '\r' && *p != '\n')
			return true;
		c->at = csv_line_end(p);
		if (!*p)
			return false;
		c->next++;
	}
}

status csv_next(struct csv_file *c)
{
	const bool first = !c->separator;
	c->n = 0;
	if (!find_row(c))
		return check_end(c, c->at);
	if (first)
		find_separator(c);
	c->line = c->next;
	for (bool more = true; more; )
		TRY(take_cell(c, &more));
	if (first && c->second)
		c->next = c->second;
	return OK;
}
