/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/data/csv_file.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "src/data/input_file.h"

static const char blanks[] = " \t";

status csv_open(const char *path, struct csv_file *out)
{
	uint8_t *bytes;
	size_t size;
	*out = (struct csv_file){.path = path, .next = 1};
	TRY(input_read_inflated(path, &out->arena, &bytes, &size));
	if (size >= 2 && (!memcmp(bytes, "\xff\xfe", 2) || !memcmp(bytes, "\xfe\xff", 2)))
		return fail(ERR_INPUT, "%s: is in UTF-16; UTF-8 is read, save it so", path);
	if (size && memchr(bytes, 0, size))
		return fail(ERR_INPUT, "%s: holds a zero byte; text was expected", path);
	out->at = (char *)bytes + (size >= 3 && !memcmp(bytes, "\xef\xbb\xbf", 3) ? 3 : 0);
	return OK;
}

void csv_close(struct csv_file *c)
{
	free(c->cell);
	arena_free(&c->arena);
	*c = (struct csv_file){.path = NULL};
}

/* What follows the line end at p. */
static char *line_end(char *p)
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

/* Ends a cell behind its last character that is no blank. */
static void trim(char *start, char *end)
{
	while (end > start && strchr(blanks, end[-1]))
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
			p = line_end(p);
			*to++ = '\n';
			c->next++;
			continue;
		}
		p += *p == '"';
		*to++ = *p++;
	}
	if (!*p)
		return fail(ERR_INPUT, "%s:%zu: column %zu: a quoted cell begins here and does not end", c->path, c->line, c->n + 1);
	*end = p + 1 + strspn(p + 1, blanks);
	if (**end && !strchr(",\r\n", **end))
		return fail(ERR_INPUT, "%s:%zu: column %zu: something follows a quoted cell; a comma was expected", c->path, c->line,
		            c->n + 1);
	trim(start, to);
	return OK;
}

static status take_cell(struct csv_file *c, bool *more)
{
	char *start = c->at + strspn(c->at, blanks), *end = NULL;
	bool quoted = *start == '"';
	if (quoted) {
		start += 1 + strspn(start + 1, blanks);
		TRY(unquote(c, start, &end));
	} else {
		end = start + strcspn(start, ",\r\n");
	}
	*more = *end == ',';
	c->next += *end == '\r' || *end == '\n';
	c->at = *more ? end + 1 : line_end(end);
	if (!quoted)
		trim(start, end);
	return add_cell(c, start);
}

status csv_next(struct csv_file *c)
{
	c->n = 0;
	for (;;) {
		char *p = c->at + strspn(c->at, blanks);
		if (*p && *p != '\r' && *p != '\n')
			break;
		if (!*p)
			return OK;
		c->at = line_end(p);
		c->next++;
	}
	c->line = c->next;
	for (bool more = true; more; )
		TRY(take_cell(c, &more));
	return OK;
}
