/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Convolutional networks on a CUDA device: those that are shipped, on small images, with both norms and in both precisions. */
#include "tests/convnet_body.h"
#include "tests/cuda_driver.h"
#include "tests/tap.h"

/* Of bf16 the plain code rounds where the device does, so that what is left are sums that fall to another side of a rounding, and a
 * rectifier or a maximum that goes the other way for it. A deep network of so few images makes much of each, a ResNet-18 in bf16;
 * blocks alone do not. Filter response norm of one pixel a channel is its sign: images are larger there. Those that take longest are
 * none that FAST takes. */
static const struct convnet nets[] = {
	{"lenet", NULL, NULL, PRECISION_FP32, 32, 3, 1e-5, 1e-5},
	{"resnet18:cifar", NULL, "bn", PRECISION_FP32, 8, 4, 1e-5, 1e-4},
	{"resnet18:cifar", NULL, "bn", PRECISION_BF16, 16, 2, 2e-2, 0.5},
	{"resnet20", NULL, "bn", PRECISION_BF16, 16, 3, 2e-2, 3e-2},
	{"resnet50:cifar", "layer1.2.conv1.weight", "bn", PRECISION_BF16, 8, 4, 1e-2, 1e-2},
	{"resnet20", NULL, "frn", PRECISION_FP32, 8, 2, 1e-4, 1e-4},
	{"resnet20", NULL, "frn", PRECISION_BF16, 16, 2, 3e-2, 3e-2},
	{"resnet18:cifar", "layer4.0.conv1.weight", "frn", PRECISION_FP32, 8, 2, 1e-4, 1e-4},
	{"lenet", NULL, NULL, PRECISION_BF16, 32, 3, 2e-2, 1e-2},
	{"resnet18:cifar", "layer1.1.conv1.weight", "frn", PRECISION_BF16, 8, 4, 1e-2, 1e-2},
	{"resnet50:cifar", "layer1.2.conv1.weight", "bn", PRECISION_FP32, 8, 4, 1e-5, 1e-5},
	{"resnet20", NULL, "bn", PRECISION_FP32, 8, 4, 1e-5, 1e-4},
	{"resnet50:cifar", "layer2.1.conv1.weight", "frn", PRECISION_FP32, 8, 4, 1e-5, 1e-4},
	{"resnet18:cifar", "layer1.1.conv1.weight", "bn", PRECISION_BF16, 8, 4, 1e-2, 1e-2},
	{"resnet50:cifar", "layer1.2.conv1.weight", "frn", PRECISION_BF16, 8, 4, 1e-2, 1e-2},
	{"resnet50:cifar", "layer1.2.conv1.weight", "frn", PRECISION_FP32, 8, 4, 1e-5, 1e-5},
	{"resnet50:cifar", "layer2.1.conv1.weight", "bn", PRECISION_FP32, 8, 4, 1e-5, 1e-4},
};

int main(void)
{
	test_prefix(cuda_label);
	for (size_t i = 0; i < sizeof nets / sizeof *nets; i++) {
		if (!in_turn())
			continue;
		struct device *d = open_cuda();
		check_convnet(d, &nets[i]);
		d->ops->close(d);
	}
	return done_testing();
}
