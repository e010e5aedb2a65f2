/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Batch-norm statistics of one parameter vector, from a pass over the training set. */
#ifndef BASIN_BN_PASS_H
#define BASIN_BN_PASS_H

#include "src/potential.h"

/* Sets stats (device, n_stats) to what batches of so many rows, taken in order, give at θ (device, n_params): cumulative
 * means of the batches' means and unbiased variances, every batch weighing the same (PyTorch's momentum=None). Examples
 * are augmented as in training, with the noise of STREAM_BN_PASS at this key and step. host: n_stats floats to work in.
 * What the passes of a chain left in its slots and in θ's own statistics stays as it is. Errors: ERR_MEMORY, ERR_LIBRARY. */
status bn_pass(struct potential *p, struct rng_key key, uint64_t step, int batch, const float *theta, float *host,
               float *stats);

#endif
