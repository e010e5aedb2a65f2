/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The numbers of a target's text. */
#include <string.h>

#include "src/analytic/target.h"
#include "src/number.h"

enum { SHOWN = 60 };  /* bytes of a row that a message shows */

static size_t count(const char *text, size_t length, char what)
{
	size_t n = 0;
	for (size_t i = 0; i < length; i++)
		n += text[i] == what;
	return n;
}

/* Bytes before the next `stop`, or all. */
static size_t before(const char *text, size_t length, char stop)
{
	const char *at = memchr(text, stop, length);
	return at ? (size_t)(at - text) : length;
}

static status row_bad(const struct target *t, size_t row, const char *text, size_t length, const char *form)
{
	return fail(ERR_USAGE, "{model} %s: term %zu, \"%.*s\": expected %s", t->spec, row + 1,
	            (int)(length < SHOWN ? length : SHOWN), text, form);
}

static bool read_row(const char *text, size_t length, int parts, double *at)
{
	for (int i = 0; i < parts; i++) {
		size_t n = before(text, length, '/');
		if (!number_whole(text, n, &at[i]) || (i == parts - 1) != (n == length))
			return false;
		text += n + 1;
		length -= n + (n < length);
	}
	return true;
}

status rows_read(const struct target *t, const char *text, size_t length, int least, int most, const char *form, struct rows *out)
{
	size_t first = before(text, length, ','), parts = count(text, first, '/') + 1;
	*out = (struct rows){.n = count(text, length, ',') + 1, .parts = (int)parts};
	if (parts < (size_t)least || parts > (size_t)most)
		return row_bad(t, 0, text, first, form);
	if (out->n > TERMS_MAX)
		return fail(ERR_USAGE, "{model} %.*s…: %zu terms; expected %d at most", SHOWN, t->spec, out->n, TERMS_MAX);
	TRY(arena_take(t->arena, out->n * parts, sizeof *out->at, &out->at));
	for (size_t i = 0; i < out->n; i++) {
		size_t n = before(text, length, ',');
		if (!read_row(text, n, out->parts, out->at + i * parts))
			return row_bad(t, i, text, n, form);
		text += n + 1;
		length -= n + (n < length);
	}
	return OK;
}

status rows_above_zero(const struct target *t, const struct rows *r, int part, const char *name)
{
	for (size_t i = 0; i < r->n; i++) {
		double value = r->at[i * (size_t)r->parts + (size_t)part];
		if (!(value > 0))
			return fail(ERR_USAGE, "{model} %s: term %zu: %s %g must be above 0", t->spec, i + 1, name, value);
	}
	return OK;
}
