/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Writes image sets in the layouts that their publishers gave CIFAR-10 and SVHN. */
#ifndef BASIN_DATA_WRITE_H
#define BASIN_DATA_WRITE_H

#include "src/data/dataset.h"

/* Writes both splits, 3 × 32 × 32 bytes an image and 10 classes, as "cifar10" (five equal training batches, test_batch.bin,
 * batches.meta.txt) or "svhn" (train_32x32.mat, test_32x32.mat, uncompressed) into a new folder, which appears when all of it
 * is there; or, to overwrite, into one that exists, whose files of these names are replaced when all are written.
 * Errors: ERR_USAGE (the folder exists, another shape, batches that can't be equal), ERR_IO, ERR_MEMORY. */
status data_write(const struct dataset *train, const struct dataset *test, const char *format, const char *folder,
                  bool overwrite);

#endif
