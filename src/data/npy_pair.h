/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The two names in npy:IMAGES.npy,LABELS.npy. */
#ifndef BASIN_NPY_PAIR_H
#define BASIN_NPY_PAIR_H

#include <stdbool.h>

#include "src/err.h"

/* Finds the comma between the two, the first of which both sides are files; folders may hold others. one: a single file
 * will do, of which there is no comma: NULL. Errors: ERR_INPUT, saying what was tried. */
status npy_pair(const char *path, bool one, const char **comma);

#endif
