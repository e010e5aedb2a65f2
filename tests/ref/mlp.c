/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include <math.h>
#include <stdlib.h>

#include "tests/ref/ref.h"

enum { LAYERS = 8 };

/* ℓ of one example with outputs f (k), and its gradient. */
static double loss(const struct ref_mlp *m, int k, const double *f, const double *target, double *df)
{
	double value = 0, total = 0;
	if (m->loss == LOSS_CATEGORICAL) {
		int y = (int)target[0];
		for (int j = 0; j < k; j++)
			total += exp(f[j]);
		for (int j = 0; j < k; j++)
			df[j] = exp(f[j]) / total - (j == y);
		return log(total) - f[y];
	}
	for (int j = 0; m->loss == LOSS_HETEROSCEDASTIC && j < k / 2; j++) {
		const double variance = exp(f[k / 2 + j]), off = f[j] - target[j];
		value += off * off / (2 * variance) + log(2 * M_PI * variance) / 2;
		df[j] = off / variance;
		df[k / 2 + j] = (1 - off * off / variance) / 2;
	}
	for (int j = 0; m->loss != LOSS_HETEROSCEDASTIC && j < k; j++) {
		if (m->loss == LOSS_GAUSSIAN) {
			double variance = m->noise_sd * m->noise_sd, off = f[j] - target[j];
			value += off * off / (2 * variance) + log(2 * M_PI * variance) / 2;
			df[j] = off / variance;
		} else {
			value += log1p(exp(f[j])) - target[j] * f[j];
			df[j] = 1 / (1 + exp(-f[j])) - target[j];
		}
	}
	return value;
}

size_t ref_mlp_params(const struct ref_mlp *m)
{
	size_t count = 0;
	for (int i = 1; i < m->n_widths; i++)
		count += (size_t)m->width[i] * (size_t)(m->width[i - 1] + 1);
	return count;
}

double ref_mlp(const struct ref_mlp *m, const double *theta, int n, const double *x, const double *target,
               const double *weight, double scale, double *gradient, double *output)
{
	int layers = m->n_widths - 1, k = m->width[layers], per = m->loss == LOSS_CATEGORICAL ? 1 : loss_targets(m->loss, k), widest = 1;
	size_t at[LAYERS];                         /* where each layer's weights begin in θ */
	double *linear[LAYERS], *input[LAYERS];    /* before the activation; what the layer reads */
	double value = 0;
	for (int l = 0; l < layers; l++) {
		int in = m->width[l], out = m->width[l + 1];
		at[l] = l ? at[l - 1] + (size_t)m->width[l] * (size_t)(m->width[l - 1] + 1) : 0;
		linear[l] = malloc((size_t)n * (size_t)out * sizeof(double));
		input[l] = malloc((size_t)n * (size_t)in * sizeof(double));
		for (int i = 0; i < n * in; i++)
			input[l][i] = l ? ref_activation(m->activation, linear[l - 1][i]) : x[i];
		ref_linear(n, in, out, input[l], theta + at[l], theta + at[l] + (size_t)in * (size_t)out, linear[l]);
		widest = in > widest ? in : widest;
		widest = out > widest ? out : widest;
	}
	double *dy = malloc((size_t)n * (size_t)widest * sizeof(double)), *dx = malloc((size_t)n * (size_t)widest * sizeof(double));
	for (int i = 0; i < n; i++) {
		double w = scale * (weight ? weight[i] : 1);
		value += w * loss(m, k, linear[layers - 1] + i * k, target + i * per, dy + i * k);
		for (int j = 0; j < k; j++)
			dy[i * k + j] *= w;
	}
	for (int i = 0; output && i < n * k; i++)
		output[i] = linear[layers - 1][i];
	for (int l = layers; gradient && l-- > 0;) {
		int in = m->width[l], out = m->width[l + 1];
		ref_linear_backward(n, in, out, input[l], theta + at[l], dy, dx, gradient + at[l],
		                    gradient + at[l] + (size_t)in * (size_t)out);
		for (int i = 0; l && i < n * in; i++)
			dy[i] = dx[i] * ref_activation_slope(m->activation, linear[l - 1][i]);
	}
	for (int l = 0; l < layers; l++) {
		free(linear[l]);
		free(input[l]);
	}
	free(dy);
	free(dx);
	return value;
}
