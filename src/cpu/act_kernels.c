/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Activations, computed in float32 whatever the tensors' types. NaN stays NaN, so that a diverged chain is seen. */
#include "src/cpu/act_lanes.h"
#include "src/cpu/kernels.h"

FLAT vf gradient(const enum activation kind, vf of, vf dy)
{
	vf s, rest;
	if (kind == ACTIVATION_RELU)
		return gate(of, dy);
	if (kind == ACTIVATION_TANH)
		return dy * (1.0f - of * of);
	sigmoids(of, &s, &rest);
	return dy * (s * (1.0f + of * rest));
}

FLAT void forward(const enum activation kind, const void *x, const bool x_bf16, void *y, const bool y_bf16, size_t n)
{
	size_t i = 0;
	for (; i + LANES <= n; i += LANES)
		store_typed(y, i, LANES, y_bf16, activated(kind, load_typed(x, i, LANES, x_bf16)));
	if (i < n)
		store_typed(y, i, n - i, y_bf16, activated(kind, load_typed(x, i, n - i, x_bf16)));
}

FLAT void backward(const enum activation kind, const void *of, const void *dy, void *dx, const bool x_bf16, const bool y_bf16,
                   size_t n)
{
	const bool of_bf16 = kind == ACTIVATION_SILU ? x_bf16 : y_bf16;
	size_t i = 0;
	for (; i + LANES <= n; i += LANES)
		store_typed(dx, i, LANES, x_bf16, gradient(kind, load_typed(of, i, LANES, of_bf16), load_typed(dy, i, LANES, y_bf16)));
	if (i < n)
		store_typed(dx, i, n - i, x_bf16, gradient(kind, load_typed(of, i, n - i, of_bf16), load_typed(dy, i, n - i, y_bf16)));
}

/* `run` with kind and types known to the compiler. */
#define BY_TYPE(run, kind)                                                              \
	if (x_bf16 && y_bf16)                                                           \
		run(kind, true, true);                                                  \
	else if (x_bf16)                                                                \
		run(kind, true, false);                                                 \
	else if (y_bf16)                                                                \
		run(kind, false, true);                                                 \
	else                                                                            \
		run(kind, false, false);
#define BY_KIND(run)                                                                    \
	if (kind == ACTIVATION_RELU) {                                                  \
		BY_TYPE(run, ACTIVATION_RELU)                                           \
	} else if (kind == ACTIVATION_TANH) {                                           \
		BY_TYPE(run, ACTIVATION_TANH)                                           \
	} else {                                                                        \
		BY_TYPE(run, ACTIVATION_SILU)                                           \
	}

void KERNEL(activate)(enum activation kind, const void *x, bool x_bf16, void *y, bool y_bf16, size_t n)
{
#define RUN_FORWARD(kind_, x_, y_) forward(kind_, x, x_, y, y_, n)
	BY_KIND(RUN_FORWARD)
}

void KERNEL(activate_backward)(enum activation kind, const void *of, const void *dy, void *dx, bool x_bf16, bool y_bf16, size_t n)
{
#define RUN_BACKWARD(kind_, x_, y_) backward(kind_, of, dy, dx, x_, y_, n)
	BY_KIND(RUN_BACKWARD)
}
