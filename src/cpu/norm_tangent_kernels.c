/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The loops of the norms' tangents. Names are norm_tangent.h's. */
#include "src/cpu/act_lanes.h"
#include "src/cpu/norm_lanes.h"

/* NULL: 0. */
FLAT vf get_dot(struct norm_tensor t, const struct column *c, size_t i)
{
	return t.at ? get(t, ALL_FP32, c, i) : (vf){0};
}

FLAT void products(const struct norm_kernel *k, enum types types, const struct column *c)
{
	vf sum = {0};
	for (size_t i = 0; i < c->count; i++)
		sum += get(k->x, types, c, i) * get(k->x_dot, types, c, i);
	add_to_sums(k->sum[0], c, sum);
}

REST products_rest(const struct norm_kernel *k, enum types types, const struct column *c)
{
	products(k, types, c);
}

void KERNEL(norm_products)(const struct norm_kernel *k)
{
	walk(k, ALL_FP32, (struct loop){products, products_rest});
}

/* Of all rows of a column. */
struct numbers {
	vf scale, shift, center, scale_dot, shift_dot, threshold, threshold_dot;
};

FLAT struct numbers numbers_of(const struct norm_kernel *k, const struct column *c)
{
	return (struct numbers){of_channels(k->scale, c), of_channels(k->shift, c), of_channels(k->center, c),
	                        of_channels(k->scale_dot, c), of_channels(k->shift_dot, c), of_channels(k->threshold, c),
	                        of_channels(k->threshold_dot, c)};
}

/* A row: x, ẋ and ż; φ′(z) and φ″(z); and where the threshold was taken. */
struct row {
	vf x, x_dot, z_dot, slope, bend;
	vi below;
};

/* The maximum's slope is taken from y, as forward has it: a z that is made again may fall on the other side. */
FLAT struct row row_of(const struct norm_kernel *k, const struct column *c, size_t i, const struct numbers *n,
                       enum activation activation)
{
	struct row r = {.x = get(k->x, ALL_FP32, c, i), .x_dot = get_dot(k->x_dot, c, i), .slope = (vf){0} + 1.0f};
	r.z_dot = n->scale * r.x_dot + (n->scale_dot * (r.x - n->center) + n->shift_dot) + get_dot(k->r_dot, c, i);
	if (activation == ACTIVATION_SILU) {
		slopes(activation, r.x * n->scale + n->shift + get_dot(k->r, c, i), &r.slope, &r.bend);
	} else if (activation == ACTIVATION_TANH) {
		slopes(activation, get(k->y, ALL_FP32, c, i), &r.slope, &r.bend);
	} else if (activation == ACTIVATION_THRESHOLD) {
		r.below = (vi)(get(k->y, ALL_FP32, c, i) <= n->threshold);
		r.slope = pick(r.below, (vf){0}, r.slope);
	}
	return r;
}

FLAT void jvp(const struct norm_kernel *k, const struct column *c, enum activation activation)
{
	struct numbers n = numbers_of(k, c);
	for (size_t i = 0; i < c->count; i++) {
		struct row r = row_of(k, c, i, &n, activation);
		put(k->y_dot, ALL_FP32, c, i, pick(r.below, n.threshold_dot, r.slope * r.z_dot));
	}
}

FLAT void hvp(const struct norm_kernel *k, const struct column *c, enum activation activation)
{
	struct numbers n = numbers_of(k, c);
	vf of_x = of_channels(k->of_x, c), of_x_dot = of_channels(k->of_x_dot, c), sum[NORM_SUMS] = {{0}};
	bool r_wanted = k->dr_dot.at, x_wanted = k->dx_dot.at;
	for (size_t i = 0; i < c->count; i++) {
		struct row r = row_of(k, c, i, &n, activation);
		vf dy = get(k->dy[0], ALL_FP32, c, i) + get_dot(k->dy[1], c, i);
		vf dy_dot = get_dot(k->dy_dot[0], c, i) + get_dot(k->dy_dot[1], c, i);
		vf g = pick(r.below, (vf){0}, r.slope * dy);
		vf g_dot = pick(r.below, (vf){0}, r.slope * dy_dot + r.bend * r.z_dot * dy);
		sum[0] += g_dot;
		sum[1] += g * (r.x - n.center);
		sum[2] += g_dot * (r.x - n.center) + g * r.x_dot;
		sum[3] += pick(r.below, dy_dot, (vf){0});
		if (r_wanted)
			put(k->dr_dot, ALL_FP32, c, i, g_dot);
		if (x_wanted)
			put(k->dx_dot, ALL_FP32, c, i, n.scale * g_dot + n.scale_dot * g + (of_x * r.x + of_x_dot * r.x_dot));
	}
	for (int s = 0; k->sum[0] && s < NORM_SUMS; s++)
		add_to_sums(k->sum[s], c, sum[s]);
}

#define ACTIVATIONS(X) X(SILU) X(TANH) X(THRESHOLD) X(NONE)

#define COLUMNS(kind)                                                                                        \
	FLAT void jvp_##kind(const struct norm_kernel *k, enum types types, const struct column *c)          \
	{                                                                                                    \
		(void)types;                                                                                 \
		jvp(k, c, ACTIVATION_##kind);                                                                \
	}                                                                                                    \
	FLAT void hvp_##kind(const struct norm_kernel *k, enum types types, const struct column *c)          \
	{                                                                                                    \
		(void)types;                                                                                 \
		hvp(k, c, ACTIVATION_##kind);                                                                \
	}
ACTIVATIONS(COLUMNS)

/* ReLU is the maximum with a threshold of 0. */
static enum activation kind_of(const struct norm_kernel *k)
{
	return k->activation == ACTIVATION_RELU ? ACTIVATION_THRESHOLD : k->activation;
}

REST jvp_rest(const struct norm_kernel *k, enum types types, const struct column *c)
{
	(void)types;
	jvp(k, c, kind_of(k));
}

REST hvp_rest(const struct norm_kernel *k, enum types types, const struct column *c)
{
	(void)types;
	hvp(k, c, kind_of(k));
}

void KERNEL(norm_jvp)(const struct norm_kernel *k)
{
#define CASE(kind) case ACTIVATION_##kind: walk(k, ALL_FP32, (struct loop){jvp_##kind, jvp_rest}); break;
	switch (kind_of(k)) {
	ACTIVATIONS(CASE)
	case ACTIVATION_RELU:
		break;
	}
#undef CASE
}

void KERNEL(norm_hvp)(const struct norm_kernel *k)
{
#define CASE(kind) case ACTIVATION_##kind: walk(k, ALL_FP32, (struct loop){hvp_##kind, hvp_rest}); break;
	switch (kind_of(k)) {
	ACTIVATIONS(CASE)
	case ACTIVATION_RELU:
		break;
	}
#undef CASE
}
