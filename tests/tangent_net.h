/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Hessian-vector products of a small network whose layers are called one by one. */
#ifndef BASIN_TEST_TANGENT_NET_H
#define BASIN_TEST_TANGENT_NET_H

#include "src/layer.h"

/* Their symmetry; and for smooth activations, differences of gradients in double. */
void tangent_nets(struct device *d);

#endif
