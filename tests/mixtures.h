/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Ensembles of classes whose probabilities a test has written down. */
#ifndef BASIN_TESTS_MIXTURES_H
#define BASIN_TESTS_MIXTURES_H

#include "predict/mixture.h"

/* p: (members, n, c), label: (n) or NULL. The test ends where it is refused. */
struct mixture mixture_of(struct arena *arena, size_t members, size_t n, int c, const double *p, const int32_t *label);

#endif
