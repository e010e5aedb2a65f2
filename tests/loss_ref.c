/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The oracle itself: gradients against central differences, values against closed forms. */
#include <math.h>

#include "tests/ref/loss.h"
#include "tests/tap.h"

static void differences(enum loss_kind kind, const char *name, int k)
{
	double x[8], y[8], g[8], worst = 0;
	const double h = 1e-5, sd = 0.7;
	for (int trial = 0; trial < 20; trial++) {
		for (int j = 0; j < k; j++) {
			uint64_t e = (uint64_t)(trial * 16 + j);
			x[j] = (kind == LOSS_HETEROSCEDASTIC && j >= k / 2 && trial % 5 == 0 ? 40 : 0) + 3 * rng_normal((struct rng_key){1, 1}, STREAM_DATA, 0, e);
			y[j] = kind == LOSS_BERNOULLI ? rng_uniform((struct rng_key){1, 1}, STREAM_DATA, 1, e) > 0.5
			                              : rng_normal((struct rng_key){1, 1}, STREAM_DATA, 2, e);
		}
		int label = trial % k;
		ref_loss(kind, k, x, label, y, sd, g);
		for (int j = 0; j < k; j++) {
			double at = x[j];
			x[j] = at + h;
			double above = ref_loss(kind, k, x, label, y, sd, NULL);
			x[j] = at - h;
			double below = ref_loss(kind, k, x, label, y, sd, NULL);
			x[j] = at;
			worst = fmax(worst, fabs((above - below) / (2 * h) - g[j]) / fmax(1, fabs(g[j])));
		}
	}
	near(worst, 0, kind == LOSS_HETEROSCEDASTIC ? 1e-7 : 1e-8, "%s with %d outputs: gradients are central differences", name, k);
}

/* Where a log-variance is bounded from below only a mean that is very near has a value that differences can tell. */
static void narrow(void)
{
	const double y = 1e-9, h = 1e-5;
	double worst = 0, g[2];
	for (int i = 0; i < 9; i++) {
		const double s = -44.4 + i, up[] = {0, s + h}, down[] = {0, s - h}, x[] = {0, s};
		ref_loss(LOSS_HETEROSCEDASTIC, 2, x, 0, &y, 0, g);
		const double difference = ref_loss(LOSS_HETEROSCEDASTIC, 2, up, 0, &y, 0, NULL) - ref_loss(LOSS_HETEROSCEDASTIC, 2, down, 0, &y, 0, NULL);
		worst = fmax(worst, fabs(difference / (2 * h) - g[1]));
	}
	near(worst, 0, 1e-9, "heteroscedastic: the bound below");
}

int main(void)
{
	const double zero[4] = {0}, one = 1, y = 3, two = 2;
	for (int k = 1; k <= 6; k++) {
		differences(LOSS_CATEGORICAL, "categorical", k);
		differences(LOSS_GAUSSIAN, "gaussian", k);
		differences(LOSS_BERNOULLI, "bernoulli", k);
		if (k % 2 == 0)
			differences(LOSS_HETEROSCEDASTIC, "heteroscedastic", k);
	}
	narrow();
	near(ref_loss(LOSS_CATEGORICAL, 4, zero, 2, NULL, 0, NULL), log(4), 1e-15, "four equal classes: ln 4");
	near(ref_loss(LOSS_BERNOULLI, 1, zero, 0, &one, 0, NULL), log(2), 1e-15, "a fair coin: ln 2");
	near(ref_loss(LOSS_GAUSSIAN, 1, &one, 0, &y, 2, NULL), 0.5 + log(2) + 0.5 * log(8 * atan(1)), 1e-14,
	     "one deviation off: ½ + ln σ + ½ ln 2π");
	near(ref_loss(LOSS_HETEROSCEDASTIC, 2, (const double[]){1, log(4)}, 0, &y, 0, NULL), 0.5 + log(2) + 0.5 * log(8 * atan(1)), 1e-14,
	     "where σ² is an output likewise");
	near(ref_loss(LOSS_BERNOULLI, 1, &two, 0, &one, 0, NULL), -log(1 / (1 + exp(-2))), 1e-15, "−ln of the logistic");
	ok(ref_correct(LOSS_CATEGORICAL, 4, zero, 0, NULL) && !ref_correct(LOSS_CATEGORICAL, 4, zero, 1, NULL),
	   "ties go to the lowest class");
	return done_testing();
}
