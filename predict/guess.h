/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Whether predictions are worth more than a guess that looks at no inputs: every class as probable as any other, or the
 * targets' own mean. */
#ifndef BASIN_GUESS_H
#define BASIN_GUESS_H

#include "predict/predictive.h"
#include "predict/selection.h"

/* Warns where the figures of all members are no better than a guess, or hardly, of snapshot files, where there are several,
 * whose members by themselves are not, and of those whose last one is not: a chain that ended there. Files of which all are
 * like the whole are not told apart. */
void guess_warn(const struct predictions *p, const struct selection *chosen, const struct figures *all);

#endif
