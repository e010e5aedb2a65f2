/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#ifndef BASIN_TESTS_PREDICT_ROWS_H
#define BASIN_TESTS_PREDICT_ROWS_H

#include "src/potential.h"

/* A prediction fetched into host memory (n, outputs). Errors: the potential's own. */
status predict_rows(struct potential *p, size_t first, int n, float *out);

#endif
