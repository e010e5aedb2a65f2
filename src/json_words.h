/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Names and paths are bytes, and JSON is UTF-8: one escape keeps the rest. A byte that is no part of valid UTF-8 becomes the
 * four characters \xHH, its number in upper-case hexadecimal digits; a backslash that stands in front of such an xHH becomes
 * \x5C, so that every \xHH is an escape. What is UTF-8 is otherwise left as it is: nearly every name reads the same. */
#ifndef BASIN_JSON_WORDS_H
#define BASIN_JSON_WORDS_H

#include <stdbool.h>

#include <jansson.h>

#include "src/arena.h"

/* A text of any bytes. NULL without memory. */
json_t *json_words(const char *text);

/* The first byte that a text from JSON stands for, and *text moved on to the next; 0 at its end. \x00, which no name holds, is
 * no escape. */
unsigned char json_words_byte(const char **text);

/* Turns a text from JSON into its bytes, in place. */
void json_words_bytes(char *text);

/* The bytes that a string stands for, in the arena; NULL for what is no string, or holds a zero. Errors: ERR_MEMORY. */
status json_words_read(const json_t *j, struct arena *a, const char **out);

/* Whether a string stands for these bytes. */
bool json_words_are(const json_t *j, const char *text);

#endif
