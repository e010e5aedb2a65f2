/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Out-of-distribution detection: scores that rise with strangeness, and how well a score tells two sets apart. */
#ifndef BASIN_OOD_H
#define BASIN_OOD_H

#include "predict/mixture.h"

enum ood_score {
	OOD_ENTROPY,    /* H(p̄) */
	OOD_MI,         /* H(p̄) − mean H(p_s), ≥ 0 */
	OOD_MSP,        /* −max p̄ (Hendrycks & Gimpel 2017) */
	OOD_MAX_LOGIT,  /* −mean over members of the largest logit (Hendrycks et al. 2022) */
	OOD_ENERGY,     /* mean over members of −logsumexp of the logits (Liu et al. 2020, T = 1) */
	OOD_SCORES
};
#define OOD_SCORE_WORDS "entropy|mi|msp|max-logit|energy"

/* The score of every example, into score (m->n). Errors: ERR_USAGE where the mixture cannot give it: mi of one member,
 * max-logit and energy without logits; ERR_MEMORY. */
status ood_scores(const struct mixture *m, enum ood_score which, double *score);

/* NaN where a figure is undefined: a set is empty. */
struct roc {
	size_t n_id, n_ood;
	double auroc;       /* P(ood > id) + ½ P(ood = id) */
	double auroc_se;    /* as the roc_error has it; needs 2 of each set */
	double aupr_out;    /* average precision Σ (R_n − R_{n−1}) P_n with OOD positive */
	double aupr_in;     /* the same with in-distribution positive and the score negated */
	double fpr95;       /* share of in-distribution flagged at the first threshold that flags ≥ 95 % of the OOD set */
	double fpr95_in;    /* the same with in-distribution positive and the score negated */
	double base_rate;   /* n_ood / (n_id + n_ood): aupr_out of a score that knows nothing */
};

/* The AUROC's standard error. */
enum roc_error {
	ROC_BOOTSTRAP,      /* over examples, each set resampled by itself: a thousand passes */
	ROC_PLACEMENTS      /* from the variances of the shares of the other set that each example beats: one (DeLong, DeLong &
	                     * Clarke-Pearson 1988) */
};

/* Errors: ERR_INPUT for a score that is NaN; ERR_MEMORY. */
status ood_roc(const double *id, size_t n_id, const double *ood, size_t n_ood, enum roc_error error, struct roc *out);

#endif
