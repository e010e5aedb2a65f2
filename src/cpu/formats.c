/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* How a network's tensors lie, so that oneDNN's fastest implementations take them as they are. */
#include "src/cpu/cpu.h"

#include "src/cpu/conv_planes.h"
#include "src/cpu/onednn.h"

static bool is_convolution(const struct layer *l)
{
	return l->kind == LAYER_CONV;
}

/* Whether images enter through a convolution; networks of linear layers read PyTorch's order. */
static bool reads_images(const struct layer *layers, int n)
{
	for (int i = 0; i < n; i++)
		if (is_convolution(&layers[i]) || layers[i].kind == LAYER_LINEAR)
			return is_convolution(&layers[i]);
	return false;
}

/* Whether all convolutions are of the few channels that lie best in planes, and nothing between them minds. */
static bool all_in_planes(const struct layer *layers, int n)
{
	for (int i = 0; i < n; i++)
		if (layers[i].kind == LAYER_NORM || (is_convolution(&layers[i]) && !conv_planes_fit(&layers[i])))
			return false;
	return true;
}

/* Channels in blocks as wide as a vector register are the fastest layout in float32, where every convolution has whole
 * blocks of them; only one that reads the batch itself may have others. Everything else has channels last. */
static int convolution_block(const struct layer *layers, int n, bool bf16)
{
	int block = onednn_block();
	if (bf16 || !block)
		return 0;
	if (all_in_planes(layers, n))
		return 1;
	for (int i = 0; i < n; i++) {
		const struct layer *l = &layers[i];
		if (is_convolution(l) && (l->out[0] % block || (l->in[0] % block && l->input[0] != INPUT_BATCH)))
			return 0;
	}
	return block;
}

static struct format format_of(const struct layer *l, struct format x, bool bf16, int block)
{
	switch (l->kind) {
	case LAYER_CONV:
		/* Its factors are of one type. Norms give bf16; what comes from the batch without one in between, the few
		 * channels of an image or of a small network, stays float32: oneDNN multiplies bf16 well from 16 channels
		 * on. */
		return (struct format){x.bf16, block};
	case LAYER_LINEAR:
	case LAYER_FLATTEN:
		return (struct format){bf16, 0};
	case LAYER_NORM:
		return (struct format){bf16, x.block};
	default:
		return x;
	}
}

void cpu_formats(const struct device *d, const struct layer *layers, int n, enum precision precision, struct batch_format *batch,
                 struct format *out)
{
	(void)d;
	bool bf16 = precision == PRECISION_BF16, images = reads_images(layers, n);
	int block = convolution_block(layers, n, bf16);
	batch->format = (struct format){false, images && !block ? 0 : 1};
	for (int i = 0; i < n; i++) {
		const struct layer *l = &layers[i];
		out[i] = format_of(l, l->input[0] < 0 ? batch->format : out[l->input[0]], bf16, block);
		if (l->out[1] == 1 && l->out[2] == 1)
			out[i].block = 0;
		if (i == n - 1)
			out[i].bf16 = false;
	}
}
