/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The oracles' derivatives against central differences of their values. */
#include <math.h>

#include "tests/ref/ref.h"
#include "src/rng.h"
#include "tests/tap.h"

static const struct rng_key key = {7, 0};
static const double STEP = 1e-5;  /* truncation error about 1e-10, rounding about 1e-11 */

static void fill(double *x, int n, uint64_t step)
{
	for (int i = 0; i < n; i++)
		x[i] = rng_normal(key, STREAM_PROBE, step, (uint64_t)i);
}

/* Σ r·y of a linear layer: its gradient is the backward pass with dy = r. */
enum { N = 3, IN = 4, OUT = 5 };

static double projected(const double *x, const double *w, const double *b, const double *r)
{
	double y[N * OUT], sum = 0;
	ref_linear(N, IN, OUT, x, w, b, y);
	for (int i = 0; i < N * OUT; i++)
		sum += r[i] * y[i];
	return sum;
}

/* The largest gap between `gradient` and the differences of projected() along each of v[0 … n−1]. */
static double gap(double *v, int n, const double *gradient, const double *x, const double *w, const double *b, const double *r)
{
	double worst = 0;
	for (int i = 0; i < n; i++) {
		double old = v[i];
		v[i] = old + STEP;
		double up = projected(x, w, b, r);
		v[i] = old - STEP;
		double down = projected(x, w, b, r);
		v[i] = old;
		worst = fmax(worst, fabs((up - down) / (2 * STEP) - gradient[i]));
	}
	return worst;
}

static void linear(void)
{
	double x[N * IN], w[OUT * IN], b[OUT], r[N * OUT], dx[N * IN], dw[OUT * IN], db[OUT];
	fill(x, N * IN, 0);
	fill(w, OUT * IN, 1);
	fill(b, OUT, 2);
	fill(r, N * OUT, 3);
	ref_linear_backward(N, IN, OUT, x, w, r, dx, dw, db);
	near(gap(x, N * IN, dx, x, w, b, r), 0, 1e-8, "linear: gradient with respect to x");
	near(gap(w, OUT * IN, dw, x, w, b, r), 0, 1e-8, "linear: gradient with respect to W");
	near(gap(b, OUT, db, x, w, b, r), 0, 1e-8, "linear: gradient with respect to b");
}

static double convolved(const struct ref_conv *c, const double *x, const double *w, const double *b, const double *r, int outputs)
{
	double y[200], sum = 0;
	ref_conv(c, x, w, b, y);
	for (int i = 0; i < outputs; i++)
		sum += r[i] * y[i];
	return sum;
}

/* Grouped, with a stride that leaves a column out, padded. */
static void convolution(void)
{
	enum { INPUTS = 2 * 4 * 5 * 6, WEIGHTS = 6 * 2 * 9, OUTPUTS = 2 * 6 * 3 * 3 };
	static const struct ref_conv c = {2, {4, 5, 6}, {6, 3, 3}, 3, 2, 1, 2};
	double x[INPUTS], w[WEIGHTS], b[6], r[OUTPUTS], dx[INPUTS], dw[WEIGHTS], db[6];
	fill(x, INPUTS, 10);
	fill(w, WEIGHTS, 11);
	fill(b, 6, 12);
	fill(r, OUTPUTS, 13);
	ref_conv_backward(&c, x, w, r, dx, dw, db);
	const struct {
		double *v, *gradient;
		int n;
		const char *name;
	} of[] = {{x, dx, INPUTS, "x"}, {w, dw, WEIGHTS, "W"}, {b, db, 6, "b"}};
	for (int k = 0; k < 3; k++) {
		double worst = 0;
		for (int i = 0; i < of[k].n; i++) {
			double old = of[k].v[i];
			of[k].v[i] = old + STEP;
			double up = convolved(&c, x, w, b, r, OUTPUTS);
			of[k].v[i] = old - STEP;
			double down = convolved(&c, x, w, b, r, OUTPUTS);
			of[k].v[i] = old;
			worst = fmax(worst, fabs((up - down) / (2 * STEP) - of[k].gradient[i]));
		}
		near(worst, 0, 1e-8, "convolution: gradient with respect to %s", of[k].name);
	}
}

static void activations(void)
{
	static const char *const names[] = {"relu", "silu", "tanh"};
	for (int kind = ACTIVATION_RELU; kind <= ACTIVATION_TANH; kind++) {
		double worst = 0;
		for (double x = -4.05; x < 4.1; x += 0.1) {  /* never within STEP of ReLU's kink */
			double slope = (ref_activation((enum activation)kind, x + STEP) -
			                ref_activation((enum activation)kind, x - STEP)) / (2 * STEP);
			worst = fmax(worst, fabs(slope - ref_activation_slope((enum activation)kind, x)));
		}
		near(worst, 0, 1e-8, "%s: slope", names[kind]);
	}
}

/* Windows that overlap, leave places out, or reach into the padding. */
static void pooling(void)
{
	static const struct ref_pool shapes[] = {
		{true, 2, 5, 6, 3, 3, 3, 2, 1}, {false, 2, 5, 6, 3, 3, 3, 2, 1}, {true, 2, 5, 7, 2, 3, 2, 2, 0},
		{false, 2, 7, 4, 2, 1, 2, 3, 0}, {false, 2, 4, 4, 1, 1, 4, 1, 0},
	};
	for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
		const struct ref_pool *p = &shapes[s];
		double x[2 * 6 * 7], y[2 * 9], r[2 * 9], dx[2 * 6 * 7], worst = 0;
		int n = p->images * p->h * p->w, m = p->images * p->oh * p->ow;
		fill(x, n, 8);
		fill(r, m, 9);
		ref_pool_backward(p, x, r, dx);
		for (int i = 0; i < n; i++) {
			double old = x[i], slope = 0;
			x[i] = old + STEP;
			ref_pool(p, x, y);
			for (int j = 0; j < m; j++)
				slope += r[j] * y[j];
			x[i] = old - STEP;
			ref_pool(p, x, y);
			for (int j = 0; j < m; j++)
				slope -= r[j] * y[j];
			x[i] = old;
			worst = fmax(worst, fabs(slope / (2 * STEP) - dx[i]));
		}
		near(worst, 0, 1e-8, "pooling: gradient of %s over %d × %d windows, stride %d, padding %d",
		     p->max ? "maxima" : "means", p->kernel, p->kernel, p->stride, p->pad);
	}
	/* By hand: 2 and its equal, NaN, padding that is not counted. */
	const double x[] = {1, 2, 2, -3};
	double y[4], dx[4];
	ref_pool(&(struct ref_pool){true, 1, 2, 2, 1, 1, 2, 2, 0}, x, y);
	ref_pool_backward(&(struct ref_pool){true, 1, 2, 2, 1, 1, 2, 2, 0}, x, (double[]){5}, dx);
	ok(y[0] == 2 && dx[1] == 5 && dx[0] == 0 && dx[2] == 0 && dx[3] == 0, "pooling: the first of two maxima gets the gradient");
	ref_pool(&(struct ref_pool){false, 1, 2, 2, 2, 2, 2, 2, 1}, x, y);
	ok(y[0] == 1 && y[1] == 2 && y[2] == 2 && y[3] == -3, "pooling: padding is not counted");
	ref_pool(&(struct ref_pool){true, 1, 2, 2, 1, 1, 2, 2, 0}, (double[]){1, NAN, 2, 3}, y);
	ok(isnan(y[0]), "pooling: NaN is the largest");
}

/* Σ r·y of a norm with a residual: every gradient of it, for both norms and all activations, and running statistics. */
static void norms(void)
{
	enum { EXAMPLES = 3, CHANNELS = 2, PIXELS = 4, ALL = EXAMPLES * CHANNELS * PIXELS };
	static const char *const names[] = {"batch norm", "filter response norm", "batch norm, running statistics"};
	for (int which = 0; which < 3; which++) {
		double worst[5] = {0};
		for (int a = ACTIVATION_RELU; a <= ACTIVATION_THRESHOLD; a++) {
			double x[ALL], residual[ALL], y[ALL], r[ALL], dx[ALL], g[ALL], gamma[CHANNELS], beta[CHANNELS], tau[CHANNELS],
				d[3][CHANNELS], running[2 * CHANNELS] = {0.3, -0.2, 1.5, 0.7};
			struct ref_norm l = {which == 1 ? NORM_FILTER_RESPONSE : NORM_BATCH, (enum activation)a, EXAMPLES, CHANNELS, PIXELS,
			                     x, residual, gamma, beta, tau, which == 2 ? running : NULL};
			uint64_t step = 10 + 10 * (uint64_t)(a + 5 * which);
			fill(x, ALL, step), fill(residual, ALL, step + 1), fill(r, ALL, step + 2);
			fill(gamma, CHANNELS, step + 3), fill(beta, CHANNELS, step + 4), fill(tau, CHANNELS, step + 5);
			ref_norm_backward(&l, r, dx, g, d[0], d[1], d[2]);
			double *of[] = {x, residual, gamma, beta, tau}, *by[] = {dx, g, d[0], d[1], d[2]};
			for (int v = 0; v < (a == ACTIVATION_THRESHOLD ? 5 : 4); v++)
				for (int i = 0; i < (v < 2 ? (int)ALL : (int)CHANNELS); i++) {
					double old = of[v][i], change = 0;
					of[v][i] = old + STEP;
					ref_norm(&l, NULL, y);
					for (int j = 0; j < ALL; j++)
						change += r[j] * y[j];
					of[v][i] = old - STEP;
					ref_norm(&l, NULL, y);
					for (int j = 0; j < ALL; j++)
						change -= r[j] * y[j];
					of[v][i] = old;
					worst[v] = fmax(worst[v], fabs(change / (2 * STEP) - by[v][i]));
				}
		}
		static const char *const of[] = {"x", "the residual", "γ", "β", "τ"};
		for (int v = 0; v < 5; v++)
			near(worst[v], 0, 1e-7, "%s: gradient with respect to %s, every activation", names[which], of[v]);
	}
}

static void networks(void)
{
	static const char *const names[] = {"categorical", "gaussian", "bernoulli", "heteroscedastic"};
	static const int width[] = {4, 6, 5, 4};
	enum { ROWS = 7, PARAMS = 6 * 5 + 5 * 7 + 4 * 6 };
	double theta[PARAMS], gradient[PARAMS], x[ROWS * 4], target[ROWS * 4], weight[ROWS];
	fill(theta, PARAMS, 4);
	fill(x, ROWS * 4, 5);
	fill(weight, ROWS, 6);
	for (int kind = LOSS_CATEGORICAL; kind < LOSS_KINDS; kind++) {
		struct ref_mlp m = {4, width, ACTIVATION_TANH, (enum loss_kind)kind, 0.7};
		ok(ref_mlp_params(&m) == PARAMS, "%s: the network has %d parameters", names[kind], PARAMS);
		fill(target, ROWS * 4, 7);
		for (int i = 0; i < ROWS * 4 && (kind == LOSS_CATEGORICAL || kind == LOSS_BERNOULLI); i++)
			target[i] = kind == LOSS_CATEGORICAL ? i % 3 : i % 2;
		ref_mlp(&m, theta, ROWS, x, target, weight, 0.3, gradient, NULL);
		double worst = 0;
		for (int i = 0; i < PARAMS; i++) {
			double old = theta[i];
			theta[i] = old + STEP;
			double up = ref_mlp(&m, theta, ROWS, x, target, weight, 0.3, NULL, NULL);
			theta[i] = old - STEP;
			double down = ref_mlp(&m, theta, ROWS, x, target, weight, 0.3, NULL, NULL);
			theta[i] = old;
			worst = fmax(worst, fabs((up - down) / (2 * STEP) - gradient[i]));
		}
		near(worst, 0, 1e-7, "%s: gradient of a network of three layers, weighted", names[kind]);
	}
}

int main(void)
{
	linear();
	convolution();
	activations();
	pooling();
	norms();
	networks();
	return done_testing();
}
