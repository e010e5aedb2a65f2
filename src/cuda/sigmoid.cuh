/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#ifndef BASIN_CUDA_SIGMOID_CUH
#define BASIN_CUDA_SIGMOID_CUH

/* σ(x) and 1 − σ(x), both to their last bits. */
static __device__ __forceinline__ void sigmoids(float x, float *s, float *rest)
{
	const float e = expf(-fabsf(x)), near = 1.0f / (1.0f + e), far = e * near;
	*s = x < 0 ? far : near;
	*rest = x < 0 ? near : far;
}

#endif
