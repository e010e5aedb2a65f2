/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What comes before and behind cuDNN's convolutions in one pass over memory. */
#include "src/cuda/launch.h"

#include "src/cuda/conv_kernels.h"
#include "src/cuda/quad.cuh"
#include "src/cuda/sigmoid.cuh"

enum { THREADS = 256, BYTES = 16 };  /* of a thread's access */

/* Elements that one access moves. */
template <typename T> struct alignas(BYTES) access {
	T at[BYTES / sizeof(T)];
};

/* NaN stays NaN, so that a diverged chain is seen. */
template <enum activation kind> static __device__ __forceinline__ float activated(float x)
{
	float s, rest;
	if (kind == ACTIVATION_RELU)
		return x <= 0 ? 0.0f : x;
	if (kind == ACTIVATION_TANH)
		return tanhf(x);
	if (kind == ACTIVATION_NONE)
		return x;
	sigmoids(x, &s, &rest);
	return x * s;
}

/* Which channel an element is of; a division of 64 bits is many instructions. */
static __device__ __forceinline__ unsigned channel_of(size_t i, unsigned channels)
{
	return i <= UINT32_MAX ? (unsigned)i % channels : (unsigned)(i % channels);
}

/* Channels are a multiple of what an access has. */
template <typename T, enum activation kind>
static __device__ __forceinline__ void finish_access(const T *x, T *y, const float *bias, const T *residual, size_t i, unsigned channels)
{
	constexpr int EACH = BYTES / sizeof(T);
	access<T> v = *(const access<T> *)(x + i), r = {};
	float b[EACH];
	if (residual)
		r = *(const access<T> *)(residual + i);
	const unsigned c = channel_of(i, channels);
	UNROLL
	for (int j = 0; j < EACH; j++)
		b[j] = bias ? bias[c + (unsigned)j] : 0;
	UNROLL
	for (int j = 0; j < EACH; j++) {
		const float sum = number_of(v.at[j]) + b[j];
		number_set(&v.at[j], activated<kind>(residual ? sum + number_of(r.at[j]) : sum));
	}
	*(access<T> *)(y + i) = v;
}

template <typename T, enum activation kind>
__global__ void __launch_bounds__(THREADS) finish_kernel(const T *x, T *y, const float *bias, const T *residual, size_t n,
                                                             unsigned channels)
{
	constexpr int EACH = BYTES / sizeof(T);
	const size_t first = ((size_t)blockIdx.x * THREADS + threadIdx.x) * EACH;
	if (channels % EACH == 0) {
		if (first < n)
			finish_access<T, kind>(x, y, bias, residual, first, channels);
		return;
	}
	for (size_t i = first; i < n && i < first + EACH; i++) {
		const float sum = number_of(x[i]) + (bias ? bias[channel_of(i, channels)] : 0);
		number_set(y + i, activated<kind>(residual ? sum + number_of(residual[i]) : sum));
	}
}

template <typename T, enum activation kind>
static cudaError_t launch_finish(const struct cuda_conv_finish_args *a, cudaStream_t stream)
{
	const size_t each = (size_t)THREADS * BYTES / sizeof(T);
	return LAUNCH((finish_kernel<T, kind>), (unsigned)((a->n + each - 1) / each), THREADS, 0, stream, (const T *)a->x,
	              (T *)a->y, a->bias, (const T *)a->residual, a->n, (unsigned)a->channels);
}

template <enum activation kind> static cudaError_t finish_types(const struct cuda_conv_finish_args *a, cudaStream_t stream)
{
	return a->bf16 ? launch_finish<uint16_t, kind>(a, stream) : launch_finish<float, kind>(a, stream);
}

cudaError_t cuda_launch_conv_finish(const struct cuda_conv_finish_args *a, cudaStream_t stream)
{
	switch (a->activation) {
	case ACTIVATION_RELU:
		return finish_types<ACTIVATION_RELU>(a, stream);
	case ACTIVATION_SILU:
		return finish_types<ACTIVATION_SILU>(a, stream);
	case ACTIVATION_TANH:
		return finish_types<ACTIVATION_TANH>(a, stream);
	default:
		return finish_types<ACTIVATION_NONE>(a, stream);
	}
}

/* ---- gradients into the flat vector, where any number may begin ---- */

enum { IN_FLIGHT = 4, QUADS = 2 };  /* of a thread: elements, or where `to` is aligned as well quads */

/* All channels, and all aligned. */
template <typename T, bool add>
__global__ void __launch_bounds__(THREADS) gradient_quads_kernel(float *to, const T *from, size_t n)
{
	const size_t first = (size_t)blockIdx.x * THREADS * QUADS + threadIdx.x;
	float v[QUADS][QUAD], old[QUADS][QUAD];
	UNROLL
	for (int j = 0; j < QUADS; j++) {
		const size_t at = (first + (size_t)j * THREADS) * QUAD;
		const struct quad_part part = quad_part_of(0, at >= n ? 0 : n - at < QUAD ? (int)(n - at) : QUAD, true);
		quad_load(from, at, part, v[j]);
		if (add)
			quad_load(to, at, part, old[j]);
	}
	UNROLL
	for (int j = 0; j < QUADS; j++) {
		const size_t at = (first + (size_t)j * THREADS) * QUAD;
		const struct quad_part part = quad_part_of(0, at >= n ? 0 : n - at < QUAD ? (int)(n - at) : QUAD, true);
		UNROLL
		for (int k = 0; add && k < QUAD; k++)
			v[j][k] += old[j][k];
		quad_store(to, at, part, v[j]);
	}
}

template <typename T, bool add>
__global__ void __launch_bounds__(THREADS) gradient_kernel(float *to, const T *from, size_t n, unsigned in, unsigned padded)
{
	const size_t first = (size_t)blockIdx.x * THREADS * IN_FLIGHT + threadIdx.x;
	float v[IN_FLIGHT], old[IN_FLIGHT];
	UNROLL
	for (int j = 0; j < IN_FLIGHT; j++) {
		const size_t i = first + (size_t)j * THREADS;
		const unsigned c = in == padded ? 0 : channel_of(i, in);
		v[j] = i < n ? number_of(from[in == padded ? i : (i - c) / in * padded + c]) : 0;
		old[j] = add && i < n ? to[i] : 0;
	}
	UNROLL
	for (int j = 0; j < IN_FLIGHT; j++) {
		const size_t i = first + (size_t)j * THREADS;
		if (i < n)
			to[i] = add ? old[j] + v[j] : v[j];
	}
}

template <typename T, bool add> static cudaError_t launch_gradient(const struct cuda_conv_gradient_args *a, cudaStream_t stream)
{
	const bool quads = a->in == a->padded && quad_aligned(a->to, sizeof(float));
	const size_t n = a->rows * (size_t)a->in, each = (size_t)THREADS * (quads ? QUADS * QUAD : IN_FLIGHT);
	const unsigned blocks = (unsigned)((n + each - 1) / each);
	if (quads)
		return LAUNCH((gradient_quads_kernel<T, add>), blocks, THREADS, 0, stream, a->to, (const T *)a->from, n);
	return LAUNCH((gradient_kernel<T, add>), blocks, THREADS, 0, stream, a->to, (const T *)a->from, n, (unsigned)a->in,
	              (unsigned)a->padded);
}

cudaError_t cuda_launch_conv_gradient(const struct cuda_conv_gradient_args *a, cudaStream_t stream)
{
	if (a->add)
		return a->bf16 ? launch_gradient<uint16_t, true>(a, stream) : launch_gradient<float, true>(a, stream);
	return a->bf16 ? launch_gradient<uint16_t, false>(a, stream) : launch_gradient<float, false>(a, stream);
}
