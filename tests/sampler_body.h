/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Each method against its equation, on any device. */
#ifndef BASIN_TESTS_SAMPLER_BODY_H
#define BASIN_TESTS_SAMPLER_BODY_H

#include "tests/sampler_bench.h"

/* Trajectories; and stationary laws, which take some million steps. */
void check_samplers(struct device *d, bool stationary);

/* Those that have files of their own. */
void check_adamw(struct device *d);
void check_ascent(struct device *d);
void check_ascent_nets(struct device *d);
void check_ascent_laws(struct device *d);
void check_m_sam(struct device *d);
void check_momentum(struct device *d, bool stationary);
void check_thermostats(struct device *d, bool stationary);
void check_sgld_cv(struct device *d, struct potential *gaussian);
void check_psgld(struct device *d, bool stationary);
void check_low_precision(struct device *d);
void check_heavy(struct device *d);
void check_examples(struct device *d);
void check_escapes(struct device *d, bool stationary);
void check_reweighted(struct device *d, bool stationary);
void check_hmc(struct device *d, bool stationary);
void check_hmc_laws(struct device *d, bool stationary);

#endif
