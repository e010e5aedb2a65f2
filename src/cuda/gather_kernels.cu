/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Each thread makes one number of the batch, in the order in which the batch lies, so that neighbours write side by side. */
#include "src/cuda/launch.h"

#define PHILOX static __device__ __forceinline__
#include "src/cuda/bf16.cuh"
#include "src/cuda/rows.h"
#include "src/philox.h"

enum { THREADS = 256, PAD = 4 };  /* PAD: of crop-flip */

struct crop {
	int dx, dy;  /* out(x, y) = in(x + dx, y + dy), before mirroring */
	bool flip;
};

/* Word 0 gives the column, word 1 the row, word 2's top bit the mirror. */
static __device__ __forceinline__ struct crop draw_crop(const struct cuda_gather_args &a, size_t position)
{
	uint32_t w[4];
	philox_words(a.slots->seed, a.slots->chain, a.stream, a.slots->step, (uint32_t)position, w);
	const int dx = (int)((uint64_t)w[0] * (2 * PAD + 1) >> 32), dy = (int)((uint64_t)w[1] * (2 * PAD + 1) >> 32);
	const struct crop c = {dx - PAD, dy - PAD, (w[2] >> 31) != 0};
	return c;
}

/* Pixel `pixel` of channel j of a row of the set, cropped; 0 from the padding. */
template <typename T>
static __device__ __forceinline__ float read_pixel(const struct cuda_gather_args &a, const struct crop &crop, size_t row,
                                                   int j, int pixel)
{
	const size_t plane = (size_t)a.h * (size_t)a.w;
	const T *const from = (const T *)a.set + (row * (size_t)a.c + (size_t)j) * plane;
	if (a.augment == AUGMENT_NONE)
		return (float)from[pixel];
	const int y = pixel / a.w + crop.dy, x = pixel % a.w;
	const int at = (crop.flip ? a.w - 1 - x : x) + crop.dx;
	return y >= 0 && y < a.h && at >= 0 && at < a.w ? (float)from[(size_t)y * (size_t)a.w + (size_t)at] : 0.0f;
}

/* A row of the batch has `wide` threads of a block, a power of 2; where it has more numbers, `columns` blocks. */
template <typename T, typename Out>
__global__ void __launch_bounds__(THREADS) gather_kernel(const struct cuda_gather_args a, int wide, int columns)
{
	SHARED(struct crop, crops, THREADS);
	const int sub = (int)threadIdx.x / wide, lane = (int)threadIdx.x % wide;
	const int column = (int)(blockIdx.x % (unsigned)columns), image = a.channels * a.h * a.w;
	const size_t i = (size_t)(blockIdx.x / (unsigned)columns) * (size_t)(THREADS / wide) + (size_t)sub;
	const size_t position = slots_row_of(a.slots, a.row, a.offset) + i;
	const int e = column * wide + lane;
	if (a.augment != AUGMENT_NONE) {
		if (lane == 0)
			crops[sub] = draw_crop(a, position);
		__syncthreads();
	}
	if (i >= (size_t)a.n || e >= image)
		return;
	/* (blocks of channels, pixels, channels of a block) */
	const int within = e / a.block, pixel = within % (a.h * a.w), j = within / (a.h * a.w) * a.block + e % a.block;
	float x = 0;
	if (j < a.c) {
		const struct crop crop = a.augment != AUGMENT_NONE ? crops[sub] : (struct crop){0, 0, false};
		x = read_pixel<T>(a, crop, set_row_of(a.index, position), j, pixel);
		if (a.per_channel)
			x = fmaf(a.scale[j], x, a.shift[j]);
	}
	number_set((Out *)a.out + i * (size_t)image + (size_t)e, x);
}

cudaError_t cuda_launch_gather(const struct cuda_gather_args *a, cudaStream_t stream)
{
	const size_t image = (size_t)a->channels * (size_t)a->h * (size_t)a->w;
	int wide = 1;
	while (wide < THREADS && (size_t)wide < image)
		wide *= 2;
	const size_t columns = (image + (size_t)wide - 1) / (size_t)wide, together = (size_t)(THREADS / wide);
	const unsigned blocks = (unsigned)(columns * (((size_t)a->n + together - 1) / together));
	if (a->element == ELEMENT_U8)
		return a->bf16 ? LAUNCH((gather_kernel<uint8_t, uint16_t>), blocks, THREADS, 0, stream, *a, wide, (int)columns)
		               : LAUNCH((gather_kernel<uint8_t, float>), blocks, THREADS, 0, stream, *a, wide, (int)columns);
	return a->bf16 ? LAUNCH((gather_kernel<float, uint16_t>), blocks, THREADS, 0, stream, *a, wide, (int)columns)
	               : LAUNCH((gather_kernel<float, float>), blocks, THREADS, 0, stream, *a, wide, (int)columns);
}
