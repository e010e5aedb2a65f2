/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cpu.h"

const struct layer_ops *const cpu_layers[LAYER_KINDS] = {0};
