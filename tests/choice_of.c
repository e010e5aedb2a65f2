/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "tests/choice_of.h"

#include <string.h>

const char *choice_of(json_t *choices, const char *key)
{
	static const char behind[] = " of ";
	const size_t n = strlen(key);
	const char *name;
	json_t *text;
	json_object_foreach(choices, name, text)
		if (strncmp(name, key, n) == 0 && strncmp(name + n, behind, strlen(behind)) == 0)
			return json_string_value(text);
	return NULL;
}
