/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include <string.h>

#include "samplers/sampler.h"

#define ROW(id, name, title) &sampler_##id,
const struct sampler *const samplers[] = {METHODS(ROW) NULL};

#define NAME(id, name, title) ", " name

const struct sampler *sampler_named(const char *name)
{
	for (const struct sampler *const *s = samplers; name && *s; s++)
		if (strcmp((*s)->name, name) == 0)
			return *s;
	return NULL;
}

status sampler_find(const char *name, const struct sampler **out)
{
	const struct sampler *s = sampler_named(name);
	if (!s)
		return fail(ERR_USAGE, "{sampler} %s: unknown method; there are %s", name, METHODS(NAME) + 2);
	*out = s;
	return OK;
}
