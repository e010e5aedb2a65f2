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
	X(adam, 4, 1, 0, 0, 3)         \
	X(nearest, 1, 0, 0, 0, 1)      \
	X(corrected_wide, 2, 1, 1, 1, 1) \
	X(corrected_small, 2, 1, 0, 1, 1) \
	X(psgld_corrected, 4, 1, 1, 0, 2) \
	X(sign_step, 1, 0, 0, 1, 1)    \
	X(sign_difference, 2, 0, 0, 1, 1)

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

/* The nearest whole number, ties upwards; t + ½ by itself would be rounded where float has no halves any more. */
POINTWISE_ROW float pointwise_whole(float t)
{
	float low = floorf(t);
	return low + (t - low >= 0.5f ? 1.0f : 0.0f);
}

/* Rounding to the nearest multiple of a gap within a range; coefficients as quantise's. */
POINTWISE_ROW void pointwise_nearest(const float *x, const float *c, const float *rest, float *y)
{
	(void)rest;
	float q = c[0] * pointwise_whole(x[0] * c[1]);
	q = q < c[2] ? c[2] : q;
	y[0] = q > c[3] ? c[3] : q;
}

/* Q^vc, the rounding of Zhang, Wilson & De Sa 2022 (arXiv 2206.09909, variance-corrected) that a Langevin step takes its noise
 * from, on (θ; g; prior; ξ; u) → θ: with μ = θ − λ(g + prior), a law on multiples of Δ of mean μ and variance v.
 * Where v ≥ Δ²/4: x = μ + √(v − Δ²/4) ξ, q the nearest multiple, r = (x − q)/Δ; one more towards r with probability (|r| + ½)²/2,
 * one less with (½ − |r|)²/2. Then into the range. c = Δ, 1/Δ, lowest, highest, λ, √(v − Δ²/4); the prior's coefficient is δ. */
POINTWISE_ROW void pointwise_corrected_wide(const float *x, const float *c, const float *rest, float *y)
{
	(void)rest;
	float t = (x[0] - c[4] * (x[1] + x[2]) + c[5] * x[3]) * c[1], q = pointwise_whole(t), r = t - q, m = fabsf(r);
	float towards = 0.5f * (m + 0.5f) * (m + 0.5f), away = 0.5f * (0.5f - m) * (0.5f - m), sign = r < 0.0f ? -1.0f : 1.0f;
	float move = x[4] < towards ? sign : 0.0f;
	q = c[0] * (q + (x[4] >= 1.0f - away ? -sign : move));
	q = q < c[2] ? c[2] : q;
	y[0] = q > c[3] ? c[3] : q;
}

/* The same where v < Δ²/4, on (θ; g; prior; u): μ rounded stochastically, which has the variance v_s = f(1 − f)Δ², f the fraction of
 * μ/Δ, and where v > v_s one more or one less with probability (v − v_s)/(2Δ²) each: the variance is max(v, v_s). What is left of u
 * once it has decided the first, which is uniform again, decides the second. c = Δ, 1/Δ, lowest, highest, λ, v/Δ². */
POINTWISE_ROW void pointwise_corrected_small(const float *x, const float *c, const float *rest, float *y)
{
	(void)rest;
	float t = (x[0] - c[4] * (x[1] + x[2])) * c[1], low = floorf(t), f = t - low;
	float u = x[3] < f ? x[3] / f : (x[3] - f) / (1.0f - f), lacks = 0.5f * (c[5] - f * (1.0f - f));
	float move = u < lacks ? 1.0f : 0.0f;
	float q = c[0] * (low + (x[3] < f ? 1.0f : 0.0f) + (u >= 1.0f - lacks ? -1.0f : move));
	q = q < c[2] ? c[2] : q;
	y[0] = q > c[3] ? c[3] : q;
}

/* psgld_step with the term in G's derivative, on (θ, v; g, D; prior; ξ), D the diagonal of the Hessian that g is the gradient of: θ
 * moves by (λ/β)Γ besides, Γ = ∂G/∂θ = −(1−c₀) g D G²/√v, 0 where v is. Coefficients as psgld_step's, and c₄ = λ(1−α)/β. */
POINTWISE_ROW void pointwise_psgld_corrected(const float *x, const float *c, const float *rest, float *y)
{
	float v = c[0] * x[1] + rest[0] * x[2] * x[2], root = sqrtf(v);
	float scale = 1.0f / (c[1] + root);
	float slope = v > 0.0f ? c[4] * x[2] * x[3] * scale * scale / root : 0.0f;
	y[0] = x[0] - (c[2] * scale * (x[2] + x[4]) + slope - c[3] * sqrtf(scale) * x[5]);
	y[1] = v;
}

/* y = x + c₀z, z = ±1 by a uniform. */
POINTWISE_ROW void pointwise_sign_step(const float *x, const float *c, const float *rest, float *y)
{
	(void)rest;
	y[0] = x[0] + (x[1] < 0.5f ? -c[0] : c[0]);
}

/* y = c₀z(x₀ − x₁) with the same z: of gradients at θ + hz and at θ, c₀ = 1/h, what has the Hessian's diagonal for its mean
 * (Hutchinson 1990; Bekas, Kokiopoulou & Saad 2007). */
POINTWISE_ROW void pointwise_sign_difference(const float *x, const float *c, const float *rest, float *y)
{
	(void)rest;
	y[0] = (x[2] < 0.5f ? -c[0] : c[0]) * (x[0] - x[1]);
}

#endif
