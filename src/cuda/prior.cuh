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

/* A curve rounded once, for elements that are float32. */
struct prior_slope {
	enum prior_kind kind;
	float a, b;
};

static __device__ __forceinline__ struct prior_slope prior_slope_of(enum prior_kind kind, double nu, double factor, double deviation)
{
	struct prior_slope s = {PRIOR_GAUSSIAN, 1, 0};
	if (kind != PRIOR_GAUSSIAN) {
		const struct prior_curve c = prior_curve(kind, nu, factor, deviation);
		s.kind = kind;
		s.a = (float)c.a;
		s.b = (float)c.b;
	}
	return s;
}

/* h(x) */
static __device__ __forceinline__ float prior_slope_at(const struct prior_slope *s, float x)
{
	if (s->kind == PRIOR_GAUSSIAN)
		return x;
	if (s->kind == PRIOR_LAPLACE)
		return x > 0 ? s->a : x < 0 ? -s->a : x;
	return s->a * x / (1.0f + s->b * (x * x));
}

#endif
