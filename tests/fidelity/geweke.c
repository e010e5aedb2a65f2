/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The joint distribution test of Geweke, "Getting it right" (JASA 99, 2004), for hmc. θ and labels have one joint
 * law, the prior's times the model's. It is drawn from twice: θ from the prior and labels from the model at θ,
 * independently each time; and in turns, some trajectories of the method at the labels and labels anew from the model
 * at θ, which begins with a draw of the first kind and so has the joint law in every turn, if trajectories leave the
 * posterior as it is. Means of the quantities and of their squares are compared by z, with the standard error that
 * autocorrelation leaves (Vehtari et al. 2021); draws five autocorrelation times apart are ranked among independent
 * ones, and ranks must be uniform.
 *
 * 20,000 turns a chain find N 1.3 % too large by z: 10 % give 50; δ or T doubled some 300. */
#include <gsl/gsl_math.h>
#include <math.h>
#include <stdlib.h>

#include "predict/convergence.h"
#include "samplers/hmc.h"
#include "tests/fidelity/posterior.h"
#include "tests/fidelity/ranks.h"
#include "tests/tap.h"

enum { CHAINS = 4, FEW = 4000, MANY = 20000, TURN = 2, AMONG = 15, RANKED = 100, RANKS = AMONG + 1, Q = QUANTITIES };
/* Two for each quantity: with standard errors that may be a tenth too small the chance of one beyond is below 10⁻⁶. */
static const double z_most = 6.5, alarm = 1e-6;

/* Draws of both kinds: value[q] (CHAINS · n), of the chains one chain after another. */
struct draws {
	double *value[Q];
	int n;
	double acceptance;   /* of trajectories, their mean; 0 where there are none */
};

static void draws_open(struct draws *d, int n)
{
	*d = (struct draws){.n = n};
	for (int q = 0; q < Q; q++)
		d->value[q] = calloc((size_t)n * CHAINS, sizeof(double));
}

static void draws_close(struct draws *d)
{
	for (int q = 0; q < Q; q++)
		free(d->value[q]);
}

static void put(struct draws *d, int i, const double now[Q])
{
	for (int q = 0; q < Q; q++)
		d->value[q][i] = now[q];
}

static void draw_independent(struct posterior *p, gsl_rng *r, struct draws *d)
{
	double theta[POSTERIOR_PARAMS], now[Q] = {0};
	for (int i = 0; i < d->n * CHAINS; i++) {
		posterior_prior(p, r, theta);
		posterior_data(p, r, theta);
		posterior_quantities(p, theta, now);
		put(d, i, now);
	}
}

static void draw_in_turns(struct posterior *p, gsl_rng *r, const struct fault *f, struct draws *d)
{
	double theta[POSTERIOR_PARAMS], now[Q] = {0};
	for (uint32_t c = 0; c < CHAINS; c++) {
		struct state st;
		posterior_prior(p, r, theta);
		posterior_data(p, r, theta);
		posterior_state(p, (struct rng_key){3, c}, theta, f, &st);
		for (int i = 0; i < d->n; i++) {
			posterior_steps(p, &st, TURN, f, theta);
			posterior_data(p, r, theta);
			st.s.potential = p->problem.potential;
			posterior_quantities(p, theta, now);
			put(d, (int)c * d->n + i, now);
		}
		d->acceptance += st.s.slots.value[HMC_ACCEPTANCE] / CHAINS;
		state_close(&st);
	}
}

/* ---- the two held against each other ---- */

static bool there(const struct posterior *p, int q)
{
	return q < p->d || q >= POSTERIOR_PARAMS;
}

/* z of the means of x^power, and the autocorrelation time of draws in turns. */
static double z_of(const struct draws *alone, const struct draws *turns, int q, int power, double *tau)
{
	const size_t n = (size_t)turns->n * CHAINS, m = (size_t)alone->n * CHAINS;
	struct convergence a, b;
	double *x = malloc((n + m) * sizeof *x), *y = x + n;
	for (size_t i = 0; i < n; i++)
		x[i] = gsl_pow_int(turns->value[q][i], power);
	for (size_t i = 0; i < m; i++)
		y[i] = gsl_pow_int(alone->value[q][i], power);
	MUST(convergence_of(x, CHAINS, (size_t)turns->n, &a));
	MUST(convergence_of(y, CHAINS, (size_t)alone->n, &b));
	free(x);
	*tau = a.tau;
	return (a.mean - b.mean) / hypot(a.mcse_mean, b.sd / sqrt((double)m));
}

/* The chance of worse ranks of n draws in turns, so far apart, each among others that are independent. */
static double chance(const struct draws *alone, const struct draws *turns, int q, int apart, int n)
{
	int count[RANKS] = {0};
	for (int i = 0; i < n; i++) {
		int rank = 0;
		for (int k = 0; k < AMONG; k++)
			rank += alone->value[q][i * AMONG + k] < turns->value[q][i * apart];
		count[rank]++;
	}
	return ranks_ecdf(count, RANKS, n, 0);
}

struct verdict {
	double z, tau, chance;   /* the largest, the longest, and the least one times how many there are */
	int ranked;
	double acceptance;
};

static struct verdict compare(const struct posterior *p, const struct draws *alone, const struct draws *turns)
{
	struct verdict v = {0, 0, 1, 0, turns->acceptance};
	for (int q = 0; q < Q; q++)
		for (int power = 1; power <= 2 && there(p, q); power++) {
			double tau, z = z_of(alone, turns, q, power, &tau);
			v.z = isnan(v.z) || fabs(z) <= fabs(v.z) ? v.z : z;
			v.tau = isnan(v.tau) || tau <= v.tau ? v.tau : tau;
		}
	const double apart = ceil(5 * v.tau), most = turns->n * CHAINS / fmax(apart, AMONG);
	v.ranked = isnan(apart) ? 0 : (int)most;
	for (int q = 0; q < Q && v.ranked; q++)
		if (there(p, q))
			v.chance = fmin(v.chance, (p->d + Q - POSTERIOR_PARAMS) * chance(alone, turns, q, (int)apart, v.ranked));
	return v;
}

static struct verdict verdict_of(struct posterior *p, const struct draws *alone, const struct fault *f)
{
	struct draws turns;
	gsl_rng *r = gsl_rng_alloc(gsl_rng_mt19937);
	gsl_rng_set(r, 2);
	draws_open(&turns, alone->n);
	draw_in_turns(p, r, f, &turns);
	const struct verdict v = compare(p, alone, &turns);
	note("%s: largest z %.2f, autocorrelation times up to %.3g turns, %d ranks, p ≥ %.2g, acceptance %.2f", f->what, v.z,
	     v.tau, v.ranked, v.chance, v.acceptance);
	draws_close(&turns);
	gsl_rng_free(r);
	return v;
}

static void check_joint(const char *name, const struct network_shape *shape, const char *const *words)
{
	struct posterior p;
	struct draws alone;
	gsl_rng *r = gsl_rng_alloc(gsl_rng_mt19937);
	posterior_open(&p, shape, words);
	draws_open(&alone, in_full() ? MANY : FEW);
	draw_independent(&p, r, &alone);
	const struct verdict v = verdict_of(&p, &alone, &no_fault);
	ok(v.acceptance > 0.6 && v.acceptance < 0.95, "%s: trajectories are taken and refused", name);
	ok(fabs(v.z) < z_most, "%s: moments of the joint law", name);
	ok(v.chance > alarm && v.ranked >= RANKED, "%s: draws in turns rank as independent ones do", name);
	for (int i = 0; i < FAULTS && in_full(); i++) {
		const struct verdict w = verdict_of(&p, &alone, &faults[i]);
		ok(fabs(w.z) > z_most, "%s: where %s, moments are not those of the joint law", name, faults[i].what);
	}
	draws_close(&alone);
	posterior_close(&p);
	gsl_rng_free(r);
}

int main(void)
{
	if (in_haste()) {
		skip("Geweke's joint test", "FAST");
		return done_testing();
	}
	static const struct network_shape regression = {"linear", 2, {7, 4}, 0.3}, small = {"mlp:4-4-3", 3, {4, 4, 3}, 1};
	/* Batches of a part of the rows are chunks in which hmc goes over all of them. */
	static const char *const chunks[] = {"--sampler", "hmc", "--lr", "1.1", "--batch", "20", NULL};
	static const char *const whole[] = {"--sampler", "hmc", "--lr", "0.6", "--batch", "0", NULL};
	check_joint("hmc, a softmax regression", &regression, chunks);
	check_joint("hmc, a small network", &small, whole);
	return done_testing();
}
