/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/cuda/layers.h"

#include "src/cuda/cuda.h"

/* Kinds that are not here have no CUDA kernels: whoever plans a network asks first. */
const struct layer_ops *const cuda_layers[LAYER_KINDS] = {
	[LAYER_LINEAR] = &cuda_linear,
	[LAYER_ACTIVATION] = &cuda_activation,
	[LAYER_CONV] = &cuda_conv,
	[LAYER_NORM] = &cuda_norm,
	[LAYER_POOL] = &cuda_pool,
	[LAYER_FLATTEN] = &cuda_flatten,
};
