/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/json_text.h"

#include <stdbool.h>
#include <stdlib.h>

char *json_text(const json_t *j)
{
	for (unsigned digits = 15;; digits++) {
		char *text = json_dumps(j, JSON_INDENT(2) | JSON_REAL_PRECISION(digits));
		if (!text || digits == 17)
			return text;
		json_t *back = json_loads(text, 0, NULL);
		bool exact = back && json_equal(back, j);
		json_decref(back);
		if (exact)
			return text;
		free(text);
	}
}
