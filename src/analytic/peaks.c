/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Minus the logarithm of a sum of Gaussian peaks, which mixture and wells share. With shares sₖ of the sum and rₖ = pₖ(θ − mₖ):
 * ∇u = Σ sₖrₖ and ∇²u = Σ sₖ(pₖI − (rₖ − ∇u)(rₖ − ∇u)ᵀ). */
#include <math.h>

#include "src/analytic/target.h"

status peaks_open(struct target *t, size_t n, struct peaks **out)
{
	struct peaks *p;
	TRY(arena_take(t->arena, 1, sizeof *p, &p));
	*p = (struct peaks){.n = n, .d = t->d};
	TRY(ARENA_NEW(t->arena, n, &p->height));
	TRY(ARENA_NEW(t->arena, n, &p->precision));
	TRY(ARENA_NEW(t->arena, n * (size_t)t->d, &p->centre));
	TRY(ARENA_NEW(t->arena, n, &p->share));
	TRY(ARENA_NEW(t->arena, (size_t)t->d, &p->slope));
	t->own = *out = p;
	return OK;
}

/* The shares at θ; returns −log Σ. */
static double shares(const struct peaks *p, const double *theta)
{
	double most = -INFINITY, sum = 0;
	for (size_t k = 0; k < p->n; k++) {
		double square = 0;
		for (int j = 0; j < p->d; j++) {
			double away = theta[j] - p->centre[k * (size_t)p->d + (size_t)j];
			square += away * away;
		}
		p->share[k] = p->height[k] - p->precision[k] * square / 2;
		most = fmax(most, p->share[k]);
	}
	for (size_t k = 0; k < p->n; k++)
		sum += p->share[k] = exp(p->share[k] - most);
	for (size_t k = 0; k < p->n; k++)
		p->share[k] /= sum;
	return -most - log(sum);
}

static double pull(const struct peaks *p, size_t k, int j, const double *theta)
{
	return p->precision[k] * (theta[j] - p->centre[k * (size_t)p->d + (size_t)j]);
}

double peaks_value(const struct target *t, size_t i, const double *theta, double *gradient)
{
	(void)i;
	const struct peaks *p = t->own;
	double u = shares(p, theta);
	for (int j = 0; j < p->d; j++) {
		gradient[j] = 0;
		for (size_t k = 0; k < p->n; k++)
			gradient[j] += p->share[k] * pull(p, k, j, theta);
	}
	return u;
}

void peaks_hvp(const struct target *t, size_t i, const double *theta, const double *v, double *out)
{
	const struct peaks *p = t->own;
	peaks_value(t, i, theta, p->slope);
	for (int j = 0; j < p->d; j++)
		out[j] = 0;
	for (size_t k = 0; k < p->n; k++) {
		double along = 0;
		for (int j = 0; j < p->d; j++)
			along += (pull(p, k, j, theta) - p->slope[j]) * v[j];
		for (int j = 0; j < p->d; j++)
			out[j] += p->share[k] * (p->precision[k] * v[j] - (pull(p, k, j, theta) - p->slope[j]) * along);
	}
}
