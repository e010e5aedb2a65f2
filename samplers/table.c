/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include <string.h>

#include "samplers/sampler.h"

#define ROW(id, name, title) &sampler_##id,
const struct sampler *const samplers[] = {METHODS(ROW) NULL};

#define NAME(id, name, title) ", " name

status sampler_find(const char *name, const struct sampler **out)
{
	for (const struct sampler *const *s = samplers; *s; s++)
		if (strcmp((*s)->name, name) == 0) {
			*out = *s;
			return OK;
		}
	return fail(ERR_USAGE, "{sampler} %s: unknown method; there are %s", name, METHODS(NAME) + 2);
}
