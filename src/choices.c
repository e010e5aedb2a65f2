/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/choices.h"

#include "src/backend.h"
#include "src/json_build.h"

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

status choices_join(json_t *all, const json_t *more)
{
	const char *device;
	json_t *choices;
	bool good = true;
	json_object_foreach((json_t *)more, device, choices) {
		if (!json_object_get(all, device))
			good = json_object_set_new(all, device, json_object()) == 0 && good;
		good = good && json_add_missing(json_object_get(all, device), choices);
	}
	return good ? OK : fail(ERR_MEMORY, "out of memory: the choices of algorithms");
}

status choices_give(const json_t *all, struct device *d, bool bind)
{
	const json_t *known = json_object_get(all, d->ops->name);
	return known ? d->ops->choices_load(d, known, bind) : OK;
}
