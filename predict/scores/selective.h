/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What an ensemble is worth that may decline: examples are answered from the most confident one on. Those of equal confidence
 * come in random order, of which figures are the mean. */
#ifndef BASIN_SELECTIVE_H
#define BASIN_SELECTIVE_H

#include "predict/judged.h"

/* Errors of the k most confident of n examples are E_k. NaN where there are no examples. */
struct selective {
	double aurc, aurc_se;        /* (1/n) Σ_k E_k/k: the risk of what is answered, over all coverages (Geifman, Uziel & El-Yaniv 2019) */
	double augrc, augrc_se;      /* ∫ of E/n over coverage, E linear between examples (Traub et al. 2024): the probability that an
	                              * example is answered and wrong, over all coverages */
	double accuracy_at_80, accuracy_at_80_se;  /* of the ⌈0.8 n⌉ most confident */
};

/* Standard errors are those of the means of their influence functions; the last one's takes the share that is right at its threshold
 * from the tenth of the examples around it. Errors: ERR_MEMORY. */
status selective_of(const struct judged *j, struct selective *out);

#endif
