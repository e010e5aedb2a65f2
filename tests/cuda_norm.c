/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Norms on a CUDA device: what every backend must do, and what is CUDA's alone. */
#include "tests/cuda_driver.h"
#include "tests/layers.h"
#include "tests/tap.h"

int main(void)
{
	struct device *d = open_cuda();
	test_prefix(cuda_label);
	check_norms(d);
	d->ops->close(d);
	return done_testing();
}
