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

enum cell_kind csv_kind(const char *text)
{
	char *end;
	if (!*text)
		return CELL_EMPTY;
	if (is_missing(text))
		return CELL_MISSING;
	/* strtod takes nan in any letters, which may be a name. */
	bool number = !isnan(strtod(text, &end));
	return number && end > text && !*end ? CELL_NUMBER : CELL_TEXT;
}

bool csv_number(const char *text, double *out)
{
	char *end;
	*out = strtod(text, &end);
	return *text && !*end && !text[strspn(text, "0123456789+-.eE")] && fabs(*out) <= (double)FLT_MAX;
}
