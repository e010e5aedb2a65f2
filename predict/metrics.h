/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Metrics of an ensemble's class probabilities p̄ (the mean over members of their probabilities). */
#ifndef BASIN_METRICS_H
#define BASIN_METRICS_H

#include "predict/mixture.h"

enum { ECE_BINS = 15 };

/* NaN where a figure is undefined. Entropies and NLL in nats, as means over examples. */
struct class_metrics {
	size_t n, members;
	double accuracy;            /* of argmax p̄; ties go to the lowest index */
	double nll;                 /* −mean log p̄(y); ∞ where one p̄(y) is 0 */
	size_t zeros;               /* examples whose p̄(y) is 0 */
	double brier;               /* mean Σ (p̄ − onehot)², in [0, 2] (Brier 1950) */
	double ece;                 /* Σ_b n_b/n |accuracy_b − confidence_b| over equal-width bins (Guo et al. 2017) */
	double entropy;             /* H(p̄) */
	double expected_entropy;    /* mean over members of H(p_s) */
	double mutual_information;  /* their difference, ≥ 0; undefined for one member */
	double accuracy_se, nll_se; /* bootstrap over examples; of an NLL that is finite */
	double brier_se, entropy_se, expected_entropy_se, mutual_information_se;  /* of means: deviation (n − 1) over √n */
};

/* One example's part in them. */
struct example_score {
	int best;        /* the class of the largest probability; ties go to the lowest index */
	double right;    /* 1 where that is the label, else 0 */
	double loss;     /* −log p̄(y), nats; ∞ where p̄(y) is 0 */
	double square;   /* Σ (p̄ − onehot)² */
};

/* Scores example i by its label; p (c) receives its mean probabilities. */
struct example_score metrics_example(const struct mixture *m, size_t i, double *p);

/* Scores a mixture by its labels. `errors`: standard errors are wanted too. Errors: ERR_MEMORY. */
status metrics_classes(const struct mixture *m, bool errors, struct class_metrics *out);

/* The bin of a confidence in [0, 1]: b for (b/15, (b+1)/15], and 0 for 0. */
int ece_bin(double confidence);

#endif
