/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The words of a command line, one a line: what basin sample makes of them before it begins, and each as
 * --normalize. */
#include <stdlib.h>
#include <string.h>

#include "commands/problem.h"
#include "tests/fuzz/fuzz.h"

enum { WORDS_MAX = 40 };

static void normalize(const char *word)
{
	static const uint8_t pixels[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
	const struct dataset images = {
		.n = 1, .element = ELEMENT_U8, .c = 3, .h = 2, .w = 2, .x = pixels, .n_classes = 2, .image = true,
	};
	struct normalize n;
	(void)normalize_parse(word, &images, &n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *words[WORDS_MAX + 1] = {(char[]){"sample"}}, *rest;
	char *text = malloc(size + 1);
	struct opts *o;
	struct problem p;
	int n = 1;
	if (!text)
		fuzz_broken("no memory");
	memcpy(text, data, size);
	text[size] = 0;
	for (char *word = strtok_r(text, "\n", &rest); word && n < WORDS_MAX; word = strtok_r(NULL, "\n", &rest)) {
		normalize(word);
		words[n++] = word;
	}
	if (opts_parse(&o, sample_tables, n, words) == OK) {
		if (!opts_flag(o, "help") && !opts_flag(o, "version") && problem_open(o, NULL, NULL, &p) == OK)
			problem_close(&p);
		opts_free(o);
	}
	free(text);
	return 0;
}
