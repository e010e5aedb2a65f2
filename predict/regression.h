/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Metrics of regression ensembles: each member predicts a Gaussian around its output with the likelihood's deviation, one of its
 * own, or one that is an output too, and the ensemble predicts their equal mixture. All figures are in the target's own units. */
#ifndef BASIN_REGRESSION_H
#define BASIN_REGRESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "predict/gaussian_mixture.h"
#include "src/arena.h"

struct regression {
	size_t n;              /* examples */
	int k;                 /* targets of one example */
	size_t members;        /* S */
	const float *output;   /* (S, n, outputs) network outputs: k, or 2k of them where `own_noise` */
	const double *shift;   /* (k) own units = shift + scale · output; NULL for 0 and 1 */
	const double *scale;
	double noise_sd;       /* deviation of the likelihood, in the outputs' units */
	const double *member_sd;  /* (S, k): or of each member, likewise; NULL */
	bool own_noise;        /* or of each example: behind the k means come k log-variances, as heteroscedastic.h reads them */
};

/* NaN where a figure is undefined. */
struct regression_metrics {
	size_t n, members;
	double nll;            /* −mean log (1/S) Σ_s Π_j N(y_j; μ_sj, σ_j²): nats per example, density in own units */
	double nll_se;         /* bootstrap over examples */
	double rmse;           /* of the mixture's mean, over examples and targets */
	double crps;           /* mean over examples and targets */
	double coverage;       /* share of targets inside the mixture's central 95 % interval */
	double rmse_se, crps_se, coverage_se;  /* of means over examples; of the root by the delta method */
};

/* Mean and deviation of member s for target j of example i, in own units. */
double regression_mean(const struct regression *r, size_t s, size_t i, int j);
double regression_sd(const struct regression *r, size_t s, size_t i, int j);

/* log Π_j N(y_j; μ_sj, σ_j²) of member s and example i: nats, density in own units. y: (n, k). */
double regression_log_density(const struct regression *r, const double *y, size_t s, size_t i);

/* Members first … end − 1 by themselves. */
struct regression regression_part(const struct regression *all, size_t first, size_t end);

/* Figures of each example, (n) each, summed over its targets: what the metrics are means of. */
struct regression_each {
	double *nll, *square, *crps, *covered;
};

/* Takes room for them in the arena and fills it. y: (n, k) in own units. Errors: as metrics_regression's. */
status regression_score(const struct regression *r, const double *y, struct arena *a, struct regression_each *out);

/* Whether all outputs and deviations are numbers, without which nothing else here has a meaning; and the targets y (n, k), unless
 * they are NULL. Errors: ERR_INPUT, naming the first that is not. */
status regression_check(const struct regression *r, const double *y);

/* y: (n, k) in own units. Errors: as regression_check's; ERR_MEMORY. */
status metrics_regression(const struct regression *r, const double *y, struct regression_metrics *out);

/* NLL and RMSE of the first 1, 2, … S members, into nll (S) and rmse (S). Errors: ERR_MEMORY. */
status regression_curve(const struct regression *r, const double *y, double *nll, double *rmse);

/* The RMSE alone, and that of guessing: the targets' deviation (n − 1) from their means, over examples and k targets; NaN where
 * n < 2 or they are all the same. */
double regression_rmse(const struct regression *r, const double *y);
double regression_deviation(const double *y, size_t n, int k);

/* What the ensemble predicts of target j of example i: an equal mixture of its members' Gaussians, own units. room: (2 S), the
 * mixture's from then on. */
struct gaussian_mixture regression_mixture(const struct regression *r, size_t i, int j, double *room);

/* Its mean, and its deviation by the law of total variance, √(E σ_s² + Var μ_s): own units. */
double regression_predicted_mean(const struct regression *r, size_t i, int j);
double regression_predicted_sd(const struct regression *r, size_t i, int j);

/* Its central interval of a level from 0, the median twice, to below 1: where its cumulative probability is (1 − level)/2 and
 * (1 + level)/2, in own units, as close as gaussian_mixture_quantile has it. Errors: ERR_MEMORY. */
status regression_interval(const struct regression *r, size_t i, int j, double level, double *lower, double *upper);

#endif
