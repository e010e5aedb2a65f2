/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The CPU's kinds of layers. */
#ifndef BASIN_CPU_LAYERS_H
#define BASIN_CPU_LAYERS_H

#include "src/layer.h"

extern const struct layer_ops cpu_linear, cpu_activation, cpu_conv, cpu_norm, cpu_pool, cpu_flatten;
extern const struct layer_ops *const cpu_layers[LAYER_KINDS];

#endif
