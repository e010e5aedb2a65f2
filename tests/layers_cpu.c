/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "tests/each_isa.h"
#include "tests/layers.h"
#include "tests/tap.h"

/* What has kernels for every instruction set. */
static void kernels(struct device *d, const struct kernels *k)
{
	(void)k;
	check_layers(d);
	check_small_layers(d);
	check_bf16_layers(d);
}

int main(void)
{
	each_isa(kernels);
	return done_testing();
}
