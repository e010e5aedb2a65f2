/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* JSON as text: what was read is written, and read again as the same. */
#include <stdlib.h>
#include <string.h>

#include "src/json_text.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *path;
	json_t *first, *second;
	if (!path)
		path = fuzz_path("x.json");
	fuzz_put("x.json", &(struct part){data, size});
	if (json_text_read(path, &first) != OK)
		return 0;
	char *text = json_text(first);
	if (!text)
		fuzz_broken("what was read can't be written");
	fuzz_put("x.json", &(struct part){(const uint8_t *)text, strlen(text)});
	if (json_text_read(path, &second) != OK)
		fuzz_broken("what was written can't be read");
	if (!json_equal(first, second))
		fuzz_broken("what was written reads as something else");
	free(text);
	json_decref(first);
	json_decref(second);
	return 0;
}
