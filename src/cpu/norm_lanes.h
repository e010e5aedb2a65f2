/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What the norms' kernels share: tensors of either type, and the walk over panels of rows of channels. */
#ifndef BASIN_NORM_LANES_H
#define BASIN_NORM_LANES_H

#include "src/cpu/kernels.h"
#include "src/cpu/lanes.h"

typedef double vd_memory __attribute__((vector_size(8 * LANES), aligned(8), may_alias));

#define FLAT static inline __attribute__((always_inline))

/* Which types the compiler may rely on. */
enum types { ALL_FP32, ALL_BF16, MIXED };

/* Rows of a group, which are one sum in float32. Where a row is several vectors, groups are small, so that memory is read
 * nearly in order, yet no smaller than what makes a sum in double cheap. */
enum { GROUP_ROWS = 64, WIDE_SUM_ROWS = 16, WIDE_ROWS = 2 };

/* Rows of one column of vectors: `count` of them from element `at` on, each `stride` further, of channels j … j + n − 1;
 * part: n < LANES. */
struct column {
	size_t at, count, stride, j, n;
	bool part;
};

typedef void column_fn(const struct norm_kernel *k, enum types types, const struct column *c);

/* A loop in two forms. The walk has a copy of `whole` for each of its paths, for whole vectors; `rest` is a function of its own
 * (REST) that asks at run time what whole has compiled in: for parts of vectors, and where types are mixed. */
struct loop {
	column_fn *whole, *rest;
};

#define REST static __attribute__((noinline)) void

FLAT bool is_bf16(enum types types, struct norm_tensor t)
{
	return types == MIXED ? t.bf16 : types == ALL_BF16;
}

/* Row i of the column. */
FLAT vf get(struct norm_tensor t, enum types types, const struct column *c, size_t i)
{
	size_t at = c->at + i * c->stride;
	if (is_bf16(types, t))
		return c->part ? load_bf16_part((const uint16_t *)t.at + at, c->n, 0) : load_bf16((const uint16_t *)t.at + at);
	return c->part ? load_part((const float *)t.at + at, c->n, 0) : load((const float *)t.at + at);
}

FLAT void put(struct norm_tensor t, enum types types, const struct column *c, size_t i, vf v)
{
	size_t at = c->at + i * c->stride;
	if (is_bf16(types, t)) {
		if (c->part)
			store_bf16_part((uint16_t *)t.at + at, v, c->n);
		else
			store_bf16((uint16_t *)t.at + at, v);
	} else if (c->part) {
		store_part((float *)t.at + at, v, c->n);
	} else {
		store((float *)t.at + at, v);
	}
}

/* v as the tensor holds it. */
FLAT vf as_held(struct norm_tensor t, enum types types, vf v)
{
	return is_bf16(types, t) ? (vf)(__builtin_convertvector(round_bf16(v), vu) << 16) : v;
}

/* The column's share of numbers by channel. */
FLAT vf of_channels(const float *p, const struct column *c)
{
	return c->part ? load_part(p + c->j, c->n, 0) : load(p + c->j);
}

FLAT void add_to_sums(double *sum, const struct column *c, vf v)
{
	if (c->part) {
		for (size_t l = 0; l < c->n; l++)
			sum[c->j + l] += (double)v[l];
	} else {
		*(vd_memory *)(sum + c->j) += __builtin_convertvector(v, vd);
	}
}

FLAT enum types types_of(const struct norm_kernel *k)
{
	const struct norm_tensor all[] = {k->x, k->r, k->y, k->dy[0], k->dy[1], k->dx, k->dr};
	bool fp32 = true, bf16 = true;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		fp32 = fp32 && !(all[i].at && all[i].bf16);
		bf16 = bf16 && !(all[i].at && !all[i].bf16);
	}
	return fp32 ? ALL_FP32 : bf16 ? ALL_BF16 : MIXED;
}

/* Every column of rows whose width is LANES or more, or divides nothing. */
FLAT void walk_wide(const struct norm_kernel *k, enum types types, struct loop loop)
{
	size_t width = k->width, panels = k->panels, rows = k->rows;
	if (k->stride == rows * width) {
		rows *= panels;
		panels = 1;
	}
	size_t group = width <= LANES ? GROUP_ROWS : k->sum[0] ? WIDE_SUM_ROWS : WIDE_ROWS;
	for (size_t panel = 0; panel < panels; panel++)
		for (size_t row = 0; row < rows; row += group) {
			size_t at = panel * k->stride + row * width, count = rows - row < group ? rows - row : group, j = 0;
			for (; j + LANES <= width; j += LANES)
				loop.whole(k, types, &(struct column){at + j, count, width, j, LANES, false});
			if (j < width)
				loop.rest(k, types, &(struct column){at + j, count, width, j, width - j, true});
		}
}

/* `from`, repeated to LANES numbers in `to`. */
FLAT const float *repeated(const float *from, size_t width, float *to)
{
	for (size_t l = 0; from && l < LANES; l++)
		to[l] = from[l % width];
	return from ? to : NULL;
}

/* Rows of which a vector holds several. */
FLAT void walk_narrow(const struct norm_kernel *k, enum types types, struct loop loop)
{
	struct norm_kernel wide = *k;
	float channels[11][LANES];
	double sum[NORM_SUMS][LANES] = {0};
	size_t elements = k->rows * k->width, rows = elements / LANES, rest = elements % LANES;
	wide.width = LANES;
	wide.scale = repeated(k->scale, k->width, channels[0]);
	wide.shift = repeated(k->shift, k->width, channels[1]);
	wide.threshold = repeated(k->threshold, k->width, channels[2]);
	wide.center = repeated(k->center, k->width, channels[3]);
	wide.of_g = repeated(k->of_g, k->width, channels[4]);
	wide.of_x = repeated(k->of_x, k->width, channels[5]);
	wide.rest = repeated(k->rest, k->width, channels[6]);
	wide.scale_dot = repeated(k->scale_dot, k->width, channels[7]);
	wide.shift_dot = repeated(k->shift_dot, k->width, channels[8]);
	wide.threshold_dot = repeated(k->threshold_dot, k->width, channels[9]);
	wide.of_x_dot = repeated(k->of_x_dot, k->width, channels[10]);
	for (int s = 0; s < NORM_SUMS; s++)
		wide.sum[s] = sum[s];
	for (size_t panel = 0; panel < k->panels; panel++) {
		size_t at = panel * k->stride;
		for (size_t row = 0; row < rows; row += GROUP_ROWS)
			loop.whole(&wide, types, &(struct column){at + row * LANES, rows - row < GROUP_ROWS ? rows - row : GROUP_ROWS,
			                                          LANES, 0, LANES, false});
		if (rest)
			loop.rest(&wide, types, &(struct column){at + rows * LANES, 1, LANES, 0, rest, true});
	}
	for (int s = 0; s < NORM_SUMS; s++)
		for (size_t l = 0; k->sum[s] && l < LANES; l++)
			k->sum[s][l % k->width] += sum[s][l];
}

FLAT void walk(const struct norm_kernel *k, enum types types, struct loop loop)
{
	if (k->width < LANES && LANES % k->width == 0)
		walk_narrow(k, types, loop);
	else
		walk_wide(k, types, loop);
}

/* A copy of the walk for each type. */
FLAT void walk_typed(const struct norm_kernel *k, struct loop loop)
{
	switch (types_of(k)) {
	case ALL_FP32:
		walk(k, ALL_FP32, loop);
		break;
	case ALL_BF16:
		walk(k, ALL_BF16, loop);
		break;
	case MIXED:
		walk(k, MIXED, (struct loop){loop.rest, loop.rest});
		break;
	}
}

#endif
