/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Hamiltonian Monte Carlo: its integrator against closed forms, its decision against Metropolis' rule written down a second time, its
 * step size against Hoffman and Gelman's, and the law that comes out. */
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "samplers/hmc.h"
#include "src/analytic.h"
#include "tests/momentum_bench.h"
#include "tests/sampler_body.h"
#include "tests/tap.h"

enum { D = SAMPLER_DIMS, CHAINS = 48 };
static const double start[D] = {0.5, -1, 0.25};

/* ---- a state, and the method without Metropolis ---- */

static int bare_leapfrogs;

static status bare_step(struct sampler_state *s)
{
	TRY(sampler_full_gradient(s, &(struct point){.theta = s->vector[0]}, true, s->gradient));
	TRY(hmc_draw(s));
	return hmc_leapfrog(s, bare_leapfrogs);
}

static const struct sampler *bare(int leapfrogs)
{
	static struct sampler method;
	method = sampler_hmc;
	method.step = bare_step;
	bare_leapfrogs = leapfrogs;
	return &method;
}

struct trial {
	struct state_plan plan;
	struct state st;
};

/* Of a trajectory of so many leapfrog steps at λ; burn_in: steps of adaptation. */
static void open_trial(struct trial *t, struct potential *p, const struct sampler *method, double lr, int leapfrogs, uint64_t burn_in)
{
	*t = (struct trial){.plan = {.sampler = method, .potential = p, .n = 1, .batch = 1, .temperature = bench_temperature,
	                             .decay = bench_decay, .lr_max = lr, .burn_in = burn_in}};
	t->plan.param[HMC_TRAJECTORY] = leapfrogs * sqrt(2 * lr * bench_temperature);
	t->plan.param[HMC_ACCEPT] = NAN;
	MUST(state_open(&t->st, &t->plan, momentum_key));
}

static void close_trial(struct trial *t)
{
	state_close(&t->st);
}

static void put_theta(struct trial *t, const double *theta)
{
	float x[MAP_DIMS];
	for (size_t i = 0; i < t->plan.potential->n_params; i++)
		x[i] = (float)theta[i];
	MUST(state_put(&t->st, 0, x));
}

static void get_vector(struct trial *t, const float *from, double *to)
{
	struct device *d = t->plan.potential->device;
	const size_t n = t->plan.potential->n_params;
	float x[MAP_DIMS];
	MUST(d->ops->get(d, x, from, n * sizeof *x));
	for (size_t i = 0; i < n; i++)
		to[i] = x[i];
}

static void take_step(struct trial *t, uint64_t k)
{
	t->st.step = k;
	MUST(state_step(&t->st, t->plan.lr_max, bench_temperature));
}

static double slot(struct trial *t, int i)
{
	struct device *d = t->plan.potential->device;
	MUST(d->ops->slots_fetch(d, &t->st.s.slots));
	return t->st.s.slots.value[i];
}

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
		open_trial(&t, p, bare(n), bench_lr, n, 0);
		put_theta(&t, start);
		take_step(&t, 7);
		get_vector(&t, t.st.s.vector[0], got);
		for (int j = 0; j < D; j++) {
			const double h = 1 / variance[j] + bench_decay, phi = acos(1 - bench_lr * h);
			const double scale = sqrt(bench_temperature / (h * (1 - bench_lr * h / 2)));
			const double momentum = rng_normal(momentum_key, STREAM_MOMENTUM, 7, (uint64_t)j);
			worst = fmax(worst, fabs(got[j] - cos(n * phi) * start[j] - sin(n * phi) * scale * momentum));
		}
		close_trial(&t);
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
	open_trial(&t, p, bare(1), bench_lr, 1, 0);
	put_theta(&t, z);
	for (uint64_t k = 0; k < 50; k++) {
		take_step(&t, k);
		map_apply(&m, momentum_key, k, z);
		get_vector(&t, t.st.s.vector[0], got);
		for (int j = 0; j < D; j++)
			worst = fmax(worst, fabs(got[j] - z[j]));
	}
	near(worst, 0, 1e-5, "hmc without Metropolis, L = 1, is sgld over all data");
	close_trial(&t);
}

/* Where (θ, w) comes to by n leapfrog steps. */
static void flow(struct trial *t, const double z[4], int n, double out[4])
{
	struct sampler_state *s = &t->st.s;
	struct device *d = t->plan.potential->device;
	const float w[2] = {(float)z[2], (float)z[3]};
	put_theta(t, z);
	MUST(d->ops->put(d, s->scratch[HMC_MOMENTUM], w, sizeof w));
	MUST(sampler_full_gradient(s, &(struct point){.theta = s->vector[0]}, false, s->gradient));
	MUST(hmc_leapfrog(s, n));
	get_vector(t, s->vector[0], out);
	get_vector(t, s->scratch[HMC_MOMENTUM], out + 2);
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
	open_trial(&t, p, bare(0), 0.02, 1, 0);
	take_step(&t, 0);
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
	close_trial(&t);
	potential_close(p);
}

/* ---- what a trajectory decides ---- */

/* |ΔE| of one trajectory of time 0.8 in n leapfrog steps, from one point with one momentum p. */
static double error_of(struct potential *p, int n)
{
	struct trial t;
	const double size = 0.8 / n;
	open_trial(&t, p, &sampler_hmc, size * size / (2 * bench_temperature), n, 0);
	put_theta(&t, start);
	take_step(&t, 3);
	const double error = slot(&t, HMC_ENERGY_ERROR), done = slot(&t, HMC_LEAPFROGS);
	close_trial(&t);
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
	open_trial(&t, &part.base, &sampler_hmc, lr, 1, 0);
	put_theta(&t, start);
	get_vector(&t, t.st.s.vector[0], theta);
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
		take_step(&t, k);
		get_vector(&t, t.st.s.vector[0], next);
		const bool accepted = log(rng_uniform(momentum_key, STREAM_METROPOLIS, k, 0)) < ratio;
		worst = fmax(worst, fabs(slot(&t, HMC_ENERGY_ERROR) + ratio));
		for (int j = 0; j < D; j++)
			wrong += !(fabs(next[j] - (accepted ? proposal[j] : theta[j])) < 2e-6);
		taken += accepted;
		memcpy(theta, next, sizeof theta);
	}
	near(worst, 0, 2e-5, "hmc, L = 1, %s: the energy error is MALA's ratio, a frozen tensor having no part in it", c->name);
	ok(wrong == 0 && taken > 20 && taken < 195 && next[D - 1] == start[D - 1], "and so are its %d of 200 moves", taken);
	close_trial(&t);
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
		open_trial(&t, &part.base, &sampler_hmc, lr[i], 40, 0);
		put_theta(&t, start);
		for (uint64_t k = 0; k < 3; k++)
			take_step(&t, k);
		get_vector(&t, t.st.s.vector[0], got);
		ok(memcmp(got, start, sizeof got) == 0 && slot(&t, SLOT_BAD) == 0 && slot(&t, HMC_ACCEPTANCE) < 1e-6,
		   "hmc: beyond its largest step, energy error %g, it stays where it is", slot(&t, HMC_ENERGY_ERROR));
		close_trial(&t);
	}
}

/* ---- the step size ---- */

/* Hoffman and Gelman 2014, equation 6 and algorithm 5, by their sums. */
static void check_adaptation(struct potential *p)
{
	enum { BURN = 60 };
	struct trial t;
	double lack[BURN], mean = 0, size = sqrt(2 * bench_lr * bench_temperature), first = size, sum = 0, worst = 0, worst_sum = 0, burned = 0;
	open_trial(&t, p, &sampler_hmc, bench_lr, 3, BURN);
	put_theta(&t, start);
	for (uint64_t k = 0; k < 2 * BURN; k++) {
		take_step(&t, k);
		worst = fmax(worst, fabs(t.st.s.lr / (size * size / (2 * bench_temperature)) - 1));
		worst = fmax(worst, fabs(slot(&t, HMC_LEAPFROGS) - fmax(1, round(3 * first / size))));
		const double alpha = fmin(1, exp(-slot(&t, HMC_ENERGY_ERROR)));
		sum = alpha + (k == BURN ? 0 : sum);
		worst_sum = fmax(worst_sum, fabs(slot(&t, HMC_ACCEPTANCE) - sum / (double)(k % BURN + 1)));
		if (k >= BURN)
			continue;
		double all = 0;
		burned = slot(&t, HMC_ACCEPTANCE);
		lack[k] = 0.8 - alpha;
		for (uint64_t i = 0; i <= k; i++)
			all += lack[i];
		const double n = (double)k + 1, log_size = log(10 * first) - sqrt(n) / 0.05 * all / (n + 10);
		mean = pow(n, -0.75) * log_size + (1 - pow(n, -0.75)) * mean;
		size = exp(k + 1 < BURN ? log_size : mean);
	}
	near(worst, 0, 1e-9, "hmc: λ and the leapfrog steps follow dual averaging in the burn-in, and stay behind it");
	near(worst_sum, 0, 1e-12, "and the acceptance is the mean of each");
	near(burned, 0.8, 0.05, "which in the burn-in is what was asked for");
	close_trial(&t);
}

static bool refused(const struct state_plan *plan)
{
	struct sampler_state out;
	return state_facts(plan, momentum_key, &out) == ERR_USAGE;
}

static void check_parameters(struct potential *p)
{
	struct potential moving = *p;
	struct sampler_state out;
	struct state_plan plan = {.potential = p, .n = 40, .batch = 8, .temperature = 0.5, .decay = 0.01,
	                          .lr_max = 1, .param = {NAN, NAN}};
	MUST(sampler_find("hmc", &plan.sampler));
	MUST(state_facts(&plan, momentum_key, &out));
	near(out.param[HMC_TRAJECTORY], M_PI / 2 / sqrt(40 * 0.01 / 0.5), 1e-12, "hmc: a trajectory is a quarter of the prior's period");
	plan.lr_max = 201;
	ok(refused(&plan), "hmc refuses a λ at which the prior alone diverges,");
	plan.burn_in = 10;
	ok(!refused(&plan), "but where it is adapted");
	plan.lr_max = 1e-12;
	ok(refused(&plan), "a trajectory of more leapfrog steps than it takes,");
	plan.lr_max = 1;
	plan.burn_in = 0;
	plan.param[HMC_ACCEPT] = 0.7;
	ok(refused(&plan), "an acceptance without a burn-in,");
	plan.param[HMC_ACCEPT] = NAN;
	moving.fixed = false;
	plan.potential = &moving;
	ok(refused(&plan), "and a potential that is not one function");
}

/* ---- the law ---- */

/* Student's t of the means of x over chains against what they should be. */
static double t_of(const double *x, double expected)
{
	double mean = 0, squares = 0;
	for (int c = 0; c < CHAINS; c++)
		mean += x[c] / CHAINS;
	for (int c = 0; c < CHAINS; c++)
		squares += (x[c] - mean) * (x[c] - mean) / (CHAINS - 1);
	return (mean - expected) / sqrt(squares / CHAINS);
}

/* Means over chains of θⱼ² (D), and of e^−ΔE. */
static void run_long(struct potential *p, const struct sampler *method, double lr, int leapfrogs, double squares[D][CHAINS],
                     double weight[CHAINS])
{
	enum { BURN = 100, LONG = 2000 };
	struct trial t;
	open_trial(&t, p, method, lr, leapfrogs, 0);
	memset(squares, 0, sizeof *squares * D);
	for (uint32_t c = 0; c < CHAINS; c++) {
		t.st.s.slots.key = (struct rng_key){11, c};
		put_theta(&t, (const double[D]){0});
		weight[c] = 0;
		for (uint64_t k = 0; k < BURN + LONG; k++) {
			double theta[D];
			take_step(&t, k);
			get_vector(&t, t.st.s.vector[0], theta);
			for (int j = 0; k >= BURN && j < D; j++)
				squares[j][c] += theta[j] * theta[j] / LONG;
			weight[c] += k >= BURN ? exp(-t.st.s.slots.value[HMC_ENERGY_ERROR]) / LONG : 0;
		}
	}
	close_trial(&t);
}

/* Without Metropolis the variance is sgld's, for every L; with it the target's, at a step that is nearly as large as there is. */
static void check_laws(struct device *d)
{
	static const double variance[D] = {1, 2, 0.5};
	static const struct law {
		int leapfrogs;
		double lr;
		bool metropolis;
	} laws[] = {{1, 0.3, false}, {4, 0.3, false}, {9, 0.3, false}, {1, 0.6, true}, {3, 0.7, true}, {7, 0.4, true}};
	struct potential *p;
	double squares[D][CHAINS], weight[CHAINS];
	MUST(analytic_open("gaussian:1,2,0.5", d, &p));
	for (size_t i = 0; i < sizeof laws / sizeof *laws; i++) {
		const struct law *l = &laws[i];
		double worst = 0;
		run_long(p, l->metropolis ? &sampler_hmc : bare(l->leapfrogs), l->lr, l->leapfrogs, squares, weight);
		for (int j = 0; j < D; j++) {
			const double h = 1 / variance[j] + bench_decay, off = l->metropolis ? 1 : 1 - l->lr * h / 2;
			worst = fmax(worst, fabs(t_of(squares[j], bench_temperature / (h * off))));
		}
		near(worst, 0, 7.5, "hmc%s, L = %d: variances are %s (largest t)", l->metropolis ? "" : " without Metropolis", l->leapfrogs,
		     l->metropolis ? "the target's" : "1/(1 − λh/2) times the target's");
		if (l->metropolis)
			near(t_of(weight, 1), 0, 7.5, "and the mean of exp(−ΔE) is 1 (t)");
	}
	potential_close(p);
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
	check_adaptation(p);
	check_parameters(p);
	potential_close(p);
	if (stationary)
		check_laws(d);
}
