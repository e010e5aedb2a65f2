/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What the commands that predict say of the chains that their snapshots come from. */
#ifndef BASIN_COMMANDS_CONVERGENCE_H
#define BASIN_COMMANDS_CONVERGENCE_H

#include "predict/draws.h"
#include "predict/selection.h"
#include "src/options/opt.h"

enum { CONVERGENCE_POINTS = 16 };   /* examples whose log-likelihoods are looked at, beside their mean */

/* Puts the member "convergence" into a report: an object for programs, a sentence for people, null where there is but
 * one snapshot or nothing was taken of the members (d is NULL). d is of p, and its members are s's choices. Errors:
 * ERR_MEMORY. */
status report_convergence(const struct opts *o, const struct selection *s, const struct predictions *p, const struct member_draws *d,
                          json_t **into);

#endif
