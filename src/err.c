/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local char message[2048];
static int quiet_warnings;

/* Names and values come out of files and may hold anything; a terminal obeys control characters. */
static void make_plain(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

status (fail)(status s, const char *format, ...)
{
	/* Formatted aside first: an argument may be the recorded message itself. */
	char text[sizeof message];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	make_plain(text);
	memcpy(message, text, sizeof message);
	return s;
}

status (fail_within)(status s, const char *format, ...)
{
	char text[sizeof message];
	va_list args;
	va_start(args, format);
	int n = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (n >= 0 && (size_t)n < sizeof text)
		snprintf(text + n, sizeof text - (size_t)n, "%s", fail_message(s));
	make_plain(text);
	memcpy(message, text, sizeof message);
	return s;
}

const char *fail_message(status s)
{
#define STATUS_MEANING(name, meaning, code) meaning,
	static const char *const meanings[] = {STATUS_LIST(STATUS_MEANING)};
#undef STATUS_MEANING
	return message[0] ? message : s < STATUS_COUNT ? meanings[s] : "unknown error";
}

int fail_exit_status(status s)
{
#define STATUS_CODE(name, meaning, code) code,
	static const int codes[] = {STATUS_LIST(STATUS_CODE)};
#undef STATUS_CODE
	return s < STATUS_COUNT ? codes[s] : 1;
}

void warn_quiet(int quiet)
{
	quiet_warnings = quiet;
}

void warn(const char *format, ...)
{
	if (quiet_warnings)
		return;
	char text[sizeof message];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	make_plain(text);
	fprintf(stderr, "basin: warning: %s\n", text);
}
