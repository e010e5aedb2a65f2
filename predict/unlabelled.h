/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Figures of predictions whose targets nobody knows. */
#ifndef BASIN_UNLABELLED_H
#define BASIN_UNLABELLED_H

#include "predict/intervals.h"
#include "predict/predictive.h"

/* Of classes, means over examples as metrics.h has them: entropy, expected_entropy, mutual_information. Errors: ERR_MEMORY. */
status unlabelled_classes(const struct mixture *m, struct figures *out);

/* Of real targets: sd, the predictive deviation in their own units, a mean over examples and targets. */
struct figures unlabelled_reals(const struct intervals *of);

#endif
