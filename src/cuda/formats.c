/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* How a network's tensors lie: channels last behind convolutions, which is what tensor cores take as it is, and of one type
 * from the batch on. */
#include "src/cuda/cuda.h"

enum { CHANNELS = 8 };  /* a convolution's tensor cores take bf16 channels by so many */

/* Whether images enter through a convolution; networks of linear layers read PyTorch's order. */
static bool reads_images(const struct layer *layers, int n)
{
	for (int i = 0; i < n; i++)
		if (layers[i].kind == LAYER_CONV || layers[i].kind == LAYER_LINEAR)
			return layers[i].kind == LAYER_CONV;
	return false;
}

/* Whether convolutions alone read the batch: they leave out channels that their weights have not. */
static bool only_convolutions_read(const struct layer *layers, int n)
{
	for (int i = 0; i < n; i++)
		for (int k = 0; k < 2; k++)
			if (layers[i].input[k] == INPUT_BATCH && layers[i].kind != LAYER_CONV)
				return false;
	return true;
}

void cuda_formats(const struct device *d, const struct layer *layers, int n, enum precision precision,
                  struct batch_format *batch, struct format *out)
{
	(void)d;
	const bool bf16 = precision == PRECISION_BF16, images = reads_images(layers, n);
	batch->format = (struct format){bf16, images ? 0 : 1};
	if (bf16 && images && only_convolutions_read(layers, n))
		batch->channels = (batch->channels + CHANNELS - 1) / CHANNELS * CHANNELS;
	for (int i = 0; i < n; i++) {
		const struct layer *l = &layers[i];
		const bool flat = l->out[1] == 1 && l->out[2] == 1;
		out[i] = (struct format){bf16 && i < n - 1, flat ? 0 : batch->format.block};
	}
}
