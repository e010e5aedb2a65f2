/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What the CUDA backend's tests run on: the stand-in for a card (cuda_standin.c), or a card (cuda_card.c). A program is linked with
 * one of them and has the same checks on both. */
#ifndef BASIN_TESTS_CUDA_DRIVER_H
#define BASIN_TESTS_CUDA_DRIVER_H

#include "src/backend.h"

/* "cuda (stand-in)", or "cuda" */
extern const char cuda_label[];

/* A device, which the caller closes. The test ends where there is none: a card's is skipped by name. */
struct device *open_cuda(void);

#endif
