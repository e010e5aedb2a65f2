/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Hamiltonian Monte Carlo: its integrator against closed forms, and its decision against Metropolis' rule written
 * down a second time. */
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <string.h>

#include "src/analytic.h"
#include "tests/hmc_bench.h"
#include "tests/sampler_body.h"
#include "tests/tap.h"

enum { D = SAMPLER_DIMS };
static const double start[D] = {0.5, -1, 0.25};

/* ---- the integrator ---- */

/* u = hθ²/2: θ_L = cos(Lφ)θ + sin(Lφ)/√(βh(1 − λh/2)) p, cos φ = 1 − λh, whatever L. */
static void check_closed_form(struct device *d)
{
	static const double variance[D] = {1, 2, 0.5};
	struct potential *p;
	double worst = 0;
	MUST(analytic_open("gaussian:1,2,0.5", d, &p));
	for (int n = 1; n <= 12; n++) {
		struct trial t;
		double got[D];
		trial_open(&t, p, hmc_bare(n), bench_lr, n, 0);
		trial_put(&t, start);
		trial_step(&t, 7);
		trial_get(&t, t.st.s.vector[0], got);
		for (int j = 0; j < D; j++) {
			const double h = 1 / variance[j] + bench_decay, phi = acos(1 - bench_lr * h);
			const double scale = sqrt(bench_temperature / (h * (1 - bench_lr * h / 2)));
			const double momentum = rng_normal(momentum_key, STREAM_MOMENTUM, 7, (uint64_t)j);
			worst = fmax(worst, fabs(got[j] - cos(n * phi) * start[j] - sin(n * phi) * scale * momentum));
		}
		trial_close(&t);
	}
	near(worst, 0, 3e-6, "hmc: 1 to 12 leapfrog steps on a quadratic are a rotation, to the phase and the length");
	potential_close(p);
}

/* sgld with all rows as batch, drawn from another stream. */
static void check_sgld(struct potential *p)
{
	static struct linear_map m;
	struct trial t;
	double z[D], got[D], worst = 0;
	map_identity(&m, 1, D);
	bench_drift(&m, 0, bench_lr, bench_hessian(p));
	map_noise(&m, 0, STREAM_MOMENTUM, bench_noise(), NULL);
	memcpy(z, start, sizeof z);
	trial_open(&t, p, hmc_bare(1), bench_lr, 1, 0);
	trial_put(&t, z);
	for (uint64_t k = 0; k < 50; k++) {
		trial_step(&t, k);
		map_apply(&m, momentum_key, k, z);
		trial_get(&t, t.st.s.vector[0], got);
		for (int j = 0; j < D; j++)
			worst = fmax(worst, fabs(got[j] - z[j]));
	}
	near(worst, 0, 1e-5, "hmc without Metropolis, L = 1, is sgld over all data");
	trial_close(&t);
}

/* Where (θ, w) comes to by n leapfrog steps. */
static void flow(struct trial *t, const double z[4], int n, double out[4])
{
	struct sampler_state *s = &t->st.s;
	struct device *d = t->plan.potential->device;
	const float w[2] = {(float)z[2], (float)z[3]};
	trial_put(t, z);
	MUST(d->ops->put(d, s->scratch[HMC_MOMENTUM], w, sizeof w));
	MUST(sampler_full_gradient(s, &(struct point){.theta = s->vector[0]}, false, s->gradient));
	MUST(hmc_leapfrog(s, n));
	trial_get(t, s->vector[0], out);
	trial_get(t, s->scratch[HMC_MOMENTUM], out + 2);
}

static double determinant(double a[4][4])
{
	gsl_matrix_view m = gsl_matrix_view_array(&a[0][0], 4, 4);
	gsl_permutation *p = gsl_permutation_alloc(4);
	int sign;
	gsl_linalg_LU_decomp(&m.matrix, p, &sign);
	const double det = gsl_linalg_LU_det(&m.matrix, sign);
	gsl_permutation_free(p);
	return det;
}

/* On a curved potential: there and back with the momentum turned round, and the volume of a small cell. */
static void check_symplectic(struct device *d)
{
	enum { LEAPFROGS = 20 };
	static const double z[4] = {0.4, -0.3, 0.1, -0.15}, small = 2e-3;
	struct potential *p;
	struct trial t;
	double there[4], back[4], jacobian[4][4], worst = 0, moved = 0;
	MUST(analytic_open("banana:0.8,1,0.5", d, &p));
	trial_open(&t, p, hmc_bare(0), 0.02, 1, 0);
	trial_step(&t, 0);
	flow(&t, z, LEAPFROGS, there);
	for (int i = 2; i < 4; i++)
		there[i] = -there[i];
	flow(&t, there, LEAPFROGS, back);
	for (int i = 0; i < 4; i++) {
		worst = fmax(worst, fabs(back[i] - (i < 2 ? z[i] : -z[i])));
		moved = fmax(moved, fabs(there[i] - z[i]));
	}
	ok(moved > 0.3 && worst < 1e-5, "hmc: with w turned round the leapfrog goes back where it came from, %g of a way of %g off", worst, moved);
	for (int j = 0; j < 4; j++) {
		double plus[4], minus[4], at[4];
		memcpy(at, z, sizeof at);
		at[j] = z[j] + small;
		flow(&t, at, LEAPFROGS, plus);
		at[j] = z[j] - small;
		flow(&t, at, LEAPFROGS, minus);
		for (int i = 0; i < 4; i++)
			jacobian[i][j] = (plus[i] - minus[i]) / (2 * small);
	}
	near(determinant(jacobian), 1, 5e-3, "and keeps volumes");
	trial_close(&t);
	potential_close(p);
}

/* ---- what a trajectory decides ---- */

/* |ΔE| of one trajectory of time 0.8 in n leapfrog steps, from one point with one momentum p. */
static double error_of(struct potential *p, int n)
{
	struct trial t;
	const double size = 0.8 / n;
	trial_open(&t, p, &sampler_hmc, size * size / (2 * bench_temperature), n, 0);
	trial_put(&t, start);
	trial_step(&t, 3);
	const double error = trial_slot(&t, HMC_ENERGY_ERROR), done = trial_slot(&t, HMC_LEAPFROGS);
	trial_close(&t);
	return done == n ? fabs(error) : (double)NAN;
}

static void check_order(struct device *d)
{
	struct potential *p;
	MUST(analytic_open("banana:0.8,1,0.5", d, &p));
	const double coarse = error_of(p, 16), fine = error_of(p, 32);
	near(log2(coarse / fine), 2, 0.05, "hmc: the energy error is of second order in the leapfrog step (%g, then %g)", coarse, fine);
	potential_close(p);
}

struct prior_case {
	const char *name;
	enum prior_kind kind;
	double nu, factor;
};

/* e and h of man/basin(1), of the deviation s = 1/√(Nδ·factor), N = 1. */
static void prior_of(const struct prior_case *c, double x, double *energy, double *slope)
{
	const double s = 1 / sqrt(bench_decay * c->factor), nu = c->nu;
	switch (c->kind) {
	case PRIOR_LAPLACE:
		*energy = sqrt(2) * s * fabs(x);
		*slope = copysign(sqrt(2) * s, x);
		break;
	case PRIOR_STUDENT_T:
		*energy = (nu + 1) / 2 * s * s * log1p(x * x / ((nu - 2) * s * s));
		*slope = (nu + 1) / (nu - 2) * x / (1 + x * x / ((nu - 2) * s * s));
		break;
	default:
		*energy = x * x / 2;
		*slope = x;
	}
}

/* u and its gradient where the last parameter is frozen. */
static double energy_at(const struct potential *p, const struct prior_case *c, const double *theta, double *gradient)
{
	double u = analytic_energy(p, theta);
	analytic_gradient(p, theta, gradient);
	for (int j = 0; j < D - 1; j++) {
		double e, h;
		prior_of(c, theta[j], &e, &h);
		u += bench_decay * c->factor * e;
		gradient[j] += bench_decay * c->factor * h;
	}
	return u;
}

/* L = 1 is MALA: the rule of Metropolis and Hastings with the density of sgld's step. The uniform is the method's own. */
static void check_mala(struct potential *p, const struct prior_case *c)
{
	struct piece piece[2] = {{.count = D - 1, .prior = c->factor, .kind = c->kind, .nu = c->nu},
	                         {.offset = D - 1, .count = 1, .prior = 1, .frozen = true}};
	struct pieces pieces = {piece, 2, D};
	struct noisy part = noisy_of(p, 0);
	struct trial t;
	const double lr = 0.5, beta = 1 / bench_temperature;
	double theta[D], next[D], g[2][D], worst = 0;
	int taken = 0, wrong = 0;
	part.base.pieces = &pieces;
	trial_open(&t, &part.base, &sampler_hmc, lr, 1, 0);
	trial_put(&t, start);
	trial_get(&t, t.st.s.vector[0], theta);
	for (uint64_t k = 0; k < 200; k++) {
		double proposal[D], ratio = 0;
		const double u = energy_at(p, c, theta, g[0]);
		memcpy(proposal, theta, sizeof proposal);
		for (int j = 0; j < D - 1; j++)
			proposal[j] += -lr * g[0][j] + sqrt(2 * lr / beta) * rng_normal(momentum_key, STREAM_MOMENTUM, k, (uint64_t)j);
		ratio = beta * (u - energy_at(p, c, proposal, g[1]));
		for (int j = 0; j < D - 1; j++) {
			const double there = proposal[j] - theta[j] + lr * g[0][j], back = theta[j] - proposal[j] + lr * g[1][j];
			ratio += (there * there - back * back) * beta / (4 * lr);
		}
		trial_step(&t, k);
		trial_get(&t, t.st.s.vector[0], next);
		const bool accepted = log(rng_uniform(momentum_key, STREAM_METROPOLIS, k, 0)) < ratio;
		worst = fmax(worst, fabs(trial_slot(&t, HMC_ENERGY_ERROR) + ratio));
		for (int j = 0; j < D; j++)
			wrong += !(fabs(next[j] - (accepted ? proposal[j] : theta[j])) < 2e-6);
		taken += accepted;
		memcpy(theta, next, sizeof theta);
	}
	near(worst, 0, 2e-5, "hmc, L = 1, %s: the energy error is MALA's ratio, a frozen tensor having no part in it", c->name);
	ok(wrong == 0 && taken > 20 && taken < 195 && next[D - 1] == start[D - 1], "and so are its %d of 200 moves", taken);
	trial_close(&t);
}

/* A trajectory that ends nowhere is a proposal that is not taken, and no more. */
static void check_diverging(struct potential *p)
{
	struct trial t;
	double got[D];
	struct piece piece = {.count = D};
	struct pieces pieces = {&piece, 1, D};
	struct noisy part = noisy_of(p, 0);
	part.base.pieces = &pieces;
	static const double lr[] = {5, 1e30};
	for (int i = 0; i < 2; i++) {
		trial_open(&t, &part.base, &sampler_hmc, lr[i], 40, 0);
		trial_put(&t, start);
		for (uint64_t k = 0; k < 3; k++)
			trial_step(&t, k);
		trial_get(&t, t.st.s.vector[0], got);
		ok(memcmp(got, start, sizeof got) == 0 && trial_slot(&t, SLOT_BAD) == 0 && trial_slot(&t, HMC_ACCEPTANCE) < 1e-6,
		   "hmc: beyond its largest step, energy error %g, it stays where it is", trial_slot(&t, HMC_ENERGY_ERROR));
		trial_close(&t);
	}
}

void check_hmc(struct device *d, bool stationary)
{
	static const struct prior_case priors[] = {{"gaussian prior", PRIOR_GAUSSIAN, 0, 1}, {"laplace prior", PRIOR_LAPLACE, 0, 2},
	                                           {"student-t prior", PRIOR_STUDENT_T, 4, 0.5}};
	struct potential *p;
	check_closed_form(d);
	check_symplectic(d);
	check_order(d);
	MUST(analytic_open(SAMPLER_TARGET, d, &p));
	check_sgld(p);
	for (size_t i = 0; i < sizeof priors / sizeof *priors; i++)
		check_mala(p, &priors[i]);
	check_diverging(p);
	potential_close(p);
	check_hmc_laws(d, stationary);
}
