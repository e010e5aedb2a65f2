/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Calibration error without bins (Błasiok & Nakkiran 2023, "Smooth ECE"). With r(t) the mean over examples of
 * (right − confidence) K_σ(confidence, t), K_σ a Gaussian that is reflected at 0 and 1, smECE_σ = ∫ |r(t)| dt falls as σ rises;
 * the error is the one that equals its own bandwidth, smECE_σ = σ. */
#ifndef BASIN_SMOOTH_ECE_H
#define BASIN_SMOOTH_ECE_H

#include "predict/judged.h"

/* NaN without examples. */
struct smooth_ece {
	double error;                /* in [0, 1] */
	double se;                   /* first-order: the sign of r(t) held, and the bandwidth following the error */
	double bandwidth;            /* σ: the error, but at least 1/1024, below which nothing is told apart */
};

/* Errors: ERR_MEMORY, ERR_LIBRARY. */
status smooth_ece_of(const struct judged *j, struct smooth_ece *out);

/* smECE_σ of a bandwidth in [1/1024, 1]. Errors: ERR_MEMORY. */
status smooth_ece_at(const struct judged *j, double sigma, double *out);

#endif
