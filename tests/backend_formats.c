/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What holds of the tensors' layouts on every device. */
#include "tests/backend_body.h"
#include "src/layer.h"
#include "tests/tap.h"

enum { LAYERS = 9 };

static struct layer layer_of(enum layer_kind kind, int input, int in, int in_side, int out, int side)
{
	return (struct layer){.kind = kind, .input = {input, INPUT_NONE}, .in = {in, in_side, in_side},
	                      .out = {out, side, side}};
}

static void check_rules(struct device *d, const char *label, const char *name, const struct layer *l, int n)
{
	for (int precision = PRECISION_FP32; precision <= PRECISION_BF16; precision++) {
		struct batch_format batch = {.channels = l[0].in[0]};
		struct format out[LAYERS];
		d->ops->formats(d, l, n, (enum precision)precision, &batch, out);
		bool bf16 = precision == PRECISION_BF16, whole = true, flat = true, type = bf16 || !batch.format.bf16;
		for (int i = 0; i < n; i++) {
			whole = whole && (!out[i].block || l[i].out[0] % out[i].block == 0);
			flat = flat && (l[i].out[1] > 1 || !out[i].block);
			type = type && (bf16 || !out[i].bf16);
		}
		ok(batch.channels >= l[0].in[0] && (!batch.format.block || batch.channels % batch.format.block == 0),
		   "%s: %s in %s: the batch has the data's channels, or more, in whole blocks", label, name, bf16 ? "bf16" : "fp32");
		ok(whole && flat, "%s: %s: blocks hold whole channels, flat tensors have none", label, name);
		ok(type && !out[n - 1].bf16, "%s: %s: fp32 is float32 everywhere, the last tensor in either", label, name);
	}
}

void check_formats(struct device *d, const char *label)
{
	const struct layer mlp[] = {
		layer_of(LAYER_LINEAR, -1, 64, 1, 32, 1), layer_of(LAYER_ACTIVATION, 0, 32, 1, 32, 1),
		layer_of(LAYER_LINEAR, 1, 32, 1, 10, 1),
	};
	const struct layer residual[] = {
		layer_of(LAYER_CONV, -1, 3, 32, 64, 32), layer_of(LAYER_NORM, 0, 64, 32, 64, 32),
		layer_of(LAYER_POOL, 1, 64, 32, 64, 16), layer_of(LAYER_CONV, 2, 64, 16, 128, 16),
		layer_of(LAYER_NORM, 3, 128, 16, 128, 16), layer_of(LAYER_POOL, 4, 128, 16, 128, 1),
		layer_of(LAYER_LINEAR, 5, 128, 1, 10, 1),
	};
	const struct layer many[] = {
		layer_of(LAYER_CONV, -1, 16, 32, 64, 32), layer_of(LAYER_NORM, 0, 64, 32, 64, 32),
		layer_of(LAYER_CONV, 1, 64, 32, 64, 32), layer_of(LAYER_NORM, 2, 64, 32, 64, 32),
		layer_of(LAYER_POOL, 3, 64, 32, 64, 1), layer_of(LAYER_LINEAR, 4, 64, 1, 10, 1),
	};
	const struct layer lenet[LAYERS] = {
		layer_of(LAYER_CONV, -1, 3, 32, 6, 28), layer_of(LAYER_ACTIVATION, 0, 6, 28, 6, 28),
		layer_of(LAYER_POOL, 1, 6, 28, 6, 14), layer_of(LAYER_CONV, 2, 6, 14, 16, 10),
		layer_of(LAYER_POOL, 3, 16, 10, 16, 5), layer_of(LAYER_FLATTEN, 4, 16, 5, 400, 1),
		layer_of(LAYER_LINEAR, 5, 400, 1, 120, 1), layer_of(LAYER_ACTIVATION, 6, 120, 1, 120, 1),
		layer_of(LAYER_LINEAR, 7, 120, 1, 10, 1),
	};
	check_rules(d, label, "mlp", mlp, 3);
	check_rules(d, label, "a residual network", residual, 7);
	check_rules(d, label, "images of many channels", many, 6);
	check_rules(d, label, "lenet", lenet, LAYERS);
}
