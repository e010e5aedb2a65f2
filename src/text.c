/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/text.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

void text_add(struct text *t, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int n = vsnprintf(t->at + t->n, sizeof t->at - t->n, format, args);
	va_end(args);
	if (n > 0)
		t->n = t->n + (size_t)n < sizeof t->at ? t->n + (size_t)n : sizeof t->at - 1;
}

void text_list(struct text *t, const char *between, const char *word)
{
	text_add(t, "%s%s", t->n ? between : "", word);
}

const char *text_amount(struct text *t, size_t bytes)
{
	static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB"};
	double amount = (double)bytes;
	int unit = 0;
	/* What would be shown as 1000 is 1 of the next. */
	for (; amount >= 999.5 && unit < 4; unit++)
		amount /= 1000;
	text_add(t, "%.3g %s", amount, units[unit]);
	return t->at;
}

size_t text_character(const unsigned char *at, size_t left)
{
	unsigned char first = at[0], least = 0x80, most = 0xbf;
	size_t n = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
	if (n > left)
		return 0;
	least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : least;
	most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : most;
	for (size_t i = 1; i < n; i++) {
		if (at[i] < least || at[i] > most)
			return 0;
		least = 0x80;
		most = 0xbf;
	}
	return n;
}

/* ---- words of a shell ---- */

static bool is_control(char c)
{
	return (unsigned char)c < ' ' || c == 0x7f;
}

/* Control characters have no other form, and a message would show "?" for them. */
static void add_escaped(struct text *t, const char *word)
{
	text_add(t, "$'");
	for (; *word; word++)
		if (is_control(*word))
			text_add(t, "\\%03o", (unsigned)*word);
		else
			text_add(t, "%s%c", *word == '\'' || *word == '\\' ? "\\" : "", *word);
	text_add(t, "'");
}

static void add_quoted(struct text *t, const char *word)
{
	text_add(t, "'");
	for (; *word; word++)
		text_add(t, "%s%c", *word == '\'' ? "'\\'" : "", *word);
	text_add(t, "'");
}

const char *text_word(struct text *t, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:@%+,-";
	const char *c = word;
	while (*c && !is_control(*c))
		c++;
	if (*c)
		add_escaped(t, word);
	else if (*word && word[strspn(word, plain)] == 0)
		text_add(t, "%s", word);
	else
		add_quoted(t, word);
	return t->at;
}

const char *text_path(struct text *t, const char *path)
{
	struct text named = {.n = 0};
	text_add(&named, "%s%s", *path == '-' ? "./" : "", path);
	return text_word(t, named.at);
}
