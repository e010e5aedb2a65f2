/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The CPU's norms with every instruction set that this processor runs. */
#include <stdlib.h>

#include "cpu/kernels.h"
#include "layers.h"
#include "tap.h"

int main(void)
{
	for (int i = 0; kernels_all[i]; i++) {
		struct device *d;
		if (!kernels_usable(kernels_all[i]))
			continue;
		note("instruction set %s", kernels_all[i]->name);
		setenv("BASIN_ISA", kernels_all[i]->name, 1);
		MUST(backend_open("cpu", 2, &d));
		check_norms(d);
		d->ops->close(d);
	}
	return done_testing();
}
