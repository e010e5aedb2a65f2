/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "cpu/kernels.h"
#include "layers.h"
#include "tap.h"

int main(void)
{
	struct device *d;
	MUST(backend_open("cpu", 2, &d));
	check_layers(d);
	d->ops->close(d);
	/* What has kernels for every instruction set. */
	for (int i = 0; kernels_all[i]; i++) {
		if (!kernels_usable(kernels_all[i])) {
			skip(kernels_all[i]->name, "this processor has no such instructions");
			continue;
		}
		setenv("BASIN_ISA", kernels_all[i]->name, 1);
		MUST(backend_open("cpu", 2, &d));
		note("instruction set %s", kernels_all[i]->name);
		check_small_layers(d);
		check_bf16_layers(d);
		d->ops->close(d);
	}
	return done_testing();
}
