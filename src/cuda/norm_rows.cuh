/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A thread's rows in a norm's passes: how many are on their way at once, and what is made of each. */
#ifndef BASIN_CUDA_NORM_ROWS_CUH
#define BASIN_CUDA_NORM_ROWS_CUH

#include "src/cuda/norm.cuh"

/* So many rows are on their way at once: as many as registers hold. */
enum { FORWARD_ROWS = 4 };
template <int KIND> struct back_rows {
	enum { ROWS = KIND == ACTIVATION_THRESHOLD ? 1 : 2 };
};

/* What is summed: the gradient, its product with x, and what thresholds took. */
template <int KIND> struct back_sums {
	enum { SUMS = KIND == ACTIVATION_THRESHOLD || KIND == ACTIVATION_ASKED ? 3 : 2 };
};

/* fn(i, row) for ROWS of a thread's rows, from `row` on, that are before `to`. */
template <int ROWS, typename FN>
static __device__ __forceinline__ void turn(const struct spot &spot, size_t row, size_t to, FN fn)
{
	UNROLL
	for (int i = 0; i < ROWS; i++)
		if (row + (size_t)i * spot.step < to)
			fn(i, row + (size_t)i * spot.step);
}

/* The last of a thread's turns through rows from … to − 1: where it begins, also where no row is left in it. */
template <int ROWS>
static __device__ __forceinline__ size_t last_turn(const struct spot &spot, size_t from, size_t to)
{
	const size_t turns = ((to - from - 1) << spot.lane_bits) / (ROWS * CUDA_NORM_THREADS);
	return from + spot.row + turns * (ROWS * spot.step);
}

/* Goes through a thread's rows, loading them a turn at a time: what is loaded last stays loaded. */
template <int ROWS, typename LOAD, typename USE>
static __device__ __forceinline__ void walk(const struct spot &spot, size_t from, size_t to, LOAD load, USE use)
{
	for (size_t row = from + spot.row; row < to + spot.row; row += ROWS * spot.step) {
		turn<ROWS>(spot, row, to, load);
		turn<ROWS>(spot, row, to, use);
	}
}

/* The same where the first turn is loaded already, on its way while something else was. */
template <int ROWS, typename LOAD, typename USE>
static __device__ __forceinline__ void walk_on(const struct spot &spot, size_t from, size_t to, LOAD load, USE use)
{
	size_t row = from + spot.row;
	turn<ROWS>(spot, row, to, use);
	for (row += ROWS * spot.step; row < to + spot.row; row += ROWS * spot.step) {
		turn<ROWS>(spot, row, to, load);
		turn<ROWS>(spot, row, to, use);
	}
}

/* The same from the last turn on, which is loaded already, to the first: a second reading finds in a cache what the first one read
 * last. */
template <int ROWS, typename LOAD, typename USE>
static __device__ __forceinline__ void walk_back(const struct spot &spot, size_t from, size_t to, LOAD load, USE use)
{
	size_t row = last_turn<ROWS>(spot, from, to);
	turn<ROWS>(spot, row, to, use);
	while (row >= from + spot.row + ROWS * spot.step) {
		row -= ROWS * spot.step;
		turn<ROWS>(spot, row, to, load);
		turn<ROWS>(spot, row, to, use);
	}
}

/* A row of every tensor that a backward pass reads. */
template <int PACK> struct row_in {
	struct pack<PACK> x, dy[2], also;
};

template <int PACK>
static __device__ __forceinline__ void row_load(const struct cuda_norm_args &a, size_t at, struct row_in<PACK> *in)
{
	in->x = pack_load<PACK>(a.x, a.x_bf16, at);
	in->dy[0] = pack_load<PACK>(a.dy[0], a.y_bf16, at);
	if (a.dy[1])
		in->dy[1] = pack_load<PACK>(a.dy[1], a.y_bf16, at);
	if (a.y)
		in->also = pack_load<PACK>(a.y, a.y_bf16, at);
	else if (a.r)
		in->also = pack_load<PACK>(a.r, a.r_bf16, at);
}

/* The norm of a pack is scale·x + shift, with the same bits in each pass: slopes follow from them. */
template <int PACK> struct norm_line {
	float scale[PACK], shift[PACK], tau[PACK];
};

/* Of a row: x, the gradient behind the activation, and what the threshold took. */
template <int PACK, int KIND>
static __device__ __forceinline__ void row_gradient(const struct cuda_norm_args &a, const struct norm_line<PACK> &line,
                                                    const struct row_in<PACK> &in, float x[PACK], float g[PACK], float taken[PACK])
{
	const int kind = kind_of<KIND>(a);
	float other[PACK] = {};
	pack_numbers<PACK>(in.x, x);
	pack_numbers<PACK>(in.dy[0], g);
	if (a.dy[1]) {
		pack_numbers<PACK>(in.dy[1], other);
		UNROLL
		for (int j = 0; j < PACK; j++)
			g[j] += other[j];
	}
	if (a.y || a.r)
		pack_numbers<PACK>(in.also, other);
	UNROLL
	for (int j = 0; j < PACK; j++) {
		float z = a.y ? other[j] : fmaf(x[j], line.scale[j], line.shift[j]);
		if (a.r)
			z += other[j];
		g[j] = slope_times(kind, g[j], z, a.y != NULL, line.tau[j], &taken[j]);
	}
}

/* Stores g where the residual's gradient is wanted, rounds it to what was stored, and leaves that in dy[0]'s place. */
template <int PACK>
static __device__ __forceinline__ void row_keep(const struct cuda_norm_args &a, size_t at, float g[PACK], struct row_in<PACK> *in)
{
	if (!a.dr)
		return;
	in->dy[0] = pack_of<PACK>(a.r_bf16, g);
	pack_numbers<PACK>(in->dy[0], g);
	pack_store<PACK>(a.dr, a.r_bf16, at, in->dy[0]);
}

/* sum += g, g·(x − center) and what the threshold took. */
template <int PACK, int SUMS>
static __device__ __forceinline__ void row_sums(const float x[PACK], const float center[PACK], const float g[PACK],
                                                const float taken[PACK], float sum[SUMS][PACK])
{
	UNROLL
	for (int j = 0; j < PACK; j++) {
		sum[0][j] += g[j];
		sum[1][j] = fmaf(g[j], x[j] - center[j], sum[1][j]);
		if (SUMS > 2)
			sum[SUMS - 1][j] += taken[j];
	}
}

/* Forward: y of a row. */
template <int PACK, int KIND>
static __device__ __forceinline__ void row_value(const struct cuda_norm_args &a, const struct norm_line<PACK> &line,
                                                 const struct pack<PACK> &x, const struct pack<PACK> &r, size_t at)
{
	float v[PACK], other[PACK] = {};
	pack_numbers<PACK>(x, v);
	if (a.r)
		pack_numbers<PACK>(r, other);
	UNROLL
	for (int j = 0; j < PACK; j++) {
		v[j] = fmaf(v[j], line.scale[j], line.shift[j]);
		if (a.r)
			v[j] += other[j];
		v[j] = activated(kind_of<KIND>(a), v[j], line.tau[j]);
	}
	pack_store<PACK>(a.y, a.y_bf16, at, pack_of<PACK>(a.y_bf16, v));
}

#endif
