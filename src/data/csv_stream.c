/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/data/csv_stream.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/data/csv_file.h"
#include "src/data/csv_separator.h"

enum { READ_AT_ONCE = 1 << 16 };

enum place {
	BEFORE,    /* of its cell there were only blanks */
	WITHIN,
	QUOTED,
	QUOTE      /* behind a quote within quotes, which ends them unless another follows */
};

static const char mark[] = "\xef\xbb\xbf";   /* UTF-8's byte order mark */

void csv_stream_begin(struct csv_stream *s, int fd)
{
	*s = (struct csv_stream){.fd = fd, .most = CSV_STREAM_TEXT, .place = BEFORE};
}

void csv_stream_end(struct csv_stream *s)
{
	free(s->bytes);
	*s = (struct csv_stream){.fd = -1};
}

/* ---- what comes ---- */

/* Whether something can be read by then; −1: whenever that is. */
static bool wait_for(const struct csv_stream *s, int milliseconds)
{
	struct pollfd p = {.fd = s->fd, .events = POLLIN};
	return poll(&p, 1, milliseconds) > 0;
}

static status read_more(struct csv_stream *s)
{
	if (s->room - s->size < READ_AT_ONCE + 1) {
		size_t room = s->room ? 2 * s->room : 4 * READ_AT_ONCE;
		char *larger = realloc(s->bytes, room);
		if (!larger)
			return fail(ERR_MEMORY, "out of memory: %zu bytes of standard input", room);
		s->bytes = larger;
		s->room = room;
	}
	ssize_t got = read(s->fd, s->bytes + s->size, READ_AT_ONCE);
	while (got < 0 && (errno == EINTR || errno == EAGAIN)) {
		if (errno == EAGAIN)
			wait_for(s, -1);
		got = read(s->fd, s->bytes + s->size, READ_AT_ONCE);
	}
	if (got < 0)
		return fail(ERR_INPUT, "standard input: %s", strerror(errno));
	s->ended = got == 0;
	s->size += (size_t)got;
	s->bytes[s->size] = 0;
	return OK;
}

/* ---- where rows end ---- */

static bool is_separator(const struct csv_stream *s, char c)
{
	return s->separator ? c == s->separator : c == ',' || c == ';' || c == '\t';
}

/* A character that ends no line. */
static void take(struct csv_stream *s, char c)
{
	/* Lines of tabs are blank ahead of the first row. */
	s->begun |= c != ' ' && (c != '\t' || (s->first && s->separator == '\t'));
	if (s->place == QUOTED) {
		s->place = c == '"' ? QUOTE : QUOTED;
		return;
	}
	if (s->place == QUOTE && c == '"')
		s->place = QUOTED;
	else if (is_separator(s, c))
		s->place = BEFORE;
	else if (s->place == BEFORE && c == '"')
		s->place = QUOTED;
	else if (s->place != BEFORE || (c != ' ' && c != '\t'))
		s->place = WITHIN;
}

/* The first row is whole as far as any separator goes: what its own is, by which it may end elsewhere. */
static void find_separator(struct csv_stream *s)
{
	s->seen = strncmp(s->bytes, mark, 3) ? 0 : 3;
	s->separator = csv_separator(s->bytes + s->seen);
	s->lines = 0;
}

static void end_row(struct csv_stream *s)
{
	s->begun = false;
	if (!s->separator) {
		find_separator(s);
		return;
	}
	s->whole = s->seen;
	s->whole_lines = s->lines;
	if (!s->first) {
		s->first = s->seen;
		/* A line feed may be next there, which would belong to a CR. */
		s->bytes[s->seen - 1] = '\n';
		s->line = s->lines + 1;
		s->lines = s->whole_lines = 0;
	}
}

/* Passes over a byte order mark; false while it may be one, and is not there whole. */
static bool skip_mark(struct csv_stream *s)
{
	size_t there = s->size < 3 ? s->size : 3;
	bool same = !memcmp(s->bytes, mark, there);
	s->seen = same && there == 3 ? 3 : 0;
	return !same || there == 3 || s->ended;
}

/* Looks at what has come since. */
static void look(struct csv_stream *s)
{
	if (!s->first && !s->seen && !skip_mark(s))
		return;
	while (s->seen < s->size) {
		char *p = s->bytes + s->seen;
		if (*p != '\r' && *p != '\n') {
			take(s, *p);
			s->seen++;
			continue;
		}
		/* What follows a CR says how long the line's end is. */
		size_t behind = s->size - s->seen - 1;
		if (*p == '\r' && !s->ended && (behind < 1 || (behind < 2 && p[1] == '\r')))
			return;
		s->seen = (size_t)(csv_line_end(p) - s->bytes);
		s->lines++;
		if (s->place == QUOTED)
			continue;
		s->place = BEFORE;
		if (s->begun)
			end_row(s);
	}
}

/* ---- what is handed out ---- */

static void forget_given(struct csv_stream *s)
{
	if (!s->given)
		return;
	size_t gone = s->given - s->first;
	memmove(s->bytes + s->first, s->bytes + s->given, s->size - s->given + 1);
	s->size -= gone;
	s->seen -= gone;
	s->whole = s->first;
	s->line += s->whole_lines;
	s->lines -= s->whole_lines;
	s->given = s->whole_lines = 0;
}

/* Whether there is a row that was not handed out. */
static bool has_row(const struct csv_stream *s)
{
	return s->again ? s->whole > s->first : s->first > 0;
}

status csv_stream_next(struct csv_stream *s, struct csv_text *out)
{
	*out = (struct csv_text){.bytes = NULL};
	forget_given(s);
	while (!s->ended && (!has_row(s) || (s->size < s->most && wait_for(s, 0)))) {
		if (s->size - s->whole > CSV_STREAM_ROW)
			return fail(ERR_INPUT, "standard input:%zu: a row begins here that does not end within %d MiB",
			            s->first ? s->line + s->whole_lines : 1, CSV_STREAM_ROW >> 20);
		TRY(read_more(s));
		look(s);
	}
	/* A last row may have no line end. */
	if (s->ended && s->begun) {
		s->whole = s->size;
		s->whole_lines = s->lines;
	}
	if (!s->again && !s->whole)
		return fail(ERR_INPUT, "standard input: is empty; rows of numbers were expected");
	if (s->again && s->whole == s->first)
		return OK;
	s->first = s->first ? s->first : s->whole;
	s->given = s->whole;
	*out = (struct csv_text){.bytes = s->bytes, .size = s->whole, .line = s->line, .separator = s->separator, .again = s->again};
	s->again = true;
	return OK;
}

status csv_stream_all(struct csv_stream *s, struct csv_text *out)
{
	*out = (struct csv_text){.bytes = NULL};
	while (!s->ended)
		TRY(read_more(s));
	if (!s->size)
		return fail(ERR_INPUT, "standard input: is empty; rows of numbers were expected");
	*out = (struct csv_text){.bytes = s->bytes, .size = s->size};
	return OK;
}
