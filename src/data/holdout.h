/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Which rows of a training set are set aside. */
#ifndef BASIN_HOLDOUT_H
#define BASIN_HOLDOUT_H

#include <stdint.h>

#include "src/data/dataset.h"

#define HOLDOUT_ARG "FRACTION|COUNT[,stratified|,random]"

/* (*held)[i] = 1 for the rows that `text`, HOLDOUT_ARG, sets aside, the same ones for as many rows of the same classes; of NULL
 * none. Stratified: of each class a share of its own; else without regard to classes. Errors: ERR_USAGE naming {holdout},
 * ERR_MEMORY. */
status holdout_draw(struct dataset *d, const char *text, uint8_t **held);

/* How many of `count` rows are of each class, out[k], where size[k] of all n are: one of the two whole numbers beside count·size[k]/n,
 * by systematic sampling (Madow & Madow 1944) from `start` on, 0 ≤ start < n. Over all starts every row is held out equally often, those
 * of the rarest classes too. `out` may be `size`. 0 < count < n < 2³². */
void holdout_shares(size_t count, size_t n, size_t classes, const size_t *size, size_t start, size_t *out);

#endif
