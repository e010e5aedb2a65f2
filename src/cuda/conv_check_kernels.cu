/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Convolutions as their definition has them, an element of the result at a time: what cuDNN's engines are held to before one is
 * chosen. */
#include "src/cuda/launch.h"

#include "src/cuda/bf16.cuh"
#include "src/cuda/conv_kernels.h"

enum { THREADS = 256, WARPS = THREADS / WARP };

/* A number of 64 bits that looks like none before it (Steele, Lea & Flood 2014, splitmix64). */
static __device__ __forceinline__ uint64_t mixed(uint64_t x)
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

template <typename T> __global__ void __launch_bounds__(THREADS) numbers_kernel(T *to, size_t n, uint32_t seed)
{
	const size_t i = (size_t)blockIdx.x * THREADS + threadIdx.x;
	if (i < n)
		number_set(to + i, (float)(int32_t)(mixed((uint64_t)seed << 40 ^ i) >> 32) * 0x1p-31f);
}

cudaError_t cuda_launch_conv_numbers(const struct cuda_conv_numbers_args *a, cudaStream_t stream)
{
	const unsigned blocks = (unsigned)((a->n + THREADS - 1) / THREADS);
	if (a->bf16)
		return LAUNCH(numbers_kernel<uint16_t>, blocks, THREADS, 0, stream, (uint16_t *)a->to, a->n, a->seed);
	return LAUNCH(numbers_kernel<float>, blocks, THREADS, 0, stream, (float *)a->to, a->n, a->seed);
}

/* ---- an element as a sum ---- */

/* Products that are summed up for an element: their number, and where the factors of one lie; false: in the padding. */
struct place {
	size_t a, b;
};

static __device__ __forceinline__ size_t image_at(const int shape[3], size_t n, int row, int column)
{
	return ((n * (size_t)shape[1] + (size_t)row) * (size_t)shape[2] + (size_t)column) * (size_t)shape[0];
}

static __device__ __forceinline__ bool is_inside(const int shape[3], int row, int column)
{
	return row >= 0 && row < shape[1] && column >= 0 && column < shape[2];
}

/* An image's element, or a weight's, by its coordinates. */
struct spot {
	size_t n;                  /* image, or the weight's row */
	int row, column, channel;
};

static __device__ __forceinline__ struct spot spot_of(size_t i, int rows, int columns, int channels)
{
	struct spot e;
	e.channel = (int)(i % (size_t)channels);
	i /= (size_t)channels;
	e.column = (int)(i % (size_t)columns);
	i /= (size_t)columns;
	e.row = (int)(i % (size_t)rows);
	e.n = i / (size_t)rows;
	return e;
}

static __device__ __forceinline__ size_t weight_at(const struct conv_shape *s, int out, int row, int column, int in)
{
	return (((size_t)out * (size_t)s->kernel + (size_t)row) * (size_t)s->kernel + (size_t)column) *
	           (size_t)(s->in[0] / s->groups) + (size_t)in;
}

/* y: over the window and its group's channels. */
static __device__ __forceinline__ bool forward_term(const struct conv_shape *s, const struct spot *y, size_t t, struct place *at)
{
	const int in = s->in[0] / s->groups, group = y->channel / (s->out[0] / s->groups);
	const struct spot w = spot_of(t, s->kernel, s->kernel, in);
	const int row = y->row * s->stride - s->pad + w.row, column = y->column * s->stride - s->pad + w.column;
	at->a = image_at(s->in, y->n, row, column) + (size_t)(group * in + w.channel);
	at->b = weight_at(s, y->channel, w.row, w.column, w.channel);
	return is_inside(s->in, row, column);
}

/* dx: over the windows that it is in, and its group's outputs. */
static __device__ __forceinline__ bool data_term(const struct conv_shape *s, const struct spot *x, size_t t, struct place *at)
{
	const int in = s->in[0] / s->groups, out = s->out[0] / s->groups, group = x->channel / in;
	const struct spot w = spot_of(t, s->kernel, s->kernel, out);
	const int row = x->row + s->pad - w.row, column = x->column + s->pad - w.column;
	at->a = image_at(s->out, x->n, row / s->stride, column / s->stride) + (size_t)(group * out + w.channel);
	at->b = weight_at(s, group * out + w.channel, w.row, w.column, x->channel % in);
	return row >= 0 && column >= 0 && row % s->stride == 0 && column % s->stride == 0 &&
	       is_inside(s->out, row / s->stride, column / s->stride);
}

/* dW: over all pixels of y. */
static __device__ __forceinline__ bool weights_term(const struct conv_shape *s, const struct spot *w, size_t t, struct place *at)
{
	const int in = s->in[0] / s->groups, group = (int)w->n / (s->out[0] / s->groups);
	const struct spot y = spot_of(t, s->out[1], s->out[2], 1);
	const int row = y.row * s->stride - s->pad + w->row, column = y.column * s->stride - s->pad + w->column;
	at->a = image_at(s->in, y.n, row, column) + (size_t)(group * in + w->channel);
	at->b = image_at(s->out, y.n, y.row, y.column) + w->n;
	return is_inside(s->in, row, column);
}

/* ---- comparing ---- */

/* Which element a sample is: all of them where so many are asked for, else the first, the last and others. */
static __device__ __forceinline__ size_t sampled(const struct cuda_conv_check_args *a, int sample)
{
	if ((size_t)a->samples == a->count || sample == 0)
		return (size_t)sample;
	return sample == 1 ? a->count - 1 : (size_t)(mixed((uint64_t)sample) % a->count);
}

/* Rounding of a float32 sum of so many terms, which goes up and down (Higham & Mary 2019); of the factors; and of a bf16 result. */
static __device__ __forceinline__ double allowed(double terms, double magnitude, double value, bool factors, bool result)
{
	return (16 + 4 * sqrt(terms)) * 0x1p-24 * magnitude + (factors ? 8 / sqrt(terms) * 0x1p-11 * magnitude : 0) +
	       (result ? 0x1p-8 * fabs(value) : 0) + 1e-30;
}

template <enum conv_part part, typename T>
__global__ void __launch_bounds__(THREADS) check_kernel(const struct cuda_conv_check_args a)
{
	const struct conv_shape *const s = &a.shape;
	const int sample = (int)blockIdx.x * WARPS + (int)threadIdx.x / WARP;
	if (sample >= a.samples)
		return;
	const T *const left = (const T *)(part == CONV_DATA ? a.y : a.x), *const right = (const T *)(part == CONV_WEIGHTS ? a.y : a.w);
	const T *const result = (const T *)(part == CONV_DATA ? a.x : part == CONV_WEIGHTS ? a.w : a.y);
	const size_t i = sampled(&a, sample), kernel = (size_t)s->kernel * (size_t)s->kernel;
	const int *const image = part == CONV_DATA ? s->in : s->out;
	const struct spot e = part == CONV_WEIGHTS ? spot_of(i, s->kernel, s->kernel, s->in[0] / s->groups)
	                                              : spot_of(i, image[1], image[2], image[0]);
	const size_t terms = part == CONV_WEIGHTS ? (size_t)s->n * (size_t)s->out[1] * (size_t)s->out[2]
	                     : kernel * (size_t)((part == CONV_DATA ? s->out[0] : s->in[0]) / s->groups);
	double sum = 0, magnitude = 0;
	float products = 0;  /* outside of the padding */
	for (size_t t = threadIdx.x % WARP; t < terms; t += WARP) {
		struct place at;
		if (!(part == CONV_WEIGHTS ? weights_term(s, &e, t, &at) : part == CONV_DATA ? data_term(s, &e, t, &at)
		                                                                            : forward_term(s, &e, t, &at)))
			continue;
		const double product = (double)number_of(left[at.a]) * (double)number_of(right[at.b]);
		sum += product;
		magnitude += fabs(product);
		products += 1;
	}
	for (unsigned step = WARP / 2; step; step /= 2) {
		sum += __shfl_xor_sync(0xffffffffu, sum, step);
		magnitude += __shfl_xor_sync(0xffffffffu, magnitude, step);
		products += __shfl_xor_sync(0xffffffffu, products, step);
	}
	if (threadIdx.x % WARP != 0)
		return;
	const double most = allowed(products > 1 ? (double)products : 1, magnitude, sum, a.narrow_factors && sizeof(T) == sizeof(float),
	                            sizeof(T) == 2);
	a.off[sample] = (float)(fabs((double)number_of(result[i]) - sum) / most);
}

template <enum conv_part part, typename T>
static cudaError_t launch_check(const struct cuda_conv_check_args *a, cudaStream_t stream)
{
	return LAUNCH((check_kernel<part, T>), (unsigned)((a->samples + WARPS - 1) / WARPS), THREADS, 0, stream, *a);
}

template <enum conv_part part> static cudaError_t check_types(const struct cuda_conv_check_args *a, cudaStream_t stream)
{
	return a->bf16 ? launch_check<part, uint16_t>(a, stream) : launch_check<part, float>(a, stream);
}

cudaError_t cuda_launch_conv_check(const struct cuda_conv_check_args *a, cudaStream_t stream)
{
	switch (a->part) {
	case CONV_WEIGHTS:
		return check_types<CONV_WEIGHTS>(a, stream);
	case CONV_DATA:
		return check_types<CONV_DATA>(a, stream);
	default:
		return check_types<CONV_FORWARD>(a, stream);
	}
}
