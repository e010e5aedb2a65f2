/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* prior.h on the card. To be included behind launch.h and before anything of src/, which brings prior.h as the host has it. */
#ifndef BASIN_CUDA_PRIOR_CUH
#define BASIN_CUDA_PRIOR_CUH

#ifdef BASIN_PRIOR_H
#error "prior.cuh comes before what includes prior.h"
#endif
#define PRIOR_ROW static __device__ __forceinline__
#include "src/prior.h"

#include "src/cuda/kernels.h"

/* h(x) of a prior that is not gaussian. */
static __device__ __forceinline__ float slope_at(enum prior_kind kind, const struct cuda_slope &s, float x)
{
	return kind == PRIOR_LAPLACE ? x > 0 ? s.a : x < 0 ? -s.a : x : s.a * x / (1.0f + s.b * (x * x));
}

#endif
