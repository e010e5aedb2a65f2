/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The norms' forward loops. */
#include "src/cpu/norm_lanes.h"

FLAT void moments(const struct norm_kernel *k, enum types types, const struct column *c)
{
	vf center = of_channels(k->center, c), sum[4] = {{0}}, square[4] = {{0}};
	size_t i = 0;
	for (; i + 4 <= c->count; i += 4)
		for (size_t u = 0; u < 4; u++) {
			vf d = get(k->x, types, c, i + u) - center;
			sum[u] += d;
			square[u] += d * d;
		}
	for (; i < c->count; i++) {
		vf d = get(k->x, types, c, i) - center;
		sum[0] += d;
		square[0] += d * d;
	}
	add_to_sums(k->sum[0], c, (sum[0] + sum[1]) + (sum[2] + sum[3]));
	add_to_sums(k->sum[1], c, (square[0] + square[1]) + (square[2] + square[3]));
}

REST moments_rest(const struct norm_kernel *k, enum types types, const struct column *c)
{
	moments(k, types, c);
}

void KERNEL(norm_moments)(const struct norm_kernel *k)
{
	walk_typed(k, (struct loop){moments, moments_rest});
}

FLAT void apply(const struct norm_kernel *k, enum types types, const struct column *c, enum activation activation)
{
	vf scale = of_channels(k->scale, c), shift = of_channels(k->shift, c), threshold = of_channels(k->threshold, c);
	bool residual = k->r.at;
	for (size_t i = 0; i < c->count; i++) {
		vf z = get(k->x, types, c, i) * scale + shift;
		if (residual)
			z += get(k->r, types, c, i);
		if (activation == ACTIVATION_SILU)
			z *= lane_sigmoid(z);
		else if (activation == ACTIVATION_TANH)
			z = lane_tanh(z);
		else
			z = pick((vi)(z <= threshold), threshold, z);
		put(k->y, types, c, i, z);
	}
}

FLAT void apply_silu(const struct norm_kernel *k, enum types types, const struct column *c)
{
	apply(k, types, c, ACTIVATION_SILU);
}

FLAT void apply_tanh(const struct norm_kernel *k, enum types types, const struct column *c)
{
	apply(k, types, c, ACTIVATION_TANH);
}

FLAT void apply_max(const struct norm_kernel *k, enum types types, const struct column *c)
{
	apply(k, types, c, ACTIVATION_THRESHOLD);
}

REST apply_rest(const struct norm_kernel *k, enum types types, const struct column *c)
{
	apply(k, types, c, k->activation);
}

void KERNEL(norm_forward)(const struct norm_kernel *k)
{
	if (k->activation == ACTIVATION_SILU)
		walk_typed(k, (struct loop){apply_silu, apply_rest});
	else if (k->activation == ACTIVATION_TANH)
		walk_typed(k, (struct loop){apply_tanh, apply_rest});
	else
		walk_typed(k, (struct loop){apply_max, apply_rest});
}
