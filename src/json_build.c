/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/json_build.h"

#include <errno.h>
#include <string.h>

static void json_let_go(json_t **unfinished)
{
	json_decref(*unfinished);
	*unfinished = NULL;
}

void json_put(json_t **object, const char *name, json_t *value)
{
	if (json_object_set_new(*object, name, value) != 0)
		json_let_go(object);
}

void json_put_shared(json_t **object, const char *name, const json_t *value)
{
	json_put(object, name, json_incref((json_t *)value));
}

void json_add(json_t **array, json_t *value)
{
	if (json_array_append_new(*array, value) != 0)
		json_let_go(array);
}

void json_add_new(json_t **list, const char *text)
{
	size_t at;
	json_t *other;
	json_array_foreach(*list, at, other)
		if (strcmp(json_string_value(other), text) == 0)
			return;
	json_add(list, json_string(text));
}

bool json_add_missing(json_t *object, const json_t *other)
{
	const char *name;
	json_t *value;
	json_object_foreach((json_t *)other, name, value)
		if (!json_object_get(object, name) && json_object_set(object, name, value) != 0)
			return false;
	return object && other;
}

status json_failed(status other, const char *words)
{
	return errno == ENOMEM ? fail(ERR_MEMORY, "out of memory") : fail(other, "%s", words);
}
