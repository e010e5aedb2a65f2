/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "tests/each_isa.h"

#include <stdlib.h>

#include "tests/tap.h"

/* The sets stand best first, plain C last. */
static bool is_between(int i, int best)
{
	return i != best && kernels_all[i + 1];
}

void each_isa(void (*check)(struct device *d, const struct kernels *k))
{
	int best = 0;
	while (!kernels_usable(kernels_all[best]))
		best++;
	for (int i = 0; kernels_all[i]; i++) {
		const struct kernels *k = kernels_all[i];
		struct device *d;
		if (!kernels_usable(k)) {
			skip(k->name, "this processor has no such instructions");
			continue;
		}
		if (in_haste() && is_between(i, best))
			continue;
		note("instruction set %s", k->name);
		setenv("BASIN_ISA", k->name, 1);
		MUST(backend_open("cpu", 2, &d));
		check(d, k);
		d->ops->close(d);
	}
	unsetenv("BASIN_ISA");
}
