/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "tests/ref/ref.h"

void ref_linear(int n, int in, int out, const double *x, const double *weight, const double *bias, double *y)
{
	for (int i = 0; i < n; i++)
		for (int o = 0; o < out; o++) {
			double sum = bias ? bias[o] : 0;
			for (int j = 0; j < in; j++)
				sum += x[i * in + j] * weight[o * in + j];
			y[i * out + o] = sum;
		}
}

void ref_linear_backward(int n, int in, int out, const double *x, const double *weight, const double *dy, double *dx,
                         double *dweight, double *dbias)
{
	for (int i = 0; dx && i < n; i++)
		for (int j = 0; j < in; j++) {
			dx[i * in + j] = 0;
			for (int o = 0; o < out; o++)
				dx[i * in + j] += dy[i * out + o] * weight[o * in + j];
		}
	for (int o = 0; dweight && o < out; o++)
		for (int j = 0; j < in; j++) {
			dweight[o * in + j] = 0;
			for (int i = 0; i < n; i++)
				dweight[o * in + j] += dy[i * out + o] * x[i * in + j];
		}
	for (int o = 0; dbias && o < out; o++) {
		dbias[o] = 0;
		for (int i = 0; i < n; i++)
			dbias[o] += dy[i * out + o];
	}
}
