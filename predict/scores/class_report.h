/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What an ensemble is right about, by class. */
#ifndef BASIN_CLASS_REPORT_H
#define BASIN_CLASS_REPORT_H

#include "predict/judged.h"

/* NaN where a figure is undefined. With t the examples of a class that are said to be of it: */
struct class_figures {
	size_t support;              /* examples of the class */
	size_t predicted;            /* examples said to be of it */
	double precision;            /* t / predicted */
	double recall;               /* t / support */
	double f1;                   /* 2t / (predicted + support), their harmonic mean */
	double precision_se;         /* of shares, as the binomial has them; of f1 by the delta method from the share j = t over the */
	double recall_se;            /* examples of either, of which it is 2j/(1 + j) */
	double f1_se;
};

/* Counts (c, c), row the label and column the class said, into *confusion. Errors: ERR_MEMORY. */
status class_confusion(const struct judged *j, struct arena *a, size_t **confusion);

/* The figures of class k of c by those counts. */
struct class_figures class_figures_of(const size_t *confusion, int c, int k);

#endif
