/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The stationary mean and covariance of a method that is linear in its state, where the gradient is that of a batch drawn from
 * quadratic ℓᵢ and so has random coefficients:
 *   z ← A z + G ĝ(θ + σε) + L ξ,  ∇ℓᵢ(θ) = Hᵢθ − bᵢ,  θ the first d of z.
 * With i uniform and B independent draws a step, ĝ has mean H̄θ − b̄, and about z = m + w with E w = 0 the covariance
 *   C(Σ) = (1/B) mean[(Dᵢm − eᵢ)(Dᵢm − eᵢ)ᵀ + Dᵢ(Σ_θθ + σ²I)Dᵢ] + σ²H̄²,  Dᵢ = Hᵢ − H̄,  eᵢ = bᵢ − b̄,
 * so that m = (A + GH̄P)m − Gb̄ (P takes θ out of z) and Σ = (A + GH̄P) Σ (A + GH̄P)ᵀ + G C(Σ) Gᵀ + LLᵀ, exactly. */
#ifndef BASIN_TESTS_LINEAR_LAW_H
#define BASIN_TESTS_LINEAR_LAW_H

enum { LAW_ROWS = 12, LAW_DIMS = 3, LAW_STATE = 2 * LAW_DIMS };

/* ∇ℓᵢ, and their means. */
struct gradients {
	double h[LAW_ROWS][LAW_DIMS][LAW_DIMS], b[LAW_ROWS][LAW_DIMS];
	double mean_h[LAW_DIMS][LAW_DIMS], mean_b[LAW_DIMS];
};

/* Of Gaussian ℓᵢ = (yᵢ − xᵢᵀθ)²/(2s²), the last element of every xᵢ being 1: rows (LAW_ROWS) of the others and yᵢ. */
void gradients_of(struct gradients *g, const double rows[LAW_ROWS][LAW_DIMS], double s);

/* Mean and covariance of exp(−β[mean ℓᵢ + (δ/2)‖θ‖²]). */
void posterior(const struct gradients *g, double beta, double decay, double mean[LAW_DIMS],
               double covariance[LAW_DIMS][LAW_DIMS]);

struct linear_law {
	int n;                                        /* of z: LAW_DIMS or twice that */
	double a[LAW_STATE][LAW_STATE];               /* A */
	double g[LAW_STATE][LAW_DIMS];                /* G */
	double q[LAW_STATE][LAW_STATE];               /* LLᵀ */
	double sigma;                                 /* σ */
	int batch;                                    /* B, or 0: every batch is all rows, and ĝ the mean */
	const double *centre;                         /* (LAW_DIMS) θ̂ of control variates, which make eᵢ = Dᵢθ̂; or NULL */
	/* filled in: */
	double mean[LAW_STATE], covariance[LAW_STATE][LAW_STATE];
	double squares[LAW_DIMS];                     /* E ĝᵢ(θ)² by coordinate */
};

/* A = I, and nothing else. */
void law_begin(struct linear_law *l, int vectors, int batch);
/* c·I to A's block (to, from). */
void law_add(struct linear_law *l, int to, int from, double c);
/* −c(ĝ + δθ) into a vector. */
void law_drift(struct linear_law *l, int to, double c, double decay);
/* Noise of that variance into a vector, apart from the others'. */
void law_noise(struct linear_law *l, int to, double variance);
/* Solves for the mean and the covariance, and takes E ĝ² there. */
void law_solve(struct linear_law *l, const struct gradients *g);

#endif
