/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A backend's layers against the oracles in tests/ref; each backend has a driver that calls this. */
#ifndef BASIN_TEST_LAYERS_H
#define BASIN_TEST_LAYERS_H

#include "src/layer.h"

void check_layers(struct device *d);
void check_small_layers(struct device *d);
void check_bf16_layers(struct device *d);
void check_norms(struct device *d);
/* A part of check_norms. */
void check_norm_places(struct device *d);
/* One norm against its oracle, with two gradients where it has a residual: for shapes that are too large to take with all others. */
struct norm_shape;
void check_large_norm(struct device *d, enum norm norm, const struct norm_shape *shape, bool bf16, enum activation activation,
                      bool residual);

#endif
