/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "tests/ref/loss.h"

#include <math.h>

static double categorical(int k, const double *x, int label, double *g)
{
	double max = x[0], sum = 0;
	for (int j = 1; j < k; j++)
		max = fmax(max, x[j]);
	for (int j = 0; j < k; j++)
		sum += exp(x[j] - max);
	for (int j = 0; g && j < k; j++) {
		double others = 0;
		for (int i = 0; i < k; i++)
			others += i != j ? exp(x[i] - max) : 0;
		g[j] = j == label ? -others / sum : exp(x[j] - max) / sum;
	}
	return log(sum) + max - x[label];
}

static double gaussian(int k, const double *x, const double *y, double sd, double *g)
{
	double value = 0;
	for (int j = 0; j < k; j++) {
		double z = (y[j] - x[j]) / sd;
		value += 0.5 * z * z + log(sd * sqrt(2 * acos(-1)));
		if (g)
			g[j] = -z / sd;
	}
	return value;
}

/* Means first, then log-variances: plain up to ±40, beyond with the logarithm of what is past that. */
static double heteroscedastic(int k, const double *x, const double *y, double *g)
{
	double value = 0;
	for (int j = 0; j < k / 2; j++) {
		double s = x[k / 2 + j], v = s > 40 ? 40 + log(s - 39) : s < -40 ? -40 - log(-s - 39) : s;
		double slope = s > 40 ? 1 / (s - 39) : s < -40 ? 1 / (-s - 39) : 1, sd = exp(v / 2);
		value += gaussian(1, x + j, y + j, sd, g ? g + j : NULL);
		if (g)
			g[k / 2 + j] = slope / 2 * (1 - (y[j] - x[j]) / sd * ((y[j] - x[j]) / sd));
	}
	return value;
}

/* −ln of p = 1/(1 + e⁻ˣ) and of 1 − p = 1/(1 + eˣ), weighted by the target. */
static double bernoulli(int k, const double *x, const double *y, double *g)
{
	double value = 0;
	for (int j = 0; j < k; j++) {
		double one = x[j] > 0 ? log1p(exp(-x[j])) : log1p(exp(x[j])) - x[j];
		double zero = x[j] > 0 ? log1p(exp(-x[j])) + x[j] : log1p(exp(x[j]));
		value += y[j] * one + (1 - y[j]) * zero;
		if (g)
			g[j] = exp(-one) - y[j];
	}
	return value;
}

double ref_loss(enum loss_kind kind, int k, const double *x, int label, const double *y, double noise_sd, double *g)
{
	switch (kind) {
	case LOSS_CATEGORICAL:
		return categorical(k, x, label, g);
	case LOSS_GAUSSIAN:
		return gaussian(k, x, y, noise_sd, g);
	case LOSS_HETEROSCEDASTIC:
		return heteroscedastic(k, x, y, g);
	default:
		return bernoulli(k, x, y, g);
	}
}

bool ref_correct(enum loss_kind kind, int k, const double *x, int label, const double *y)
{
	if (kind == LOSS_BERNOULLI)
		return k == 1 && (x[0] > 0) == (y[0] > 0.5);
	if (kind == LOSS_GAUSSIAN || kind == LOSS_HETEROSCEDASTIC)
		return false;
	int best = 0;
	for (int j = 1; j < k; j++)
		if (x[j] > x[best])
			best = j;
	return best == label;
}
