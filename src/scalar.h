/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Arithmetic on slots, one source for every backend (a CUDA file defines SCALAR_ROW as a device function), all in double:
 * what a step computes between two verbs, so that it needs the host for none of it. x: inputs, y: outputs. */
#ifndef BASIN_SCALAR_H
#define BASIN_SCALAR_H

#include <math.h>

#ifndef SCALAR_ROW
#define SCALAR_ROW static inline
#endif

/* X(function, inputs, outputs), in the order of enum scalar_fn. */
#define SCALAR_ROWS(X)     \
	X(copy, 1, 1)         \
	X(product, 2, 1)      \
	X(axpy, 3, 1)         \
	X(exp, 1, 1)          \
	X(accept, 2, 2)       \
	X(inverse_norm, 3, 1) \
	X(clip, 3, 1)         \
	X(dual_cone, 6, 3)    \
	X(thermostat, 5, 1)   \
	X(esh, 4, 3)

/* y = x */
SCALAR_ROW void scalar_copy(const double *x, double *y)
{
	y[0] = x[0];
}

/* y = x₀x₁ */
SCALAR_ROW void scalar_product(const double *x, double *y)
{
	y[0] = x[0] * x[1];
}

/* y = x₀ + x₁x₂ */
SCALAR_ROW void scalar_axpy(const double *x, double *y)
{
	y[0] = x[0] + x[1] * x[2];
}

/* y = eˣ: a step size that is adapted by its logarithm */
SCALAR_ROW void scalar_exp(const double *x, double *y)
{
	y[0] = exp(x[0]);
}

/* Metropolis: (U, ΔE), U uniform on (0, 1) → (1, 0) where ln U < −ΔE, else (0, 1), also where ΔE is not a number. The weights of
 * the proposal and of the point that it left. */
SCALAR_ROW void scalar_accept(const double *x, double *y)
{
	double yes = log(x[0]) < -x[1];
	y[0] = yes;
	y[1] = 1 - yes;
}

/* SAM's length (Foret et al. 2021): (c, s = ‖g‖², ε) → c / (√s + ε) */
SCALAR_ROW void scalar_inverse_norm(const double *x, double *y)
{
	y[0] = x[0] / (sqrt(x[1]) + x[2]);
}

/* Clipping to length b: (c, s = ‖g‖², b) → c · min(1, b/√s). b may be infinite. */
SCALAR_ROW void scalar_clip(const double *x, double *y)
{
	double norm = sqrt(x[1]);
	y[0] = norm > x[2] ? x[0] * (x[2] / norm) : x[0];
}

/* Dual cone gradient descent (Hwang & Lim 2024, arXiv 2409.18426): (‖g_r‖², ‖g_b‖², ⟨g_r, g_b⟩, mode, α, flag) → (a_r, a_b,
 * flag): the update is along a_r g_r + a_b g_b. mode 0: center, ½(1 + b/r) g_r + ½(1 + r/b) g_b; 1: projection; 2: average; the
 * last two leave g_r + g_b alone where it lies in the dual cone, as all do where a gradient is 0. The flag is 1 once
 * cos φ < −1 + α was seen (Pareto stationary). */
SCALAR_ROW void scalar_dual_cone(const double *x, double *y)
{
	double rr = x[0], bb = x[1], dot = x[2];
	int mode = (int)x[3], some = rr > 0 && bb > 0, off_r = rr + dot < 0, off_b = bb + dot < 0;
	y[0] = y[1] = 1;
	y[2] = x[5] > 0 || (some && dot / sqrt(rr * bb) < x[4] - 1);
	if (!some)
		return;
	if (mode == 0) {
		y[0] = (1 + sqrt(bb / rr)) / 2;
		y[1] = (1 + sqrt(rr / bb)) / 2;
	} else if (mode == 1 && off_b) {
		y[1] = -dot / bb;
	} else if (mode == 1 && off_r) {
		y[0] = -dot / rr;
	} else if (mode == 2 && (off_r || off_b)) {
		y[0] = (1 - dot / rr) / 2;
		y[1] = (1 - dot / bb) / 2;
	}
}

/* Nosé–Hoover (Ding et al. 2014): (a, s = ‖v‖², d, t, m) → a + (s/d − t)/m */
SCALAR_ROW void scalar_thermostat(const double *x, double *y)
{
	y[0] = x[0] + (x[1] / x[2] - x[3]) / x[4];
}

/* The kick of microcanonical dynamics (Robnik et al. 2023) on a unit momentum m: (‖∇u‖², ⟨∇u, m⟩, εcβ, d − 1) → (a, b, ΔK) for
 * m ← a∇u + bm. With e = −∇u/‖∇u‖, w = e·m, Δ = εcβ‖∇u‖/(d − 1), ζ = e^−Δ:
 * m ← [(1 − ζ)(1 + ζ + w(1 − ζ)) e + 2ζm]/D, D = 1 + w + (1 − w)ζ²; ΔK = (d − 1)(Δ − ln 2 + ln D). */
SCALAR_ROW void scalar_esh(const double *x, double *y)
{
	double norm = sqrt(x[0]);
	y[0] = y[2] = 0;
	y[1] = 1;
	if (!(norm > 0))
		return;
	double delta = x[2] * norm / x[3], zeta = exp(-delta), w = fmax(-1.0, fmin(1.0, -x[1] / norm)), lost = -expm1(-delta);
	double d = 1 + w + (1 - w) * zeta * zeta;
	y[0] = -lost * (1 + zeta + w * lost) / (norm * d);
	y[1] = 2 * zeta / d;
	y[2] = x[3] * (delta + log(d / 2));
}

#endif
