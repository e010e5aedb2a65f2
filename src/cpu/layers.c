/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/cpu/layers.h"

const struct layer_ops *const cpu_layers[LAYER_KINDS] = {
	[LAYER_LINEAR] = &cpu_linear,
	[LAYER_ACTIVATION] = &cpu_activation,
	[LAYER_CONV] = &cpu_conv,
	[LAYER_POOL] = &cpu_pool,
	[LAYER_FLATTEN] = &cpu_flatten,
	[LAYER_NORM] = &cpu_norm,
};
