/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/err.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Room for a path that is named twice, as it was given and as it is, before what is wrong with it. */
enum { TEXT_SIZE = 2 * PATH_MAX + 2048 };

/* Stands before a parameter's name in a recorded message. */
enum { MARK = '\001' };

static _Thread_local char message[TEXT_SIZE], shown[TEXT_SIZE];

static void (*hearer)(const char *text);
static const char *hearer_before = "";

/* ---- parameters' names ---- */

/* The length of what a closing brace ends, a name or %s for one; 0 where there is none. */
static size_t name_length(const char *text)
{
	size_t n = strncmp(text, "%s}", 3) == 0 ? 2 : strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");
	return text[n] == '}' ? n : 0;
}

/* Copies a format with marks in the place of its braces, and returns how many. */
static int mark_names(const char *format, char out[TEXT_SIZE])
{
	int marks = 0;
	size_t used = 0;
	while (*format && used + 1 < TEXT_SIZE) {
		size_t n = *format == '{' ? name_length(format + 1) : 0;
		if (n == 0) {
			out[used++] = *format++;
			continue;
		}
		int wrote = snprintf(out + used, TEXT_SIZE - used, "%c%.*s", MARK, (int)n, format + 1);
		used = used + (size_t)wrote < TEXT_SIZE ? used + (size_t)wrote : TEXT_SIZE - 1;
		format += n + 2;
		marks++;
	}
	out[used] = 0;
	return marks;
}

/* Names and values come out of files and may hold anything; a terminal obeys control characters. Where one of them holds
 * the mark itself, names can't be told from it. */
static void make_plain(char *text, int marks)
{
	for (const char *c = text; *c; c++)
		marks -= *c == MARK;
	for (; *text; text++) {
		/* U+0080 to U+009F are control characters as well. */
		if ((unsigned char)text[0] == 0xc2 && (unsigned char)text[1] >= 0x80 && (unsigned char)text[1] < 0xa0)
			text[0] = text[1] = '?';
		else if ((*text != MARK || marks < 0) && ((unsigned char)*text < ' ' || *text == 0x7f))
			*text = '?';
	}
}

static void compose(char out[TEXT_SIZE], const char *format, va_list args)
{
	char marked[TEXT_SIZE];
	int marks = mark_names(format, marked);
	vsnprintf(out, TEXT_SIZE, marked, args);
	make_plain(out, marks);
}

/* The names of a composed text after `before`. */
static void name_all(const char *text, const char *before, char out[TEXT_SIZE])
{
	size_t used = 0;
	for (; *text && used + 1 < TEXT_SIZE; text++) {
		if (*text != MARK) {
			out[used++] = *text;
			continue;
		}
		size_t n = strlen(before);
		n = n < TEXT_SIZE - 1 - used ? n : TEXT_SIZE - 1 - used;
		memcpy(out + used, before, n);
		used += n;
	}
	out[used] = 0;
}

/* ---- failures ---- */

status (fail)(status s, const char *format, ...)
{
	/* Formatted aside first: an argument may be the recorded message itself. */
	char text[TEXT_SIZE];
	va_list args;
	va_start(args, format);
	compose(text, format, args);
	va_end(args);
	memcpy(message, text, sizeof message);
	return s;
}

status (fail_within)(status s, const char *format, ...)
{
	char text[TEXT_SIZE];
	va_list args;
	va_start(args, format);
	compose(text, format, args);
	va_end(args);
	size_t n = strlen(text);
	snprintf(text + n, sizeof text - n, "%s", message[0] ? message : fail_message(s));
	memcpy(message, text, sizeof message);
	return s;
}

const char *fail_words(status s, const char *before)
{
#define STATUS_MEANING(name, meaning, code) meaning,
	static const char *const meanings[] = {STATUS_LIST(STATUS_MEANING)};
#undef STATUS_MEANING
	if (!message[0])
		return s < STATUS_COUNT ? meanings[s] : "unknown error";
	name_all(message, before, shown);
	return shown;
}

const char *fail_message(status s)
{
	return fail_words(s, "");
}

bool fail_is_about(const char *name)
{
	const size_t n = strlen(name);
	return message[0] == MARK && strncmp(message + 1, name, n) == 0 && message[1 + n] == ' ';
}

char *fail_copy(void)
{
	return strdup(message);
}

status fail_again(status s, const char *copy)
{
	snprintf(message, sizeof message, "%s", copy ? copy : "");
	return s;
}

int fail_exit_status(status s)
{
#define STATUS_CODE(name, meaning, code) code,
	static const int codes[] = {STATUS_LIST(STATUS_CODE)};
#undef STATUS_CODE
	return s < STATUS_COUNT ? codes[s] : 1;
}

/* ---- warnings ---- */

void warning_to(void (*hear)(const char *text), const char *before)
{
	hearer = hear;
	hearer_before = before;
}

void warning(const char *format, ...)
{
	if (!hearer)
		return;
	char text[TEXT_SIZE], words[TEXT_SIZE];
	va_list args;
	va_start(args, format);
	compose(text, format, args);
	va_end(args);
	name_all(text, hearer_before, words);
	hearer(words);
}

void warning_failed(status s)
{
	if (hearer)
		hearer(fail_words(s, hearer_before));
}
