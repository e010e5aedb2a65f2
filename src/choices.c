/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/choices.h"

status choices_add(const json_t *own, json_t *into)
{
	/* jansson takes the other object without const, and changes nothing. */
	return json_object_update(into, (json_t *)own) == 0 ? OK : fail(ERR_MEMORY, "out of memory: the choices of algorithms");
}

status choices_replace(json_t **own, const json_t *known)
{
	json_t *copy = json_object();
	status s = choices_add(known, copy);
	if (s != OK) {
		json_decref(copy);
		return s;
	}
	json_decref(*own);
	*own = copy;
	return OK;
}
