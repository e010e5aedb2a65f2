/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The methods there are: a row each. */
#include <stdio.h>
#include <string.h>

#include "samplers/sampler.h"

const struct sampler *const samplers[] = {
	&sampler_sgd,
	&sampler_sgld,
	&sampler_fsgld,
	&sampler_entropy_sgd,
	&sampler_entropy_sgld,
	&sampler_entropy_mcmc,
	NULL,
};

status sampler_find(const char *name, const struct sampler **out)
{
	char names[256] = "";
	for (const struct sampler *const *s = samplers; *s; s++) {
		if (strcmp((*s)->name, name) == 0) {
			*out = *s;
			return OK;
		}
		size_t used = strlen(names);
		snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "", (*s)->name);
	}
	return fail(ERR_USAGE, "{sampler} %s: unknown method; there are %s", name, names);
}
