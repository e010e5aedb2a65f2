/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What the tests of the CPU's kernels share. */
#ifndef BASIN_TESTS_EACH_ISA_H
#define BASIN_TESTS_EACH_ISA_H

#include "src/backend.h"
#include "src/cpu/kernels.h"

/* Runs check with a device of two threads for every instruction set that this processor has. BASIN_ISA names the set
 * meanwhile, for devices that check opens. With FAST, only for the best set and for plain C. */
void each_isa(void (*check)(struct device *d, const struct kernels *k));

#endif
