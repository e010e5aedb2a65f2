/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "commands/tensor_list.h"

#include <stdio.h>
#include <string.h>

#include "commands/report.h"
#include "src/json_build.h"

json_t *tensor_list(const struct segments *segments)
{
	json_t *list = json_array();
	for (int i = 0; i < segments->n; i++) {
		const struct segment *g = &segments->at[i];
		json_t *shape = json_array();
		for (int j = 0; j < g->ndim; j++)
			json_add(&shape, json_integer(g->shape[j]));
		json_add(&list, json_pack("{s:s, s:o, s:I, s:I}", "name", g->name, "shape", shape, "offset",
		                          (json_int_t)g->offset, "count", (json_int_t)g->count));
	}
	return list;
}

static const char *name_of(const json_t *tensor)
{
	return json_string_value(json_object_get(tensor, "name"));
}

/* "64×3×3×3"; a tensor without dimensions is one number. */
static void print_shape(const json_t *sides)
{
	size_t i;
	const json_t *side;
	if (json_array_size(sides) == 0)
		fputs("scalar", stdout);
	json_array_foreach((json_t *)sides, i, side)
		printf("%s%lld", i ? "×" : "", (long long)json_integer_value(side));
}

void tensor_list_print(const json_t *const *list, int n)
{
	size_t i;
	const json_t *tensor;
	int widest = 0;
	for (int k = 0; k < n; k++)
		json_array_foreach((json_t *)list[k], i, tensor)
			widest = (int)strlen(name_of(tensor)) > widest ? (int)strlen(name_of(tensor)) : widest;
	for (int k = 0; k < n; k++)
		json_array_foreach((json_t *)list[k], i, tensor) {
			report_words(name_of(tensor), stdout);
			printf("%*s %10lld  ", widest - (int)strlen(name_of(tensor)), "",
			       (long long)json_integer_value(json_object_get(tensor, "count")));
			print_shape(json_object_get(tensor, "shape"));
			putchar('\n');
		}
}
