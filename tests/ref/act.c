/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include <math.h>

#include "tests/ref/ref.h"

static double sigmoid(double x)
{
	return 1 / (1 + exp(-x));
}

double ref_activation(enum activation kind, double x)
{
	switch (kind) {
	case ACTIVATION_RELU:
		return x < 0 ? 0 : x;
	case ACTIVATION_SILU:
		return x * sigmoid(x);
	case ACTIVATION_TANH:
		return tanh(x);
	default:
		return NAN;
	}
}

double ref_activation_slope(enum activation kind, double x)
{
	switch (kind) {
	case ACTIVATION_RELU:
		return x > 0;
	case ACTIVATION_SILU:
		return sigmoid(x) * (1 + x * (1 - sigmoid(x)));
	case ACTIVATION_TANH:
		return 1 - tanh(x) * tanh(x);
	default:
		return NAN;
	}
}
