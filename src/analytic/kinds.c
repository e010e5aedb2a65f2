/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include <string.h>

#include "src/analytic/target.h"

const struct analytic_kind *const analytic_kinds[] = {
	&analytic_gaussian, &analytic_double_well, &analytic_banana, &analytic_mixture, &analytic_wells, &analytic_basins,
	&analytic_quadratics, NULL,
};

const struct analytic_kind *analytic_kind(const char *spec)
{
	for (const struct analytic_kind *const *k = analytic_kinds; *k; k++) {
		size_t n = strlen((*k)->name);
		if (strncmp(spec, (*k)->name, n) == 0 && (spec[n] == ':' || !spec[n]))
			return *k;
	}
	return NULL;
}
