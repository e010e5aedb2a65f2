/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The CPU's norms with every instruction set that this processor runs. */
#include "tests/each_isa.h"
#include "tests/layers.h"
#include "tests/tap.h"

static void norms(struct device *d, const struct kernels *k)
{
	(void)k;
	check_norms(d);
}

int main(void)
{
	each_isa(norms);
	return done_testing();
}
