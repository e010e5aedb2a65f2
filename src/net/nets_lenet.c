/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* LeNet-5 (LeCun, Bottou, Bengio & Haffner 1998, section II.B) as it is used today: 6-16-120-84 with full connections,
 * maximum pooling and a linear last layer. */
#include "src/net/nets.h"

enum {
	CONV = 5, POOL = 2,
	WHOLE = 32,   /* the size it was made for; what is smaller is padded by 2, as MNIST's 28 were */
	LEAST = 12    /* leaves one number a channel */
};

static status build_lenet(struct model *m, const char *rest)
{
	int h = m->input[1], w = m->input[2], pad = h < WHOLE || w < WHOLE ? 2 : 0;
	if (rest)
		return fail(ERR_USAGE, "{model} %s: lenet takes no sizes, the data gives them", m->spec);
	if (h < LEAST || w < LEAST)
		return fail(ERR_USAGE, "{model} %s: needs images of at least %d×%d; the data has %d×%d", m->spec, LEAST, LEAST, h, w);
	TRY(nets_conv(m, "conv1", INPUT_BATCH,
	              (struct conv_shape){.out = 6, .kernel = CONV, .stride = 1, .pad = pad, .bias = true}));
	nets_activation(m, nets_last(m));
	nets_pool(m, nets_last(m), POOL_MAX, POOL, POOL, 0);
	TRY(nets_conv(m, "conv2", nets_last(m), (struct conv_shape){.out = 16, .kernel = CONV, .stride = 1, .bias = true}));
	nets_activation(m, nets_last(m));
	nets_pool(m, nets_last(m), POOL_MAX, POOL, POOL, 0);
	nets_flatten(m, nets_last(m));
	TRY(nets_linear(m, "fc1", nets_last(m), 120));
	nets_activation(m, nets_last(m));
	TRY(nets_linear(m, "fc2", nets_last(m), 84));
	nets_activation(m, nets_last(m));
	return nets_linear(m, "fc3", nets_last(m), m->outputs);
}

const struct net_kind net_lenet = {.name = "lenet", .usage = "lenet", .build = build_lenet};
