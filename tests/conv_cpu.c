/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "conv.h"
#include "tap.h"

int main(void)
{
	struct device *d;
	MUST(backend_open("cpu", 2, &d));
	check_conv(d, (struct format){false, 16}, PRECISION_FP32, CONV_DIRECT, 1, "direct, blocks of 16");
	check_conv(d, (struct format){false, 8}, PRECISION_FP32, CONV_DIRECT, 1, "direct, blocks of 8");
	check_conv(d, (struct format){false, 0}, PRECISION_FP32, CONV_DIRECT, 1, "direct, channels last");
	check_conv(d, (struct format){true, 0}, PRECISION_BF16, CONV_DIRECT, 1, "direct, bf16");
	check_conv(d, (struct format){false, 16}, PRECISION_FP32, CONV_WINOGRAD, 40, "Winograd, blocks of 16");
	check_conv(d, (struct format){false, 16}, PRECISION_FP32, CONV_GEMM, 1, "matrix product, blocks of 16");
	check_conv(d, (struct format){false, 8}, PRECISION_FP32, CONV_GEMM, 1, "matrix product, blocks of 8");
	check_conv(d, (struct format){false, 0}, PRECISION_FP32, CONV_GEMM, 1, "matrix product, channels last");
	check_conv(d, (struct format){true, 0}, PRECISION_BF16, CONV_GEMM, 1, "matrix product, bf16");
	check_conv(d, (struct format){false, 16}, PRECISION_FP32, CONV_AUTO, 40, "measured, blocks of 16");
	d->ops->close(d);
	return done_testing();
}
