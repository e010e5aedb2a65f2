/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Activations, computed in float32 whatever the tensors' types. NaN stays NaN, so that a diverged chain is seen. */
#include "src/cuda/launch.h"

#include "src/cuda/bf16.cuh"
#include "src/cuda/layers.h"
#include "src/cuda/sigmoid.cuh"

enum { THREADS = 256, TOGETHER = 4 };  /* elements of a thread */

/* Elements that one access moves. */
template <typename T> struct alignas(TOGETHER * sizeof(T)) group {
	T at[TOGETHER];
};

/* b where a is above 0 or NaN: fmaxf would drop NaN. */
static __device__ __forceinline__ float gate(float a, float b)
{
	return a <= 0 ? 0.0f : b;
}

template <enum activation kind> static __device__ __forceinline__ float value(float x)
{
	float s, rest;
	if (kind == ACTIVATION_RELU)
		return gate(x, x);
	if (kind == ACTIVATION_TANH)
		return tanhf(x);
	sigmoids(x, &s, &rest);
	return x * s;
}

template <enum activation kind> static __device__ __forceinline__ float gradient(float of, float dy)
{
	float s, rest;
	if (kind == ACTIVATION_RELU)
		return gate(of, dy);
	if (kind == ACTIVATION_TANH)
		return dy * (1.0f - of * of);
	sigmoids(of, &s, &rest);
	return dy * (s * (1.0f + of * rest));
}

/* All tensors begin where groups of their elements may. dy and to may be one. */
template <enum activation kind, bool backward, typename X, typename Dy, typename Y>
static __device__ __forceinline__ void act_group(const X *x, const Dy *dy, Y *to, size_t i)
{
	const group<X> a = *(const group<X> *)(x + i);
	group<Dy> b = {};
	group<Y> y;
	if (backward)
		b = *(const group<Dy> *)(dy + i);
	for (int j = 0; j < TOGETHER; j++) {
		const float x0 = number_of(a.at[j]);
		number_set(&y.at[j], backward ? gradient<kind>(x0, number_of(b.at[j])) : value<kind>(x0));
	}
	*(group<Y> *)(to + i) = y;
}

template <enum activation kind, bool backward, typename X, typename Dy, typename Y>
__global__ void __launch_bounds__(THREADS) act_kernel(const struct cuda_act_args a)
{
	const X *const x = (const X *)a.x;
	const Dy *const dy = (const Dy *)a.dy;
	Y *const to = (Y *)a.y;
	const size_t i = ((size_t)blockIdx.x * THREADS + threadIdx.x) * TOGETHER;
	if (i + TOGETHER <= a.n)
		act_group<kind, backward>(x, dy, to, i);
	else
		for (size_t j = i; j < a.n; j++)
			number_set(to + j, backward ? gradient<kind>(number_of(x[j]), number_of(dy[j]))
			                            : value<kind>(number_of(x[j])));
}

template <enum activation kind, bool backward, typename X, typename Dy, typename Y>
static cudaError_t launch_types(const struct cuda_act_args *a, cudaStream_t stream)
{
	const size_t each = (size_t)THREADS * TOGETHER;
	return LAUNCH((act_kernel<kind, backward, X, Dy, Y>), (unsigned)((a->n + each - 1) / each), THREADS, 0, stream, *a);
}

template <enum activation kind> static cudaError_t launch_forward(const struct cuda_act_args *a, cudaStream_t stream)
{
	if (a->x_bf16)
		return a->y_bf16 ? launch_types<kind, false, uint16_t, float, uint16_t>(a, stream)
		                 : launch_types<kind, false, uint16_t, float, float>(a, stream);
	return a->y_bf16 ? launch_types<kind, false, float, float, uint16_t>(a, stream)
	                 : launch_types<kind, false, float, float, float>(a, stream);
}

/* What is read beside dy has the type of dy, or for silu that of dx. */
template <enum activation kind> static cudaError_t launch_backward(const struct cuda_act_args *a, cudaStream_t stream)
{
	constexpr bool like_dx = kind == ACTIVATION_SILU;
	if (a->dy_bf16 && a->y_bf16)
		return launch_types<kind, true, uint16_t, uint16_t, uint16_t>(a, stream);
	if (!a->dy_bf16 && !a->y_bf16)
		return launch_types<kind, true, float, float, float>(a, stream);
	if (a->y_bf16)
		return like_dx ? launch_types<kind, true, uint16_t, float, uint16_t>(a, stream)
		               : launch_types<kind, true, float, float, uint16_t>(a, stream);
	return like_dx ? launch_types<kind, true, float, uint16_t, float>(a, stream)
	               : launch_types<kind, true, uint16_t, uint16_t, float>(a, stream);
}

cudaError_t cuda_launch_act(const struct cuda_act_args *a, cudaStream_t stream)
{
	switch (a->kind) {
	case ACTIVATION_RELU:
		return a->dy ? launch_backward<ACTIVATION_RELU>(a, stream) : launch_forward<ACTIVATION_RELU>(a, stream);
	case ACTIVATION_SILU:
		return a->dy ? launch_backward<ACTIVATION_SILU>(a, stream) : launch_forward<ACTIVATION_SILU>(a, stream);
	default:
		return a->dy ? launch_backward<ACTIVATION_TANH>(a, stream) : launch_forward<ACTIVATION_TANH>(a, stream);
	}
}
