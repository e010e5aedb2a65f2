/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What lanczos.c and density.c share: a basis of orthonormal vectors, and the steps that extend it. */
#ifndef BASIN_KRYLOV_H
#define BASIN_KRYLOV_H

#include "curvature/curvature.h"

#endif
