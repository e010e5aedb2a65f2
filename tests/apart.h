/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#ifndef BASIN_TESTS_APART_H
#define BASIN_TESTS_APART_H

#include <stddef.h>

/* ‖got − want‖ / ‖want‖; infinite where got is not finite. */
double apart(const float *got, const double *want, size_t n);

#endif
