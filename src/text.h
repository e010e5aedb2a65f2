/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A line of text that is put together piece by piece; what has no room is cut. */
#ifndef BASIN_TEXT_H
#define BASIN_TEXT_H

#include <stddef.h>

struct text {
	char at[2048];   /* ends with a zero */
	size_t n;        /* bytes before it */
};

void text_add(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds a word of a list, with `between` in front of all but the first. */
void text_list(struct text *t, const char *between, const char *word);

/* Adds an amount of memory, "3.2 GB" (of 10⁹ bytes). Returns the whole text, as text_path does. */
const char *text_amount(struct text *t, size_t bytes);

/* How many of the bytes that are left the UTF-8 character at `at` takes; 0 where none does (Unicode 15, table 3-7: no overlong
 * forms, no surrogates, nothing beyond U+10FFFF). */
size_t text_character(const unsigned char *at, size_t left);

/* Adds a word as a command that is offered must have it: quoted where a shell takes it for itself so alone, in $'' where it
 * holds control characters. Returns the whole text. */
const char *text_word(struct text *t, const char *word);

/* The same for a path, which no program takes for an option then, for text_path(&(struct text){.n = 0}, path) among a message's
 * arguments. */
const char *text_path(struct text *t, const char *path);

#endif
