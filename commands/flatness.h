/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What `basin flatness` was asked to do, for its parts. */
#ifndef BASIN_COMMANDS_FLATNESS_H
#define BASIN_COMMANDS_FLATNESS_H

#include "curvature/density.h"
#include "curvature/hessian.h"
#include "curvature/lanczos.h"

#endif
