/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What basin diagnose is made of, against closed forms, integrals of GSL's and sums over pairs. The statistical tests
 * have a fixed seed and a false-alarm rate below 1e-6 each: normal deviates are held to 6 of their deviations. */
#include <math.h>
#include <string.h>

#include <gsl/gsl_integration.h>

#include "predict/distances.h"
#include "predict/projection.h"
#include "predict/temperature.h"
#include "predict/traces.h"
#include "tests/tap.h"

/* ---- projections ---- */

/* Five that move, three frozen, six that move: no piece but the first begins where a Philox block does. */
static struct piece three[] = {{.offset = 0, .count = 5, .prior = 1},
                               {.offset = 5, .count = 3, .prior = 1, .frozen = true},
                               {.offset = 8, .count = 6, .prior = 2}};
static const struct pieces pieces = {three, 3, 14};

static void fill(float *x, size_t n, uint64_t step)
{
	for (size_t j = 0; j < n; j++)
		x[j] = (float)rng_normal((struct rng_key){5, 0}, STREAM_INIT, step, j);
}

static void check_projection(void)
{
	enum { K = 3 };
	float x[14];
	double got[2 * K], want[K] = {0};
	struct projection p;
	fill(x, 14, 0);
	projection_open(&p, &pieces, K);
	projection_take(&p, x, got, 2);
	for (uint32_t j = 0; j < 14; j++) {
		uint32_t words[4];
		rng_words((struct rng_key){0, 0}, STREAM_PROJECTION, 0, j / 4, words);
		for (int k = 0; k < K && (j < 5 || j > 7); k++)
			want[k] += (words[j % 4] & 1u << k ? x[j] : -x[j]) / sqrt(K);
	}
	ok(!p.plain && p.n == K, "fewer directions than parameters");
	for (int k = 0; k < K; k++)
		near(got[2 * k], want[k], 1e-12, "direction %d has the signs of its bits, and frozen parameters have no part", k);

	projection_open(&p, &pieces, 11);
	double plain[11];
	projection_take(&p, x, plain, 1);
	bool same = p.plain && p.n == 11;
	for (int i = 0; i < 11; i++)
		same = same && plain[i] == x[i < 5 ? i : i + 3];
	ok(same && projection_place(&p, 4) == 4 && projection_place(&p, 5) == 8, "as many as parameters that move are these");
}

/* ‖θ‖² as K directions have it, over many θ: its mean is that of ‖θ‖², with a relative deviation of √(2/(K n)) at most.
 * */
static void check_lengths(void)
{
	enum { N = 4000, D = 100, K = 8 };
	static float x[D];
	struct piece all = {.count = D, .prior = 1};
	const struct pieces one = {&all, 1, D};
	struct projection p;
	double squares = 0, length = 0, got[K];
	projection_open(&p, &one, K);
	for (uint64_t i = 0; i < N; i++) {
		fill(x, D, i);
		projection_take(&p, x, got, 1);
		for (int k = 0; k < K; k++)
			squares += got[k] * got[k];
		for (int j = 0; j < D; j++)
			length += (double)x[j] * x[j];
	}
	near(squares / length, 1, 6 * sqrt(2. / (K * N)) + 1e-3, "squares of the directions add up to those of the parameters");
}

/* ---- distances ---- */

enum { CHAINS = 3, DRAWS = 5 };

static double squared(const float *x, const float *y)
{
	double sum = 0;
	for (int j = 0; j < 14; j++)
		sum += j > 4 && j < 8 ? 0 : ((double)x[j] - y[j]) * ((double)x[j] - y[j]);
	return sum;
}

static void check_distances(void)
{
	static float x[CHAINS][DRAWS][14];
	struct distances d;
	struct distances_found found;
	double within = 0, between = 0, least = INFINITY;
	MUST(distances_open(&d, &pieces));
	for (int k = 0; k < CHAINS; k++) {
		double own = 0;
		for (int i = 0; i < DRAWS; i++) {
			fill(x[k][i], 14, (uint64_t)(k * DRAWS + i));
			for (int j = 0; j < 14; j++)
				x[k][i][j] += (float)k + (j == 6 ? 100.0f * (float)i : 0);
			distances_add(&d, x[k][i]);
			for (int h = 0; h < i; h++)
				own += squared(x[k][h], x[k][i]) / (DRAWS * (DRAWS - 1) / 2.);
		}
		distances_end_chain(&d);
		within += own / CHAINS;
		least = fmin(least, own);
	}
	for (int a = 0; a < CHAINS; a++)
		for (int b = 0; b < a; b++)
			for (int i = 0; i < DRAWS * DRAWS; i++)
				between += squared(x[a][i / DRAWS], x[b][i % DRAWS]) / (DRAWS * DRAWS * CHAINS * (CHAINS - 1) / 2.);
	distances_find(&d, &found);
	near(found.within, sqrt(within), 1e-5, "the distance of two draws of a chain, over all pairs");
	near(found.least_within, sqrt(least), 1e-5, "and that of the chain with the smallest");
	near(found.between, sqrt(between), 1e-5, "the distance of two draws of different chains, over all pairs");
	distances_close(&d);

	MUST(distances_open(&d, &pieces));
	for (int k = 0; k < 2; k++) {
		for (int i = 0; i < DRAWS; i++)
			distances_add(&d, x[k][0]);
		distances_end_chain(&d);
	}
	distances_find(&d, &found);
	ok(found.within == 0 && found.least_within == 0, "draws that are the same are at no distance");
	near(found.between, sqrt(squared(x[0][0], x[1][0])), 1e-5, "and chains that never move at that of their places");
	distances_close(&d);

	MUST(distances_open(&d, &pieces));
	distances_add(&d, x[0][0]);
	distances_end_chain(&d);
	distances_find(&d, &found);
	ok(isnan(found.within) && isnan(found.between), "one draw has no distance");
	distances_close(&d);
}

static void check_nearest(void)
{
	/* Two numbers of three chains of two draws. */
	const double x[2][3][2] = {{{0, 1}, {3, 1}, {0, 5}}, {{0, 0}, {4, 2}, {1, 1}}};
	near(distances_nearest(&x[0][0][0], 2, 3, 2), sqrt((0 + 16 + 1 + 1) / 2.), 1e-15, "the two nearest chains, draw by draw");
	ok(isnan(distances_nearest(&x[0][0][0], 2, 1, 2)), "of one chain there are none");
}

/* ---- temperatures ---- */

struct integrand {
	struct law law;
	struct piece piece;
	double t, centre;
};

static double density(double x, void *integrand)
{
	const struct integrand *f = integrand;
	const struct prior_curve c = prior_curve(f->piece.kind, f->piece.nu, f->piece.prior, prior_deviation(f->law.n, f->law.decay));
	return exp(-f->law.n / f->t * f->law.decay * f->piece.prior * prior_energy(&c, x));
}

static double virial_density(double x, void *integrand)
{
	const struct integrand *f = integrand;
	const float theta = (float)x, gradient = 0;
	return temperature_virial(&f->law, &theta, &f->centre, &gradient) * density(x, integrand);
}

/* E[(θ − c) u′(θ)] N over the tempered prior of one parameter, around any c, by quadrature. */
static void check_priors(void)
{
	static const struct piece kinds[] = {{.count = 1, .prior = 0.5, .kind = PRIOR_GAUSSIAN},
	                                     {.count = 1, .prior = 0.5, .kind = PRIOR_LAPLACE},
	                                     {.count = 1, .prior = 0.5, .kind = PRIOR_STUDENT_T, .nu = 5}};
	gsl_integration_workspace *w = gsl_integration_workspace_alloc(1000);
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		struct integrand f = {.piece = kinds[i], .t = 0.7, .centre = 0.3};
		const struct pieces one = {&f.piece, 1, 1};
		gsl_function virial = {virial_density, &f}, mass = {density, &f};
		double part[2][2], error;
		f.law = (struct law){.pieces = &one, .n = 20, .decay = 0.1};
		/* Laplace has a kink at 0; float32 rounds θ, and beyond 60 nothing is left. */
		for (int side = 0; side < 2; side++) {
			gsl_integration_qag(&mass, side ? 0 : -60, side ? 60 : 0, 1e-12, 1e-9, 1000, GSL_INTEG_GAUSS21, w, &part[side][0], &error);
			gsl_integration_qag(&virial, side ? 0 : -60, side ? 60 : 0, 1e-7, 1e-6, 1000, GSL_INTEG_GAUSS21, w, &part[side][1], &error);
		}
		near((part[0][1] + part[1][1]) / (part[0][0] + part[1][0]), f.t, 1e-5, "%s: the mean is T, around a point that is not its mean",
		     prior_name(f.piece.kind));
	}
	gsl_integration_workspace_free(w);
}

/* Frozen parameters have no part, and the gradient of ℓ is that of a mean. */
static void check_virial(void)
{
	struct piece at[] = {{.count = 1, .prior = 3}, {.offset = 1, .count = 1, .prior = 1, .frozen = true}, {.offset = 2, .count = 1}};
	const struct pieces p = {at, 3, 3};
	const struct law law = {.pieces = &p, .n = 10, .decay = 0.5};
	const float theta[] = {2, 7, -1}, gradient[] = {0.25f, 9, 4};
	const double centre[] = {1.5, 100, 1};
	near(temperature_virial(&law, theta, centre, gradient), (0.5 * (0.25 + 0.5 * 3 * 2) + -2 * 4.) * 10 / 2, 1e-12,
	     "(θ − c)·∇u N/d over what moves");
}

/* θ's marginal precision of the joint Gaussian of θ and an anchor, from the inverse of the inverse's element. */
static void check_anchor(void)
{
	const double n = 40, decay = 0.1, anchor = 0.03, c = 0.2, factor = 2;
	struct piece at = {.count = 1, .prior = factor};
	const struct pieces p = {&at, 1, 1};
	const struct law law = {.pieces = &p, .n = n, .decay = decay, .coupling = c, .anchor_decay = anchor};
	const double aa = factor * anchor + c, tt = factor * decay + c, determinant = tt * aa - c * c, marginal = determinant / aa;
	const float theta = 1.5f, gradient = 0;
	const double centre = 0;
	near(temperature_virial(&law, &theta, &centre, &gradient), n * 1.5 * marginal * 1.5, 1e-9,
	     "beside an anchor the prior is that of θ's marginal");
}

/* ---- traces ---- */

/* An autoregression of coefficient ρ and variance 1, with a slope over its whole length. */
static void draw(double *x, int chains, size_t n, double rho, double slope, uint32_t seed)
{
	for (int k = 0; k < chains; k++) {
		const struct rng_key key = {seed, (uint32_t)k};
		double y = rng_normal(key, STREAM_INIT, 0, 0);
		for (size_t i = 0; i < n; i++) {
			x[(size_t)k * n + i] = y + slope * (double)i / (double)n;
			y = rho * y + sqrt(1 - rho * rho) * rng_normal(key, STREAM_GRADIENT, 0, i);
		}
	}
}

/* The squares of R standard normal deviates have a mean of 1 with a deviation of √(2/R): 6 of them, and 5 % for errors
 * that are estimated. */
static void check_drift(void)
{
	enum { R = 400, N = 400, M = 4 };
	static double x[M * N];
	struct trace t;
	double squares = 0;
	for (uint32_t r = 0; r < R; r++) {
		draw(x, M, N, 0.5, 0, r + 1);
		MUST(trace_judge(x, M, N, &t));
		squares += t.drift * t.drift;
	}
	near(squares / R, 1, 0.05 + 6 * sqrt(2. / R), "the drift of a stationary chain is a standard normal deviate");
	/* As few draws as are judged, of chains whose 45 are worth 8. */
	int beyond = 0;
	for (uint32_t r = 0; r < R; r++) {
		draw(x, M, DRIFT_JUDGED, 0.7, 0, r + 1);
		MUST(trace_judge(x, M, DRIFT_JUDGED, &t));
		beyond += t.drift > 4;
	}
	ok(beyond <= R / 50, "and of short ones it hardly ever is beyond 4: %d of %d", beyond, R);
	/* The thirds' means are two deviations apart, and the slope within each adds to what is taken for its error. */
	draw(x, M, N, 0.5, 3, 1);
	MUST(trace_judge(x, M, N, &t));
	ok(t.drift > 8 && t.drift < 2 / sqrt(18. / (M * N)) + 1, "a slope is many errors");
	for (size_t i = 0; i < M * N; i++)
		x[i] = 7;
	MUST(trace_judge(x, M, N, &t));
	ok(t.drift == 0 && t.all.ess_bulk == 0, "what never moves does not drift, and is worth no draw");
	for (size_t i = 0; i < M * N; i++)
		x[i] = i % N < N / 2;
	MUST(trace_judge(x, M, N, &t));
	ok(isinf(t.drift), "a single step between two parts that never move is beyond any error");
	draw(x, M, N, 0.5, 0, 1);
	for (size_t i = 0; i < M * N; i++)
		x[i] = i % N < N / 3 ? 0 : x[i] + 5;
	MUST(trace_judge(x, M, N, &t));
	ok(t.drift > 8, "and that the first third never moves does not hide a drift");
}

int main(void)
{
	check_projection();
	check_lengths();
	check_distances();
	check_nearest();
	check_priors();
	check_virial();
	check_anchor();
	check_drift();
	return done_testing();
}
