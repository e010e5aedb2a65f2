/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* One instruction set's kernels as a table. */
#include "src/cpu/kernels.h"

#define ISA_TEXT_(isa) #isa
#define ISA_TEXT(isa) ISA_TEXT_(isa)

extern const struct kernels KERNEL(kernels);

const struct kernels KERNEL(kernels) = {
	.name = ISA_TEXT(ISA),
	.lanes = LANES,
	.normals = KERNEL(normals),
	.fractions = KERNEL(fractions),
	.normals_of_words = KERNEL(normals_of_words),
	.affine = KERNEL(affine),
	.prior = KERNEL(prior),
	.dot = KERNEL(dot),
	.pointwise = KERNEL(pointwise),
	.row_u8 = KERNEL(row_u8),
	.row_f32 = KERNEL(row_f32),
	.loss = KERNEL(loss),
	.loss_params = KERNEL(loss_params),
	.activate = KERNEL(activate),
	.activate_backward = KERNEL(activate_backward),
	.activate_bend = KERNEL(activate_bend),
	.sum = KERNEL(sum),
	.sum_bf16 = KERNEL(sum_bf16),
	.convert = KERNEL(convert),
	.transpose = KERNEL(transpose),
	.product = KERNEL(product),
	.turn = KERNEL(turn),
	.pool = KERNEL(pool),
	.pool_backward = KERNEL(pool_backward),
	.pool_pairs = KERNEL(pool_pairs),
	.pool_pairs_backward = KERNEL(pool_pairs_backward),
	.column_sums = KERNEL(column_sums),
	.permute = KERNEL(permute),
	.permute_bf16 = KERNEL(permute_bf16),
	.untile = KERNEL(untile),
	.norm_moments = KERNEL(norm_moments),
	.norm_forward = KERNEL(norm_forward),
	.norm_sums = KERNEL(norm_sums),
	.norm_backward = KERNEL(norm_backward),
	.norm_products = KERNEL(norm_products),
	.norm_jvp = KERNEL(norm_jvp),
	.norm_hvp = KERNEL(norm_hvp),
	.planes_spread = KERNEL(planes_spread),
	.planes_conv = KERNEL(planes_conv),
	.planes_gradient = KERNEL(planes_gradient),
	.examples_conv = KERNEL(examples_conv),
	.examples_gradient = KERNEL(examples_gradient),
	.lane_sums = KERNEL(lane_sums),
	.winograd_windows = KERNEL(winograd_windows),
	.winograd_tiles = KERNEL(winograd_tiles),
	.winograd_weights = KERNEL(winograd_weights),
	.winograd_finish = KERNEL(winograd_finish),
	.winograd_gradient = KERNEL(winograd_gradient),
};
