/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Option tables with one of everything, for the tests of options. */
#ifndef BASIN_TESTS_OPT_TABLES_H
#define BASIN_TESTS_OPT_TABLES_H

#include "src/options/opt.h"

extern const struct opt_table *const test_tables[];

#endif
