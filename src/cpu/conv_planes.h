/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Convolutions of few channels, in planes of pixels: stride 1, one group, float32. A library that keeps channels in the
 * lanes of vectors leaves most lanes of such convolutions empty; here pixels of a row fill them, and in conv_examples.c, where
 * there are enough of them, pixels of several examples. Only networks without norms and with few channels everywhere come
 * here (formats.c): LeNet. */
#ifndef BASIN_CPU_CONV_PLANES_H
#define BASIN_CPU_CONV_PLANES_H

#include "src/cpu/cpu.h"

/* Whether a layer's shape can be done so, all three directions. */
bool conv_planes_fit(const struct layer *l);
/* Whether everything is in planes and of a shape that they are good for. */
bool conv_planes_suit(const struct plan_request *r);

#endif
