/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#ifndef BASIN_SAMPLE_OPTIONS_H
#define BASIN_SAMPLE_OPTIONS_H

#include "src/options/opt.h"

/* The options of `basin sample`, NULL-terminated; every method's own among them. */
extern const struct opt_table *const sample_tables[];

#endif
