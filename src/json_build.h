/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Building JSON without a condition at every member. What can't be finished is let go of and becomes NULL, and what is put
 * into NULL leaves it so: one look at the end tells whether an object is whole. Parts are made first and then put in their
 * place; what an object owns already is not built on. */
#ifndef BASIN_JSON_BUILD_H
#define BASIN_JSON_BUILD_H

#include <stdbool.h>

#include <jansson.h>

#include "src/err.h"
#include "src/json_words.h"

/* Sets a member of *object. Takes the value over; NULL stands for one that could not be made. */
void json_put(json_t **object, const char *name, json_t *value);

/* The same with a value that somebody else goes on holding. */
void json_put_shared(json_t **object, const char *name, const json_t *value);

/* Puts a value at the end of *array, and takes it over likewise. */
void json_add(json_t **array, json_t *value);

/* Puts a text at the end of *list, one of texts, where that lacks it. */
void json_add_new(json_t **list, const char *text);

/* Gives an object the members of another one that it lacks. False without memory, of which json_object_update_missing says
 * nothing; the object then has some of them. */
bool json_add_missing(json_t *object, const json_t *other);

/* What jansson's NULL is owed to, which it gives without memory as well as for what is no JSON: ERR_MEMORY or, saying
 * `words`, `other`. errno tells; it must have been 0 before the call. */
status json_failed(status other, const char *words);

#endif
