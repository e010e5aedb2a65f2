/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Convolutions on a CUDA device: what every backend must do. */
#include "tests/conv.h"
#include "tests/cuda_driver.h"
#include "tests/tap.h"

static const struct format last = {false, 0}, half = {true, 0};

int main(void)
{
	struct device *d = open_cuda();
	test_prefix(cuda_label);
	check_conv(d, last, PRECISION_FP32, CONV_AUTO, 1, "float32");
	check_conv_apart(d, half, PRECISION_BF16, CONV_AUTO, 1, "bf16");
	check_conv(d, last, PRECISION_FP32, CONV_DIRECT, 1, "direct, float32");
	check_conv_folded(d, last, PRECISION_FP32, CONV_AUTO, "float32");
	check_conv_folded(d, half, PRECISION_BF16, CONV_AUTO, "bf16");
	check_conv_entry(d, last, last, PRECISION_FP32, "an image's channels");
	check_conv_entry(d, half, half, PRECISION_BF16, "an image's channels, bf16");
	check_conv_bits(d, half, PRECISION_BF16, CONV_AUTO, "bf16");
	check_conv_noise(d, last, PRECISION_FP32, "float32");
	check_conv_noise(d, half, PRECISION_BF16, "bf16");
	d->ops->close(d);
	return done_testing();
}
