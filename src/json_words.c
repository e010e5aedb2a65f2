/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/json_words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/text.h"

enum { ESCAPE = 4 };   /* \xHH */

static const char digits[] = "0123456789ABCDEF";

/* The byte that an escape at p stands for; −1 where there is none. */
static int escaped(const char *p)
{
	if (p[0] != '\\' || p[1] != 'x' || !p[2] || !p[3])
		return -1;
	const char *high = strchr(digits, p[2]), *low = strchr(digits, p[3]);
	return high && low ? (int)(high - digits) * 16 + (int)(low - digits) : -1;
}

/* Writes the escaped text to `to` unless that is NULL; returns its length. */
static size_t escape(const char *text, char *to)
{
	size_t length = 0;
	for (const unsigned char *p = (const unsigned char *)text; *p;) {
		size_t n = text_character(p, ESCAPE);   /* a terminating zero ends every sequence */
		bool plain = n && escaped((const char *)p) < 0;
		if (to && plain)
			memcpy(to + length, p, n);
		else if (to)
			memcpy(to + length, (char[]){'\\', 'x', digits[*p >> 4], digits[*p & 15]}, ESCAPE);
		length += plain ? n : ESCAPE;
		p += plain ? n : 1;
	}
	return length;
}

json_t *json_words(const char *text)
{
	size_t n = escape(text, NULL);
	if (n == strlen(text))
		return json_string_nocheck(text);
	char *copy = malloc(n);
	if (!copy)
		return NULL;
	escape(text, copy);
	json_t *words = json_stringn_nocheck(copy, n);
	free(copy);
	return words;
}

unsigned char json_words_byte(const char **text)
{
	int byte = escaped(*text);
	unsigned char first = (unsigned char)**text;
	*text += byte > 0 ? ESCAPE : first != 0;
	return byte > 0 ? (unsigned char)byte : first;
}

void json_words_bytes(char *text)
{
	for (const char *from = text; (*text = (char)json_words_byte(&from)); text++)
		continue;
}

status json_words_read(const json_t *j, struct arena *a, const char **out)
{
	const char *text = json_string_value(j);
	char *copy;
	*out = NULL;
	if (!text || strlen(text) != json_string_length(j))
		return OK;
	TRY(arena_text(a, &copy, "%s", text));
	json_words_bytes(copy);
	*out = copy;
	return OK;
}

bool json_words_are(const json_t *j, const char *text)
{
	const char *from = json_string_value(j);
	if (!from || strlen(from) != json_string_length(j))
		return false;
	for (;; text++) {
		unsigned char byte = json_words_byte(&from);
		if (byte != (unsigned char)*text)
			return false;
		if (!byte)
			return true;
	}
}
