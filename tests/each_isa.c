/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/each_isa.h"

#include <stdlib.h>

#include "tests/tap.h"

void each_isa(void (*check)(struct device *d, const struct kernels *k))
{
	for (int i = 0; kernels_all[i]; i++) {
		const struct kernels *k = kernels_all[i];
		struct device *d;
		if (!kernels_usable(k)) {
			skip(k->name, "this processor has no such instructions");
			continue;
		}
		note("instruction set %s", k->name);
		setenv("BASIN_ISA", k->name, 1);
		MUST(backend_open("cpu", 2, &d));
		check(d, k);
		d->ops->close(d);
	}
	unsetenv("BASIN_ISA");
}
