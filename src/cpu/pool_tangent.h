/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The tangents of maxima. Those of means, and both of their gradients, are what the pooling kernels make of tangents. */
#ifndef BASIN_CPU_POOL_TANGENT_H
#define BASIN_CPU_POOL_TANGENT_H

#include "src/cpu/pool.h"

/* Rows first … end − 1 of all images' y: of x what lies at the positions that there are. Both are float32. */
void pool_follow(const struct pool_kernel *p, size_t first, size_t end);

#endif
