/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* JSON as text for people: 0.1, not 0.10000000000000001. */
#ifndef BASIN_JSON_TEXT_H
#define BASIN_JSON_TEXT_H

#include <jansson.h>

#include "src/err.h"

/* The fewest digits, 15 to 17, from which x reads back exactly. */
int json_digits(double x);

/* Indented, with the fewest digits (15 to 17) from which every real number reads back exactly. The caller frees it with
 * free(); NULL without memory, or where a number is not finite. */
char *json_text(const json_t *j);

/* A file's JSON, the caller's to free. No key may come twice. Not while another thread uses jansson, whose calls for memory
 * are watched meanwhile. Errors: ERR_INPUT, naming the line, and ERR_MEMORY. */
status json_text_read(const char *path, json_t **out);

#endif
