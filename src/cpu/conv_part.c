/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/cpu/conv.h"

static status make_gemm(const struct onednn *o, const struct onednn_conv *c, struct conv_part *part)
{
	if (c->direction != API_WEIGHTS || !conv_gemm_can(c))
		return OK;
	TRY(conv_gemm_make(o, c, &part->gemm));
	part->made = true;
	return OK;
}

status conv_part_make(struct device *d, const struct onednn *o, const struct onednn_conv *c, enum conv_algo algo, struct conv_part *part)
{
	struct onednn_conv wanted = *c;
	struct onednn_weights weights = {0};
	*part = (struct conv_part){.algo = algo};
	if (algo == CONV_GEMM)
		return make_gemm(o, c, part);
	wanted.winograd = algo == CONV_WINOGRAD || algo == CONV_LIBRARY_WINOGRAD;
	part->own = algo == CONV_WINOGRAD && conv_winograd_can(d, c);
	if (!part->own)
		TRY(onednn_conv(o, &wanted, &part->op, &weights));
	if (part->own)
		conv_winograd_make(c, &part->winograd, &weights);
	else if (!part->op.primitive)
		return OK;
	part->made = true;
	part->reference = weights.reference;
	status s = conv_weights_make(&wanted, &weights, &part->weights);
	if (s != OK)
		conv_part_drop(part);
	return s;
}

void conv_part_drop(struct conv_part *part)
{
	onednn_op_close(&part->op);
	conv_weights_drop(&part->weights);
	conv_gemm_drop(&part->gemm);
	*part = (struct conv_part){0};
}

status conv_part_run(struct device *d, const struct onednn *o, struct conv_part *part, const void *from, const void *weights,
                     const void *bias, void *to)
{
	if (part->own)
		return conv_winograd_run(d, &part->winograd, from, weights, bias, to);
	return onednn_run(o, &part->op, (const void *[]){from, weights, to, bias});
}

status conv_part_gradient(struct device *d, const struct onednn *o, struct conv_part *part, const void *x, const void *dy,
                          bool add, float *gradient)
{
	float *own;
	if (part->algo == CONV_GEMM)
		return conv_gemm_run(d, o, &part->gemm, x, dy, add, gradient);
	if (part->own)
		return conv_winograd_gradient(d, &part->winograd, x, dy, add, gradient);
	TRY(cpu_scratch(d, part->weights.bytes, (void **)&own));
	status s = onednn_run(o, &part->op, (const void *[]){x, dy, own});
	if (s == OK)
		conv_weights_read(d, &part->weights, own, add, gradient);
	cpu_scratch_return(d);
	return s;
}
