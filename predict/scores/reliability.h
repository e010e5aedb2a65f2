/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Whether probabilities are what they say: calibration errors over bins, and the bins. Standard errors are first-order: bins,
 * and in each of them the sign of the gap, are held to be those of the population, so that an error is a mean over examples.
 * Where gaps are chance alone an error is above 0 all the same, by about √(bins/n). */
#ifndef BASIN_RELIABILITY_H
#define BASIN_RELIABILITY_H

#include "predict/judged.h"
#include "predict/metrics.h"

/* Examples whose confidence max p̄ lies within (from, to]; the first bin has those of 0 too. NaN where there are none. */
struct reliability_bin {
	double from, to;
	size_t count;
	double confidence;           /* mean */
	double accuracy, accuracy_se;  /* share that is right */
};

/* Bins of equal width, as ece has them. */
void reliability_bins(const struct judged *j, struct reliability_bin bin[ECE_BINS]);

struct calibration {
	double error, se;
};

/* Σ_b n_b/n |accuracy_b − confidence_b| over those bins (Guo et al. 2017), whose value metrics_classes gives too.
 * Errors: ERR_MEMORY, as of the following. */
status calibration_equal_width(const struct judged *j, struct calibration *out);

/* The same over 15 bins of equally many examples, by rising confidence (Nguyen & O'Connor 2015); those of one confidence stay in
 * one bin, that of the first of them. */
status calibration_equal_mass(const struct judged *j, struct calibration *out);

/* The mean over classes k of Σ_b n_bk/n |share_bk − p̄_bk|, where bins are of equal width in p̄(k), and share_bk is that of
 * examples of class k (Kull et al. 2019, classwise ECE; Nixon et al. 2019, SCE). */
status calibration_by_class(const struct mixture *m, struct calibration *out);

#endif
