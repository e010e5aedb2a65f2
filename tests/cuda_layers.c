/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Rows, losses and layers on a CUDA device: what every backend must do, and what is CUDA's alone. */
#include "tests/backend_body.h"
#include "tests/cuda_driver.h"
#include "tests/layers.h"
#include "tests/tap.h"

int main(void)
{
	struct device *d = open_cuda();
	check_formats(d, cuda_label);
	check_gather(d, cuda_label);
	check_loss(d, cuda_label);
	test_prefix(cuda_label);
	check_layers(d);
	check_small_layers(d);
	check_bf16_layers(d);
	d->ops->close(d);
	return done_testing();
}
