/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/data/csv_write.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "src/json_words.h"

static bool is_blank(unsigned char c)
{
	return c == ' ' || c == '\t';
}

static bool needs_quotes(const char *words)
{
	unsigned char c, first = 0, last = 0;
	while ((c = json_words_byte(&words))) {
		if (strchr(",;\t\"\r\n", c))
			return true;
		first = first ? first : c;
		last = c;
	}
	return is_blank(first) || is_blank(last);
}

void csv_put_words(FILE *to, const char *words)
{
	const bool quoted = needs_quotes(words);
	unsigned char c;
	if (quoted)
		putc('"', to);
	while ((c = json_words_byte(&words))) {
		if (c == '"')
			putc('"', to);
		putc(c, to);
	}
	if (quoted)
		putc('"', to);
}

void csv_put_number(FILE *to, double x)
{
	char text[32];
	if (isnan(x))
		return;
	/* 17 digits are always enough, and 15 often. */
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, x);
		if (strtod(text, NULL) == x)
			break;
	}
	fputs(text, to);
}
