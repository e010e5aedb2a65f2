/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Matrices turned, a tile at a time through shared memory, so that reads and writes both go along rows. */
#include "src/cuda/launch.h"

#include "src/cuda/bf16.cuh"
#include "src/cuda/layers.h"

enum { TILE = 32, THREADS = 256, STEP = THREADS / TILE };

template <typename From, typename To>
__global__ void __launch_bounds__(THREADS) turn_kernel(const struct cuda_turn_args a, int tiles_across, int tiles)
{
	/* A column more, so that the numbers of a column lie in different banks. */
	SHARED(float, tile, TILE * (TILE + 1));
	const int at = (int)(blockIdx.x % (unsigned)tiles), x = (int)threadIdx.x % TILE, y = (int)threadIdx.x / TILE;
	const int row = at / tiles_across * TILE, column = at % tiles_across * TILE;
	const size_t image = (size_t)(blockIdx.x / (unsigned)tiles) * (size_t)a.rows * (size_t)a.columns;
	const From *const from = (const From *)a.from + image;
	To *const to = (To *)a.to + image;
	for (int i = y; i < TILE; i += STEP)
		if (row + i < a.rows && column + x < a.columns)
			tile[i * (TILE + 1) + x] = number_of(from[(size_t)(row + i) * (size_t)a.columns + (size_t)(column + x)]);
	__syncthreads();
	for (int i = y; i < TILE; i += STEP)
		if (column + i < a.columns && row + x < a.rows)
			number_set(to + (size_t)(column + i) * (size_t)a.rows + (size_t)(row + x), tile[x * (TILE + 1) + i]);
}

cudaError_t cuda_launch_turn(const struct cuda_turn_args *a, cudaStream_t stream)
{
	const int across = (a->columns + TILE - 1) / TILE, tiles = (a->rows + TILE - 1) / TILE * across;
	const unsigned blocks = (unsigned)(a->images * (size_t)tiles);
	if (a->from_bf16)
		return a->to_bf16 ? LAUNCH((turn_kernel<uint16_t, uint16_t>), blocks, THREADS, 0, stream, *a, across, tiles)
		                  : LAUNCH((turn_kernel<uint16_t, float>), blocks, THREADS, 0, stream, *a, across, tiles);
	return a->to_bf16 ? LAUNCH((turn_kernel<float, uint16_t>), blocks, THREADS, 0, stream, *a, across, tiles)
	                  : LAUNCH((turn_kernel<float, float>), blocks, THREADS, 0, stream, *a, across, tiles);
}
