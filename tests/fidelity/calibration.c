/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Simulation-based calibration (Talts, Betancourt, Simpson, Vehtari & Gelman 2018, arXiv 1804.06788): θ comes from
 * the prior, labels from the model at θ, and a chain draws from the posterior of these labels. If that is what it
 * draws from, the rank of θ among draws that are independent of one another is uniform, and so is that of any
 * function of θ and the labels (Modrák et al. 2023): here each parameter, log p(y | θ), log p(θ) and their sum. The
 * posteriors are a softmax regression's and a small network's; nothing about them is Gaussian, and nothing here knows
 * them but through the prior and the model, in double.
 *
 * A chain starts at another θ of the prior. Draws are five autocorrelation times or more apart, which is measured,
 * and the first one comes after two such distances. The bias of a step size is predicted (posterior.h) and under 1 %
 * of a posterior deviation; the ECDF's band is as much wider as it could move a rank. A check fails where uniform
 * ranks would do as badly less than once in 10⁶.
 *
 * What it finds: where N is 10 % too large, and deviations 5 % too small, 500 replicas of hmc's regression say p < 10⁻¹²
 * by the log density in each of twelve runs of other seeds, and of no run is a sound row's p below 0.07. T doubled, the
 * noise without √2 and δ doubled are found by 100 replicas with p < 10⁻³⁰. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "predict/convergence.h"
#include "tests/fidelity/posterior.h"
#include "tests/fidelity/ranks.h"
#include "tests/tap.h"

enum { DRAWS = 15, RANKS = DRAWS + 1, REPLICAS = 500, FEWER = 100 };
enum { PILOT_CHAINS = 4, PILOT_DRAWS = 1000, PILOT_APART = 20, BIASES = 20 };
static const double alarm = 1e-6;

struct row {
	const char *name;
	const struct network_shape *shape;
	double friction;         /* of the law that the bias is predicted by; 0: a method without bias */
	uint64_t apart;          /* steps from draw to draw */
	int few;                 /* replicas of the short form */
	bool faults;             /* the long form shows that it finds them */
	const char *words[12];
};

/* So many steps, and what the chain then draws. */
static void advance(const struct posterior *p, struct state *st, uint64_t steps, const struct fault *f,
                    double out[QUANTITIES])
{
	double theta[POSTERIOR_PARAMS];
	posterior_steps(p, st, steps, f, theta);
	posterior_quantities(p, theta, out);
}

/* A chain of the posterior that is there, from another point of the prior, and the first draw that counts. */
static void start(const struct row *row, const struct posterior *p, gsl_rng *r, struct rng_key key, const struct fault *f,
                  struct state *st, double out[QUANTITIES])
{
	double theta[POSTERIOR_PARAMS];
	posterior_prior(p, r, theta);
	posterior_state(p, key, theta, f, st);
	advance(p, st, 2 * row->apart, f, out);
}

/* ---- what is known before ---- */

/* The longest autocorrelation time of any quantity, in steps, at one posterior. */
static double slowest(const struct row *row, struct posterior *p, gsl_rng *r)
{
	static double x[QUANTITIES][PILOT_CHAINS][PILOT_DRAWS];
	const uint64_t stride = row->apart > PILOT_APART ? row->apart / PILOT_APART : 1;
	double theta[POSTERIOR_PARAMS], worst = 0;
	posterior_prior(p, r, theta);
	posterior_data(p, r, theta);
	for (uint32_t c = 0; c < PILOT_CHAINS; c++) {
		struct state st;
		double now[QUANTITIES] = {0};
		start(row, p, r, (struct rng_key){2, c}, &no_fault, &st, now);
		for (int i = 0; i < PILOT_DRAWS; i++) {
			advance(p, &st, stride, &no_fault, now);
			for (int q = 0; q < QUANTITIES; q++)
				x[q][c][i] = now[q];
		}
		state_close(&st);
	}
	for (int q = 0; q < QUANTITIES; q++) {
		struct convergence is;
		if (q >= p->d && q < POSTERIOR_PARAMS)
			continue;
		MUST(convergence_of(&x[q][0][0], PILOT_CHAINS, PILOT_DRAWS, &is));
		worst = isnan(worst) || is.tau <= worst ? worst : is.tau;
	}
	return worst * (double)stride;
}

static void check_apart(const struct row *row, struct posterior *p)
{
	gsl_rng *r = gsl_rng_alloc(gsl_rng_mt19937);
	const double tau = slowest(row, p, r);
	ok(row->apart >= 5 * tau, "%s: draws are five autocorrelation times apart or more", row->name);
	note("%llu steps apart, autocorrelation times up to %.3g steps", (unsigned long long)row->apart, tau);
	gsl_rng_free(r);
}

/* The worst over some posteriors. */
static struct step_bias check_bias(const struct row *row, struct posterior *p)
{
	struct step_bias worst = {0, 0, 0};
	gsl_rng *r = gsl_rng_alloc(gsl_rng_mt19937);
	for (int i = 0; i < BIASES && row->friction > 0; i++) {
		double theta[POSTERIOR_PARAMS];
		posterior_prior(p, r, theta);
		posterior_data(p, r, theta);
		const struct step_bias b = posterior_bias(p, theta, row->friction);
		worst.deviation = fmax(worst.deviation, b.deviation);
		worst.mean = fmax(worst.mean, b.mean);
		worst.quadratic = fmax(worst.quadratic, b.quadratic);
	}
	gsl_rng_free(r);
	if (row->friction > 0) {
		ok(worst.deviation < 0.01 && worst.mean < 0.01, "%s: the step's bias is under 1 %% of a posterior deviation",
		   row->name);
		note("predicted: deviations by up to %.2f %%, means by up to %.2f %% of one", 100 * worst.deviation,
		     100 * worst.mean);
	}
	return worst;
}

/* ---- ranks ---- */

struct histogram {
	int count[QUANTITIES][RANKS], n;
};

/* One replica: every one has a random number generator of its own, so that its numbers don't depend on how many there
 * are. */
static void replica(const struct row *row, struct posterior *p, int number, const struct fault *f, struct histogram *h)
{
	double theta[POSTERIOR_PARAMS], want[QUANTITIES] = {0}, got[QUANTITIES] = {0};
	int rank[QUANTITIES] = {0};
	struct state st;
	gsl_rng *r = gsl_rng_alloc(gsl_rng_mt19937);
	gsl_rng_set(r, 1000 + (unsigned long)number);
	posterior_prior(p, r, theta);
	posterior_data(p, r, theta);
	posterior_quantities(p, theta, want);
	start(row, p, r, (struct rng_key){1, (uint32_t)number}, f, &st, got);
	for (int i = 0; i < DRAWS; i++) {
		for (int q = 0; q < QUANTITIES; q++)
			rank[q] += got[q] < want[q];
		if (i < DRAWS - 1)
			advance(p, &st, row->apart, f, got);
	}
	for (int q = 0; q < QUANTITIES; q++)
		h->count[q][rank[q]]++;
	h->n++;
	state_close(&st);
	gsl_rng_free(r);
}

/* A bound on the chance of worse ranks of one quantity, of both statistics. */
static double chance(const struct histogram *h, int q, double margin)
{
	return fmin(1, 2 * fmin(ranks_chi_squared(h->count[q], RANKS, h->n), ranks_ecdf(h->count[q], RANKS, h->n, margin)));
}

struct chances {
	double parameters, of[QUANTITIES];
};

static double least(const struct chances *c)
{
	return fmin(fmin(c->parameters, c->of[LOG_LIKELIHOOD]), fmin(c->of[LOG_PRIOR], c->of[LOG_DENSITY]));
}

static struct chances chances_of(const struct row *row, struct posterior *p, int replicas, const struct fault *f,
                                 const struct step_bias *b)
{
	static struct histogram h;
	struct chances c = {.parameters = 1};
	memset(&h, 0, sizeof h);
	for (int i = 0; i < replicas; i++)
		replica(row, p, i, f, &h);
	/* At most so much of a normal law's distribution function passes a point when it is moved, or made wider, by one
	 * of its deviations: the density's 1/√(2π), and that of |x| times it, 1/√(2πe). */
	const double moved = 1 / sqrt(2 * M_PI), wider = 1 / sqrt(2 * M_PI * M_E);
	for (int j = 0; j < p->d; j++)
		c.parameters = fmin(c.parameters, p->d * chance(&h, j, moved * b->mean + wider * b->deviation));
	for (int q = LOG_LIKELIHOOD; q < QUANTITIES; q++)
		c.of[q] = chance(&h, q, moved * b->quadratic);
	return c;
}

static void note_chances(int replicas, const struct chances *c)
{
	note("%d replicas: p of parameters %.2g, log-likelihood %.2g, log prior %.2g, log density %.2g", replicas,
	     c->parameters, c->of[LOG_LIKELIHOOD], c->of[LOG_PRIOR], c->of[LOG_DENSITY]);
}

static void check_faults(const struct row *row, struct posterior *p, const struct step_bias *b)
{
	for (int i = 0; i < FAULTS; i++) {
		/* All but the first are gross. */
		const int replicas = i ? FEWER : REPLICAS;
		const struct chances c = chances_of(row, p, replicas, &faults[i], b);
		ok(least(&c) < alarm, "%s: where %s, ranks are not uniform", row->name, faults[i].what);
		note_chances(replicas, &c);
	}
}

static void check_row(const struct row *row)
{
	struct posterior p;
	posterior_open(&p, row->shape, row->words);
	const struct step_bias b = check_bias(row, &p);
	if (in_full())
		check_apart(row, &p);
	const int replicas = in_full() ? REPLICAS : row->few;
	struct chances c = chances_of(row, &p, replicas, &no_fault, &b);
	ok(c.parameters > alarm, "%s: the parameters' ranks are uniform", row->name);
	ok(c.of[LOG_LIKELIHOOD] > alarm, "%s: the log-likelihood's ranks are uniform", row->name);
	ok(c.of[LOG_PRIOR] > alarm, "%s: the log prior's ranks are uniform", row->name);
	ok(c.of[LOG_DENSITY] > alarm, "%s: the log density's ranks are uniform", row->name);
	note_chances(replicas, &c);
	if (in_full() && row->faults)
		check_faults(row, &p, &b);
	posterior_close(&p);
}

static const struct network_shape regression = {"linear", 2, {11, 4}, 0.3}, small = {"mlp:4-4-3", 3, {4, 4, 3}, 1};

static const struct row rows[] = {
	{"sgld, all data", &regression, 1, 4000, 50, true, {"--sampler", "sgld", "--lr", "0.09", "--batch", "0", NULL}},
	{"sgld, iid batches", &regression, 1, 12000, 20, false,
	 {"--sampler", "sgld", "--lr", "0.03", "--batch", "16", "--sampling", "iid", NULL}},
	{"sghmc", &regression, 0.1, 200, 200, true, {"--sampler", "sghmc", "--lr", "0.17", "--batch", "0", NULL}},
	{"hmc", &regression, 0, 12, 200, true, {"--sampler", "hmc", "--lr", "0.6", "--batch", "0", NULL}},
	{"hmc, λ adapted", &regression, 0, 40, 60, false,
	 {"--sampler", "hmc", "--lr", "0.01", "--burn-in", "80", "--batch", "20", NULL}},
	{"hmc, a small network", &small, 0, 60, 80, true, {"--sampler", "hmc", "--lr", "0.6", "--batch", "0", NULL}},
};

int main(void)
{
	if (in_haste()) {
		skip("calibration", "FAST");
		return done_testing();
	}
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		check_row(&rows[i]);
	return done_testing();
}
