/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "tests/each_isa.h"
#include "tests/layers.h"
#include "tests/tap.h"

/* What has kernels for every instruction set. */
static void kernels(struct device *d, const struct kernels *k)
{
	(void)k;
	check_small_layers(d);
	check_bf16_layers(d);
}

int main(void)
{
	struct device *d;
	MUST(backend_open("cpu", 2, &d));
	check_layers(d);
	d->ops->close(d);
	each_isa(kernels);
	return done_testing();
}
