/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/json_numbers.h"

#include <math.h>

#include "src/json_build.h"

json_t *json_numbers(const double *x, int n)
{
	json_t *a = json_array();
	for (int i = 0; i < n; i++)
		json_add(&a, isfinite(x[i]) ? json_real(x[i]) : json_null());
	return a;
}

status json_numbers_read(const json_t *owner, const char *name, size_t n, double *x, bool *found)
{
	const json_t *list = json_object_get(owner, name);
	*found = list && !json_is_null(list);
	if (!*found)
		return OK;
	if (json_array_size(list) != n)
		return fail(ERR_INPUT, "the header's %s has %zu numbers; the model asks for %zu", name, json_array_size(list), n);
	for (size_t i = 0; i < n; i++)
		x[i] = json_number_value(json_array_get(list, i));
	return OK;
}
