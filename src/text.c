/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/text.h"

#include <stdarg.h>
#include <stdio.h>

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
