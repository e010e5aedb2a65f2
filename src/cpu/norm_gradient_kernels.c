/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The norms' backward loops. */
#include "src/cpu/norm_lanes.h"

/* What the derivative of an activation is taken from. */
enum slope_kind { MAX_OF_SUM, MAX_OF_OUTPUT, TANH_OF_SUM, TANH_OF_OUTPUT, SILU_OF_SUM, GIVEN };

struct channels {
	vf scale, shift, threshold;
};

FLAT struct channels channels_of(const struct norm_kernel *k, const struct column *c, enum slope_kind kind)
{
	struct channels v = {0};
	if (kind == MAX_OF_SUM || kind == TANH_OF_SUM || kind == SILU_OF_SUM) {
		v.scale = of_channels(k->scale, c);
		v.shift = of_channels(k->shift, c);
	}
	if (kind == MAX_OF_SUM || kind == MAX_OF_OUTPUT)
		v.threshold = of_channels(k->threshold, c);
	return v;
}

/* The gradient before the activation in row i, and in *taken what went to the threshold instead. */
FLAT vf gradient(const struct norm_kernel *k, enum types types, const struct column *c, size_t i, const struct channels *v,
                 enum slope_kind kind, vf x, vf *taken)
{
	vf g = get(k->dy[0], types, c, i);
	if (k->dy[1].at)
		g += get(k->dy[1], types, c, i);
	*taken = (vf){0};
	if (kind == GIVEN)
		return g;
	vf z;
	if (kind == MAX_OF_OUTPUT || kind == TANH_OF_OUTPUT) {
		z = get(k->y, types, c, i);
	} else {
		z = x * v->scale + v->shift;
		if (k->r.at)
			z += get(k->r, types, c, i);
	}
	if (kind == MAX_OF_SUM || kind == MAX_OF_OUTPUT) {
		vi below = (vi)(z <= v->threshold);
		*taken = pick(below, g, (vf){0});
		return pick(below, (vf){0}, g);
	}
	if (kind == SILU_OF_SUM) {
		vf s = lane_sigmoid(z);
		return g * (s * (1.0f + z * (1.0f - s)));
	}
	if (kind == TANH_OF_SUM)
		z = lane_tanh(z);
	return g * (1.0f - z * z);
}

/* Sums are of the gradient that is stored: the second pass takes their means from it, and little may be left. */
FLAT void sums(const struct norm_kernel *k, enum types types, const struct column *c, enum slope_kind kind)
{
	struct channels v = channels_of(k, c, kind);
	vf center = of_channels(k->center, c), taken, sum = {0}, product = {0}, threshold = {0};
	bool keep = k->dr.at;
	for (size_t i = 0; i < c->count; i++) {
		vf x = get(k->x, types, c, i);
		vf g = gradient(k, types, c, i, &v, kind, x, &taken);
		if (keep) {
			g = as_held(k->dr, types, g);
			put(k->dr, types, c, i, g);
		}
		sum += g;
		product += g * (x - center);
		threshold += taken;
	}
	add_to_sums(k->sum[0], c, sum);
	add_to_sums(k->sum[1], c, product);
	if (kind == MAX_OF_SUM || kind == MAX_OF_OUTPUT)
		add_to_sums(k->sum[2], c, threshold);
}

FLAT void backward(const struct norm_kernel *k, enum types types, const struct column *c, enum slope_kind kind)
{
	struct channels v = channels_of(k, c, kind);
	vf of_g = of_channels(k->of_g, c), of_x = of_channels(k->of_x, c), rest = of_channels(k->rest, c), taken;
	for (size_t i = 0; i < c->count; i++) {
		vf x = get(k->x, types, c, i);
		vf g = gradient(k, types, c, i, &v, kind, x, &taken);
		put(k->dx, types, c, i, g * of_g + (x * of_x + rest));
	}
}

#define SLOPES(X) X(MAX_OF_SUM) X(MAX_OF_OUTPUT) X(TANH_OF_SUM) X(TANH_OF_OUTPUT) X(SILU_OF_SUM) X(GIVEN)

#define SLOPE_COLUMNS(kind)                                                                                  \
	FLAT void sums_##kind(const struct norm_kernel *k, enum types types, const struct column *c)         \
	{                                                                                                    \
		sums(k, types, c, kind);                                                                     \
	}                                                                                                    \
	FLAT void backward_##kind(const struct norm_kernel *k, enum types types, const struct column *c)     \
	{                                                                                                    \
		backward(k, types, c, kind);                                                                 \
	}
SLOPES(SLOPE_COLUMNS)

static enum slope_kind kind_of(const struct norm_kernel *k)
{
	if (k->slope == SLOPE_ONE)
		return GIVEN;
	if (k->activation == ACTIVATION_SILU)
		return SILU_OF_SUM;
	if (k->activation == ACTIVATION_TANH)
		return k->slope == SLOPE_OF_OUTPUT ? TANH_OF_OUTPUT : TANH_OF_SUM;
	return k->slope == SLOPE_OF_OUTPUT ? MAX_OF_OUTPUT : MAX_OF_SUM;
}

REST sums_rest(const struct norm_kernel *k, enum types types, const struct column *c)
{
	sums(k, types, c, kind_of(k));
}

REST backward_rest(const struct norm_kernel *k, enum types types, const struct column *c)
{
	backward(k, types, c, kind_of(k));
}

void KERNEL(norm_sums)(const struct norm_kernel *k)
{
#define CASE(kind) case kind: walk_typed(k, (struct loop){sums_##kind, sums_rest}); break;
	switch (kind_of(k)) {
	SLOPES(CASE)
	}
#undef CASE
}

void KERNEL(norm_backward)(const struct norm_kernel *k)
{
#define CASE(kind) case kind: walk_typed(k, (struct loop){backward_##kind, backward_rest}); break;
	switch (kind_of(k)) {
	SLOPES(CASE)
	}
#undef CASE
}
