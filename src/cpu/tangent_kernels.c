/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Tangents of elementwise passes, in float32. */
#include "src/cpu/act_lanes.h"
#include "src/cpu/kernels.h"

/* ---- activations ---- */

FLAT vf bend(const enum activation kind, vf of, vf x_dot, vf dy, vf dy_dot)
{
	vf first, second;
	slopes(kind, of, &first, &second);
	return first * dy_dot + second * x_dot * dy;
}

FLAT void bend_all(const enum activation kind, const float *of, const float *x_dot, const float *dy, const float *dy_dot, float *dx_dot,
                   size_t n)
{
	size_t i = 0;
	for (; i + LANES <= n; i += LANES)
		store(dx_dot + i, bend(kind, load(of + i), load(x_dot + i), load(dy + i), dy_dot ? load(dy_dot + i) : (vf){0}));
	if (i < n)
		store_part(dx_dot + i, bend(kind, load_part(of + i, n - i, 0), load_part(x_dot + i, n - i, 0), load_part(dy + i, n - i, 0),
		                            dy_dot ? load_part(dy_dot + i, n - i, 0) : (vf){0}), n - i);
}

void KERNEL(activate_bend)(enum activation kind, const float *of, const float *x_dot, const float *dy, const float *dy_dot, float *dx_dot,
                           size_t n)
{
	if (kind == ACTIVATION_TANH)
		bend_all(ACTIVATION_TANH, of, x_dot, dy, dy_dot, dx_dot, n);
	else
		bend_all(ACTIVATION_SILU, of, x_dot, dy, dy_dot, dx_dot, n);
}
