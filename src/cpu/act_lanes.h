/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What the activations' kernels and those of tangents share. */
#ifndef BASIN_ACT_LANES_H
#define BASIN_ACT_LANES_H

#include "src/cpu/lanes.h"
#include "src/layer.h"

#define FLAT static inline __attribute__((always_inline))

/* σ(x) and 1 − σ(x), both to their last bits. */
FLAT void sigmoids(vf x, vf *s, vf *rest)
{
	vf e = lane_exp((vf)((vi)x | INT32_MIN));
	vf near = 1.0f / (1.0f + e), far = e * near;
	*s = pick((vi)(x < 0), far, near);
	*rest = pick((vi)(x < 0), near, far);
}

/* b where a is above 0 or NaN. */
FLAT vf gate(vf a, vf b)
{
	return pick((vi)(a <= 0), (vf){0}, b);
}

/* f(x), of ReLU, tanh or SiLU. */
FLAT vf activated(const enum activation kind, vf x)
{
	vf s, rest;
	if (kind == ACTIVATION_RELU)
		return gate(x, x);
	if (kind == ACTIVATION_TANH)
		return lane_tanh(x);
	sigmoids(x, &s, &rest);
	return x * s;
}

/* f′(x) and f″(x); `of` is y for tanh, x for SiLU. tanh″ = −2y(1 − y²), and with s = σ(x), r = 1 − s, SiLU″ = s·r·(2 + x(r − s)). */
FLAT void slopes(const enum activation kind, vf of, vf *first, vf *second)
{
	vf s, r;
	if (kind == ACTIVATION_TANH) {
		*first = 1.0f - of * of;
		*second = -2.0f * of * *first;
		return;
	}
	sigmoids(of, &s, &r);
	*first = s * (1.0f + of * r);
	*second = s * r * (2.0f + of * (r - s));
}

#endif
