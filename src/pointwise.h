/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The nonlinear element functions of the pointwise verb, one source for every backend (a CUDA file defines
 * POINTWISE_ROW as a device function). c: coefficients, rest: 1 − c rounded once, y: outputs. x: the inputs, then the
 * prior's term where the row has one, then its normals, then its uniforms. */
#ifndef BASIN_POINTWISE_H
#define BASIN_POINTWISE_H

#include <math.h>

#ifndef POINTWISE_ROW
#define POINTWISE_ROW static inline
#endif

/* X(function, inputs, prior, normals, uniforms, outputs), in the order of enum pointwise_fn. */
#define POINTWISE_ROWS(X)              \
	X(clip, 1, 0, 0, 0, 1)         \
	X(adamw, 4, 1, 0, 0, 3)        \
	X(psgld, 2, 0, 0, 0, 2)        \
	X(asam, 2, 0, 0, 0, 1)         \
	X(psgld_step, 3, 1, 1, 0, 2)   \
	X(quantise, 1, 0, 0, 1, 1)     \
	X(adam, 4, 1, 0, 0, 3)

/* y = clamp(x, ±c₀) */
POINTWISE_ROW void pointwise_clip(const float *x, const float *c, const float *rest, float *y)
{
	(void)rest;
	float low = x[0] < -c[0] ? -c[0] : x[0];
	y[0] = low > c[0] ? c[0] : low;
}

/* AdamW (Loshchilov & Hutter 2019, algorithm 2, in PyTorch's scaling) on (θ, m, v; g; prior) → (θ, m, v):
 * m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², θ ← θ − λδθ − λ/(1−β₁ᵗ) · m / (√v/√(1−β₂ᵗ) + ε).
 * c = β₁, β₂, λ/(1−β₁ᵗ), 1/√(1−β₂ᵗ), ε; the prior's coefficient is λδ. */
POINTWISE_ROW void pointwise_adamw(const float *x, const float *c, const float *rest, float *y)
{
	float m = c[0] * x[1] + rest[0] * x[3];
	float v = c[1] * x[2] + rest[1] * x[3] * x[3];
	y[0] = x[0] - (x[4] + c[2] * m / (c[3] * sqrtf(v) + c[4]));
	y[1] = m;
	y[2] = v;
}

/* Adam (Kingma & Ba 2015) on the same: the prior's gradient is part of g. c is adamw's; the prior's coefficient is δ. */
POINTWISE_ROW void pointwise_adam(const float *x, const float *c, const float *rest, float *y)
{
	float in[5] = {x[0], x[1], x[2], x[3] + x[4], 0};
	pointwise_adamw(in, c, rest, y);
}

/* RMSprop's preconditioner (Li et al. 2016, "Preconditioned SGLD") on (v; g) → (v, G): v ← c₀v + (1−c₀)g², G = 1/(c₁ + √v). */
POINTWISE_ROW void pointwise_psgld(const float *x, const float *c, const float *rest, float *y)
{
	float v = c[0] * x[0] + rest[0] * x[1] * x[1];
	y[0] = v;
	y[1] = 1.0f / (c[1] + sqrtf(v));
}

/* ASAM's direction before it is scaled to length (Kwon et al. 2021) on (θ; g): y = (|θ| + c₀)² g. */
POINTWISE_ROW void pointwise_asam(const float *x, const float *c, const float *rest, float *y)
{
	(void)rest;
	float t = fabsf(x[0]) + c[0];
	y[0] = t * t * x[1];
}

/* A step of it on (θ, v; g; prior; ξ) → (θ, v): v ← c₀v + (1−c₀)g², G = 1/(c₁ + √v), θ ← θ − λG(g + prior) + √(2λ/β) √G ξ, without
 * the term in G's derivative. c = α, ε, λ, √(2λ/β); the prior's coefficient is δ. */
POINTWISE_ROW void pointwise_psgld_step(const float *x, const float *c, const float *rest, float *y)
{
	float v = c[0] * x[1] + rest[0] * x[2] * x[2];
	float scale = 1.0f / (c[1] + sqrtf(v));
	y[0] = x[0] - (c[2] * scale * (x[2] + x[3]) - c[3] * sqrtf(scale) * x[4]);
	y[1] = v;
}

/* Stochastic rounding to multiples of a gap Δ within a range (Zhang, Wilson & De Sa 2022, Q_s): up with the probability of the
 * fraction that is lost. c = Δ, 1/Δ, lowest, highest; Δ is a power of 2. */
POINTWISE_ROW void pointwise_quantise(const float *x, const float *c, const float *rest, float *y)
{
	(void)rest;
	float low = floorf(x[0] * c[1]), up = x[0] * c[1] - low > x[1] ? 1.0f : 0.0f;
	float q = c[0] * (low + up);
	q = q < c[2] ? c[2] : q;
	y[0] = q > c[3] ? c[3] : q;
}

#endif
