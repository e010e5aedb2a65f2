/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/data/csv_cell.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool is_missing(const char *text)
{
	size_t n = strlen(text);
	for (const char *word = CSV_MISSING_WORDS; ; ) {
		size_t length = strcspn(word, "|");
		if (n == length && memcmp(text, word, n) == 0)
			return true;
		if (!word[length])
			return false;
		word += length + 1;
	}
}

/* With a point where the text has a comma; false where the text has both or is too long for a number. */
static bool with_point(const char *text, char *to, size_t room)
{
	size_t n = strlen(text);
	if (n >= room || strchr(text, '.'))
		return false;
	memcpy(to, text, n + 1);
	char *comma = strchr(to, ',');
	if (comma)
		*comma = '.';
	return true;
}

enum { LONGEST = 400 };   /* of a number with a decimal comma */

enum cell_kind csv_kind(const char *text, enum decimal d)
{
	char *end, pointed[LONGEST];
	if (!*text)
		return CELL_EMPTY;
	if (is_missing(text))
		return CELL_MISSING;
	if (d == DECIMAL_COMMA && with_point(text, pointed, sizeof pointed))
		text = pointed;
	/* strtod takes nan in any letters, which may be a name. */
	bool number = !isnan(strtod(text, &end));
	return number && end > text && !*end ? CELL_NUMBER : CELL_TEXT;
}

bool csv_number(const char *text, enum decimal d, double *out)
{
	char *end, pointed[LONGEST];
	*out = 0;
	if (d == DECIMAL_COMMA && !with_point(text, pointed, sizeof pointed))
		return false;
	if (d == DECIMAL_COMMA)
		text = pointed;
	*out = strtod(text, &end);
	return *text && !*end && !text[strspn(text, "0123456789+-.eE")] && fabs(*out) <= (double)FLT_MAX;
}

/* How often the mark stands in the text; 0 where it does so several times, and not before three digits each time. */
static int count_marks(const char *text, char mark)
{
	int n = 0;
	bool thousands = true;
	for (const char *p = strchr(text, mark); p; p = strchr(p + 1, mark), n++)
		thousands = thousands && strspn(p + 1, "0123456789") == 3;
	return n > 1 && !thousands ? 0 : n;
}

struct marks {
	int points, commas;
};

/* Of what looks like a number; none of anything else. */
static struct marks find_marks(const char *text)
{
	if (text[strspn(text, "0123456789+-.,eE")] || !text[strcspn(text, "0123456789")])
		return (struct marks){0};
	return (struct marks){count_marks(text, '.'), count_marks(text, ',')};
}

bool csv_is_foreign(const char *text, enum decimal d)
{
	const struct marks m = find_marks(text);
	return (m.points && m.commas) || (d == DECIMAL_POINT ? m.commas : m.points) || csv_kind(text, d) == CELL_NUMBER;
}

bool csv_has_thousands(const char *text)
{
	static const char digits[] = "0123456789";
	text += strspn(text, "+-") == 1;
	size_t n = strspn(text, digits);
	if (n < 1 || n > 3 || *text == '0' || text[n] != ',')
		return false;
	for (text += n; *text == ',' && strspn(text + 1, digits) == 3;)
		text += 4;
	if (*text == '.')
		text += 1 + strspn(text + 1, digits);
	return !*text;
}

status csv_check_notation(const char *where, const char *text, enum decimal d)
{
	const struct marks m = find_marks(text);
	if (m.points && m.commas)
		return fail(ERR_INPUT, "%s: '%.40s' is not a number: it has points and commas; save the table without marks between "
		            "thousands", where, text);
	if (d == DECIMAL_POINT && csv_has_thousands(text))
		return fail(ERR_INPUT, "%s: '%.40s' is not a number: if these are thousands, save the table without commas between them; if "
		            "decimals begin with a comma, {decimal} comma says so", where, text);
	if (m.commas && d == DECIMAL_POINT)
		return fail(ERR_INPUT, "%s: '%.40s' is not a number: decimals begin with a point unless {decimal} comma says otherwise, and "
		            "thousands have no commas", where, text);
	if (m.points && d == DECIMAL_COMMA)
		return fail(ERR_INPUT, "%s: '%.40s' is not a number: decimals begin with a comma, as {decimal} comma says, and thousands "
		            "have no points", where, text);
	return OK;
}
