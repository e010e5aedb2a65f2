/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cpu/conv.h"

status conv_part_make(const struct onednn *o, const struct onednn_conv *c, enum conv_algo algo, struct conv_part *part)
{
	struct onednn_conv wanted = *c;
	struct onednn_weights weights;
	wanted.winograd = algo == CONV_WINOGRAD;
	*part = (struct conv_part){.algo = algo};
	TRY(onednn_conv(o, &wanted, &part->op, &weights));
	if (!part->op.primitive)
		return OK;
	status s = conv_weights_make(&wanted, &weights, &part->weights);
	if (s != OK)
		conv_part_drop(part);
	return s;
}

void conv_part_drop(struct conv_part *part)
{
	onednn_op_close(&part->op);
	conv_weights_drop(&part->weights);
	*part = (struct conv_part){0};
}

status conv_part_gradient(struct device *d, const struct onednn *o, struct conv_part *part, const void *x, const void *dy,
                          bool add, float *gradient)
{
	float *own;
	TRY(cpu_scratch(d, part->weights.bytes, (void **)&own));
	TRY(onednn_run(o, &part->op, (const void *[]){x, dy, own}));
	conv_weights_read(d, &part->weights, own, add, gradient);
	return OK;
}
