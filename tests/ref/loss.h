/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The likelihoods in plain double: the oracle of every backend's losses. One example each. */
#ifndef BASIN_REF_LOSS_H
#define BASIN_REF_LOSS_H

#include "src/backend.h"

/* ℓ of outputs x[k] for the label (categorical) or the targets y (loss_targets of them); its gradient into g[k] (may be NULL). */
double ref_loss(enum loss_kind kind, int k, const double *x, int label, const double *y, double noise_sd, double *g);

/* Whether the answer is right: the first of the largest outputs, or the right side of 0; false where there is none. */
bool ref_correct(enum loss_kind kind, int k, const double *x, int label, const double *y);

#endif
