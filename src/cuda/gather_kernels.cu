/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Each thread makes one number of the batch, or all channels of a pixel, in the order in which the batch lies, so that neighbours
 * write side by side. */
#include "src/cuda/launch.h"

#define PHILOX static __device__ __forceinline__
#include "src/cuda/pack.cuh"
#include "src/cuda/rows.h"
#include "src/philox.h"

enum { THREADS = 256, PAD = 4, CHANNELS = 8 };  /* PAD: of crop-flip; CHANNELS: of a pixel that one thread makes */

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

/* Where a pixel of the batch is in each channel of its row of the set; −1: in the padding. */
static __device__ __forceinline__ int source_of(const struct cuda_gather_args &a, const struct crop &crop, int pixel)
{
	if (a.augment == AUGMENT_NONE)
		return pixel;
	const int y = pixel / a.w + crop.dy, x = pixel % a.w;
	const int at = (crop.flip ? a.w - 1 - x : x) + crop.dx;
	return y >= 0 && y < a.h && at >= 0 && at < a.w ? y * a.w + at : -1;
}

/* What the set has there for channel j; 0 from the padding, and for channels that it has not. */
template <typename T>
static __device__ __forceinline__ T number_read(const struct cuda_gather_args &a, size_t row, int j, int source)
{
	const size_t plane = (size_t)a.h * (size_t)a.w;
	if (source < 0 || j >= a.c)
		return 0;
	return ((const T *)a.set)[(row * (size_t)a.c + (size_t)j) * plane + (size_t)source];
}

/* And what the batch has for it. */
static __device__ __forceinline__ float number_made(const struct cuda_gather_args &a, int j, float x)
{
	if (j >= a.c)
		return 0;
	return a.per_channel ? fmaf(a.scale[j], x, a.shift[j]) : x;
}

/* What a thread makes: number e, or pixel e, of row i of the batch. */
struct place {
	size_t i, row;             /* row: of the set */
	int e;
	struct crop crop;
};

/* A row of the batch has `wide` threads of a block, a power of 2; where it has more numbers or pixels (count), `columns` blocks. All
 * threads of a block call it; false: there is nothing for this one. crops: shared, THREADS. */
static __device__ __forceinline__ bool find_place(const struct cuda_gather_args &a, int wide, int columns, int count,
                                                  struct crop *crops, struct place *at)
{
	const int sub = (int)threadIdx.x / wide, lane = (int)threadIdx.x % wide;
	at->e = (int)(blockIdx.x % (unsigned)columns) * wide + lane;
	at->i = (size_t)(blockIdx.x / (unsigned)columns) * (size_t)(THREADS / wide) + (size_t)sub;
	at->crop = (struct crop){0, 0, false};
	const size_t position = slots_row_of(a.slots, a.row, a.offset) + at->i;
	if (a.augment != AUGMENT_NONE) {
		if (lane == 0)
			crops[sub] = draw_crop(a, position);
		__syncthreads();
		at->crop = crops[sub];
	}
	if (at->i >= (size_t)a.n || at->e >= count)
		return false;
	at->row = set_row_of(a.index, position);
	return true;
}

template <typename T, typename Out>
__global__ void __launch_bounds__(THREADS) gather_kernel(const struct cuda_gather_args a, int wide, int columns)
{
	SHARED(struct crop, crops, THREADS);
	struct place at;
	const int pixels = a.h * a.w, image = a.channels * pixels;
	if (!find_place(a, wide, columns, image, crops, &at))
		return;
	/* (blocks of channels, pixels, channels of a block) */
	const int within = at.e / a.block, j = within / pixels * a.block + at.e % a.block;
	const T x = number_read<T>(a, at.row, j, source_of(a, at.crop, within % pixels));
	number_set((Out *)a.out + at.i * (size_t)image + (size_t)at.e, number_made(a, j, (float)x));
}

/* The same where a pixel is a pack of 8 channels of bf16. */
template <typename T>
__global__ void __launch_bounds__(THREADS) gather_pixels_kernel(const struct cuda_gather_args a, int wide, int columns)
{
	SHARED(struct crop, crops, THREADS);
	struct place at;
	const int pixels = a.h * a.w;
	T in[CHANNELS];
	float v[CHANNELS];
	if (!find_place(a, wide, columns, pixels, crops, &at))
		return;
	const int source = source_of(a, at.crop, at.e);
	/* Asked for before any is used. */
	UNROLL
	for (int j = 0; j < CHANNELS; j++)
		in[j] = number_read<T>(a, at.row, j, source);
	UNROLL
	for (int j = 0; j < CHANNELS; j++)
		v[j] = number_made(a, j, (float)in[j]);
	pack_store<CHANNELS>(a.out, true, (at.i * (size_t)pixels + (size_t)at.e) * CHANNELS, pack_of<CHANNELS>(true, v));
}

cudaError_t cuda_launch_gather(const struct cuda_gather_args *a, cudaStream_t stream)
{
	const bool packs = a->bf16 && a->block == CHANNELS && a->channels == CHANNELS;
	const size_t count = (size_t)(packs ? 1 : a->channels) * (size_t)a->h * (size_t)a->w;
	int wide = 1;
	while (wide < THREADS && (size_t)wide < count)
		wide *= 2;
	const size_t columns = (count + (size_t)wide - 1) / (size_t)wide, together = (size_t)(THREADS / wide);
	const unsigned blocks = (unsigned)(columns * (((size_t)a->n + together - 1) / together));
	if (packs)
		return a->element == ELEMENT_U8
		       ? LAUNCH((gather_pixels_kernel<uint8_t>), blocks, THREADS, 0, stream, *a, wide, (int)columns)
		       : LAUNCH((gather_pixels_kernel<float>), blocks, THREADS, 0, stream, *a, wide, (int)columns);
	if (a->element == ELEMENT_U8)
		return a->bf16 ? LAUNCH((gather_kernel<uint8_t, uint16_t>), blocks, THREADS, 0, stream, *a, wide, (int)columns)
		               : LAUNCH((gather_kernel<uint8_t, float>), blocks, THREADS, 0, stream, *a, wide, (int)columns);
	return a->bf16 ? LAUNCH((gather_kernel<float, uint16_t>), blocks, THREADS, 0, stream, *a, wide, (int)columns)
	               : LAUNCH((gather_kernel<float, float>), blocks, THREADS, 0, stream, *a, wide, (int)columns);
}
