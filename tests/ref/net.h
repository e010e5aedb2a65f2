/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A whole network in plain double C, layer by layer by ref.h. */
#ifndef BASIN_REF_NET_H
#define BASIN_REF_NET_H

#include "src/net/model.h"

/* The mean cross-entropy of n images x in PyTorch's order, whose classes are label (n), in training at θ. Sets the gradient, as θ
 * lies, and updates the running statistics; stats may be NULL. With PRECISION_BF16 numbers are rounded wherever they go through
 * memory as bf16 on a CUDA device: weights, what layers but the last compute, its gradients, those of convolutions' weights. */
double ref_net(const struct model *m, enum precision precision, const double *theta, int n, const double *x, const int *label,
               double *stats, double *gradient);

/* The same by the running statistics (stats; NULL where there are none), which are constants, and without rounding. */
double ref_net_used(const struct model *m, const double *theta, int n, const double *x, const int *label, const double *stats,
                    double *gradient);

#endif
