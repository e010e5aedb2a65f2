/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The kinds of networks that --model names, one row each, and what their layers are put together with. */
#ifndef BASIN_NETS_H
#define BASIN_NETS_H

#include "src/net/model.h"

struct net_kind {
	const char *name;   /* "mlp" */
	const char *usage;  /* "mlp:IN-HIDDEN-…-OUT" */
	bool normed;        /* has norms, so that --norm applies */
	/* Adds layers and segments to a model whose spec, activation, norm, input and outputs are set. `rest` is what
	 * follows the colon, or NULL. Errors: ERR_USAGE, ERR_MEMORY. */
	status (*build)(struct model *m, const char *rest);
};

extern const struct net_kind net_linear, net_mlp, net_lenet, net_resnet18, net_resnet20, net_resnet34, net_resnet50;
extern const struct net_kind *const net_kinds[];  /* NULL-terminated */

/* ---- layers; each of these appends one whose first input is layer `input` (or INPUT_BATCH) ---- */

/* The index of the last layer; where there is none yet, the batch stands for it. */
static inline int nets_last(const struct model *m)
{
	return m->n_layers ? m->n_layers - 1 : INPUT_BATCH;
}

/* Channels, height and width of what layer `input` gives. */
const int *nets_shape(const struct model *m, int input);

/* y = x Wᵀ + b with NAME.weight (out, in) and NAME.bias (out), both U(±1/√fan_in), PyTorch's default. */
status nets_linear(struct model *m, const char *name, int input, int out);

/* A square convolution of all channels with NAME.weight (out, in, kernel, kernel), U(±1/√fan_in), and NAME.bias (out)
 * where `bias`. PyTorch's default: Kaiming's uniform with a = √5 is that. */
struct conv_shape {
	int out, kernel, stride, pad;
	bool bias;
};
status nets_conv(struct model *m, const char *name, int input, struct conv_shape shape);

/* The model's norm comes in two steps, as tensors lie in torchvision's order and layers in the order they run in. The
 * first adds the tensors, NAME.weight 1 and NAME.bias 0 (channels); batch norm's NAME.running_mean 0 and
 * NAME.running_var 1 (channels) and NAME.num_batches_tracked 0, statistics; and for a filter response norm before a
 * ReLU NAME.tau 0 (channels), the threshold that stands for it. `norm` is then all but placed. */
status nets_norm_tensors(struct model *m, const char *name, int channels, bool activated, struct layer *norm);
/* The second appends it after layer `input`, with the output of layer `residual` added before the activation (or
 * INPUT_NONE). */
void nets_norm(struct model *m, const struct layer *norm, int input, int residual);

void nets_activation(struct model *m, int input);
void nets_pool(struct model *m, int input, enum pool pool, int kernel, int stride, int pad);
void nets_flatten(struct model *m, int input);

#endif
