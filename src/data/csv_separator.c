/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/data/csv_separator.h"

#include <stdbool.h>
#include <string.h>

/* Behind the quoted cell that begins here. */
static const char *behind_quotes(const char *p)
{
	for (p++; *p; p++) {
		if (p[0] == '"' && p[1] != '"')
			return p + 1;
		p += *p == '"';
	}
	return p;
}

char csv_separator(const char *text)
{
	bool tab = false, between = false, semicolon = false, comma = false;
	bool cell = false, after_tab = false;   /* the cell holds something; behind that there was a tab */
	const char *p = text + strspn(text, " \t\r\n");
	while (*p && *p != '\r' && *p != '\n') {
		const char c = *p;
		const bool begins = !cell || after_tab;
		p = c == '"' && begins ? behind_quotes(p) : p + 1;
		if (c == ',' || c == ';') {
			comma |= c == ',';
			semicolon |= c == ';';
			cell = after_tab = false;
		} else if (c == '\t') {
			tab = true;
			after_tab = cell;
		} else if (c != ' ') {
			between |= after_tab;
			cell = true;
			after_tab = false;
		}
	}
	return between ? '\t' : semicolon ? ';' : tab && !comma ? '\t' : ',';
}

const char *csv_separator_word(char separator)
{
	return separator == '\t' ? "tab" : separator == ';' ? "semicolon" : "comma";
}

const char *csv_separator_blanks(char separator)
{
	return separator == '\t' ? " " : " \t";
}
