/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/words.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

int words_count(const char *words)
{
	int n = 1;
	for (; (words = strchr(words, '|')); words++)
		n++;
	return n;
}

int words_find(const char *words, const char *word)
{
	size_t length = word ? strlen(word) : 0;
	for (int i = 0; word; i++) {
		size_t n = strcspn(words, "|");
		if (n == length && memcmp(words, word, n) == 0)
			return i;
		if (!words[n])
			break;
		words += n + 1;
	}
	return -1;
}

struct word words_at(const char *words, int i)
{
	struct word to;
	for (; i > 0; i--)
		words += strcspn(words, "|") + 1;
	snprintf(to.at, sizeof to.at, "%.*s", (int)strcspn(words, "|"), words);
	return to;
}

struct word words_number(double x)
{
	struct word to;
	const double size = fabs(x);
	snprintf(to.at, sizeof to.at, size > 0 && (size < 1e-3 || size >= 1e5) ? "%.4g" : "%.4f", x);
	return to;
}
