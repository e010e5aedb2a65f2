/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Convolutional networks on a CUDA device: those that are shipped, on small images, with both norms and in both precisions. */
#include <stdlib.h>

#include "tests/convnet_body.h"
#include "tests/cuda_driver.h"
#include "tests/tap.h"

/* In bf16 a random network of so few images has rectifiers and maxima that go the other way, and so has a ResNet-50 with batch norm in
 * float32: gradients of the CPU's are as far off. Filter response norm of one pixel a channel is its sign: images are larger there.
 * Those that take longest are none that FAST takes. */
static const struct convnet nets[] = {
	{"lenet", NULL, PRECISION_FP32, 32, 3, 1e-5, 1e-5},
	{"resnet18:cifar", "bn", PRECISION_FP32, 8, 4, 1e-5, 1e-4},
	{"resnet18:cifar", "bn", PRECISION_BF16, 16, 2, 2e-2, 0.5},
	{"resnet20", "bn", PRECISION_BF16, 16, 3, 2e-2, 0.5},
	{"resnet20", "frn", PRECISION_FP32, 8, 2, 1e-4, 1e-4},
	{"resnet20", "frn", PRECISION_BF16, 16, 2, 3e-2, 0.5},
	{"resnet18:cifar", "frn", PRECISION_FP32, 16, 2, 1e-4, 1e-4},
	{"resnet50:cifar", "bn", PRECISION_FP32, 8, 4, 1e-4, 5e-2},
	{"lenet", NULL, PRECISION_BF16, 32, 3, 2e-2, 0.2},
	{"resnet20", "bn", PRECISION_FP32, 8, 4, 1e-5, 1e-4},
	{"resnet50:cifar", "frn", PRECISION_FP32, 16, 2, 1e-4, 1e-4},
};

int main(void)
{
	test_prefix(cuda_label);
	for (size_t i = 0; i < sizeof nets / sizeof *nets; i++) {
		if (!in_turn())
			continue;
		/* In one stream, and in two also where convolutions are small. */
		setenv("BASIN_CUDA_STREAMS", i % 2 ? "1" : "2", 1);
		struct device *d = open_cuda();
		check_convnet(d, &nets[i]);
		d->ops->close(d);
	}
	return done_testing();
}
