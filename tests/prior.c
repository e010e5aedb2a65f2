/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The kinds of priors: that each is a density of the variance that it says, its gradient that of its energy, and that chains which
 * see nothing else have that variance. */
#include "src/prior.h"

#include <gsl/gsl_integration.h>
#include <math.h>
#include <stdlib.h>

#include "src/backend.h"
#include "tests/device_vec.h"
#include "tests/tap.h"

/* N δ = 2, a factor of 3: variance 1/6. */
static const double deviation = 0.70710678118654752, factor = 3;

static const struct {
	const char *name;
	enum prior_kind kind;
	double nu;
} kinds[] = {
	{"gaussian", PRIOR_GAUSSIAN, 0}, {"laplace", PRIOR_LAPLACE, 0}, {"student-t:2.5", PRIOR_STUDENT_T, 2.5},
	{"student-t:6", PRIOR_STUDENT_T, 6},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

struct moment {
	struct prior_curve curve;
	int power;
};

/* exp(−Nδ·factor·e(x)) · x^power */
static double weighted(double x, void *of)
{
	const struct moment *m = of;
	return exp(-factor / (deviation * deviation) * prior_energy(&m->curve, x)) * pow(x, m->power);
}

static double integral(struct moment m)
{
	gsl_integration_workspace *w = gsl_integration_workspace_alloc(2000);
	gsl_function f = {weighted, &m};
	double out, error;
	gsl_integration_qagiu(&f, 0, 1e-12, 1e-8, 2000, w, &out, &error);
	gsl_integration_workspace_free(w);
	return out;
}

static void check_kind(int i)
{
	struct prior_curve c = prior_curve(kinds[i].kind, kinds[i].nu, factor, deviation);
	double variance = integral((struct moment){c, 2}) / integral((struct moment){c, 0}), worst = 0, bend = 0, second = 0;
	near(variance, 1.0 / 6, 1e-5, "%s has the Gaussian's variance", kinds[i].name);
	for (double x = -5; x < 5; x += 0.01371) {
		double t = 1e-5, slope = (prior_energy(&c, x + t) - prior_energy(&c, x - t)) / (2 * t);
		double curved = (prior_gradient(&c, x + t) - prior_gradient(&c, x - t)) / (2 * t);
		worst = fmax(worst, fabs(slope - prior_gradient(&c, x)));
		bend = fmax(bend, curved);
		second = fmax(second, fabs(curved - prior_second(&c, x)));
	}
	near(worst, 0, 1e-8, "%s: the gradient is that of the energy", kinds[i].name);
	near(second, 0, 1e-8, "%s: and the second derivative that of the gradient", kinds[i].name);
	ok(bend <= prior_curvature(kinds[i].kind, kinds[i].nu) + 1e-6, "%s: and bends no more than is said (%g)", kinds[i].name, bend);
	ok(prior_gradient(&c, 0) == 0 && prior_energy(&c, 0) == 0, "%s: nothing pulls at 0", kinds[i].name);
}

/* x ← x − λδ·factor·h(x) + √(2λ/N) ξ on 60,000 elements, for 20 relaxation times of a Gaussian. Kurtosis at most 6 (student-t:6
 * also) leaves a standard error of 1 %; what discretisation adds is below 1 %: 7 % is a false alarm of less than 1e-8. */
static void check_chain(struct device *d, int i)
{
	enum { COUNT = 60000, STEPS = 1000, DECAY = SLOT_SAMPLER, NOISE };
	const double rate = 0.02;  /* λδ·factor */
	struct piece one = {.count = COUNT, .prior = factor, .kind = kinds[i].kind, .nu = kinds[i].nu};
	const struct pieces p = {&one, 1, COUNT};
	struct slots s = {.key = {17, 0}};
	float *x = device_take(d, COUNT * sizeof *x);
	s.value[SLOT_PRIOR] = deviation;
	s.value[DECAY] = -rate / factor;
	s.value[NOISE] = sqrt(2 * rate / factor) * deviation;
	MUST(d->ops->slots_open(d, &s));
	const struct affine a = {.n_in = 1, .n_out = 1, .x = {x},
	                         .out = {{.y = x, .base = 0, .prior = DECAY, .noise = NOISE, .stream = STREAM_LANGEVIN_0}}};
	for (s.step = 0; s.step < STEPS; s.step++) {
		MUST(d->ops->slots_send(d, &s));
		MUST(d->ops->affine(d, &s, &p, &a));
	}
	MUST(d->ops->reduce_moving(d, &s, &p, x, x, NULL, SLOT_RESULT));
	MUST(d->ops->slots_fetch(d, &s));
	near(s.value[SLOT_RESULT] / COUNT, 1.0 / 6, 0.07 / 6, "%s: a chain has its variance", kinds[i].name);
	d->ops->slots_close(d, &s);
	d->ops->free(d, x);
}

static void check_words(void)
{
	static const char *const wrong[] = {"", "cauchy", "student-t", "student-t:2", "student-t:inf", "student-t:3x", "laplace:1",
	                                    "laplace,nothing=1", "laplace,*=-1"};
	struct arena arena = {0};
	struct segments s = {0};
	struct pieces p;
	bool refused = true;
	MUST(segments_add(&s, &arena, "a.weight", 1, (int64_t[]){5}, INIT_CONSTANT, 0, NULL));
	MUST(segments_add(&s, &arena, "a.bias", 1, (int64_t[]){2}, INIT_CONSTANT, 0, NULL));
	MUST(segments_prior(&s, "laplace,*.bias=0.5"));
	ok(s.at[0].kind == PRIOR_LAPLACE && s.at[0].prior == 1 && s.at[1].kind == PRIOR_LAPLACE && s.at[1].prior == 0.5,
	   "laplace with a factor");
	MUST(segments_prior(&s, "student-t:4.5,*=1"));
	MUST(pieces_of(&s, &arena, &p));
	ok(p.n == 1 && p.at[0].kind == PRIOR_STUDENT_T && p.at[0].nu == 4.5, "student-t with its degrees of freedom");
	for (int i = 0; i < (int)(sizeof wrong / sizeof *wrong); i++)
		refused = segments_prior(&s, wrong[i]) == ERR_USAGE && refused;
	ok(refused, "other words are refused");
	arena_free(&arena);
}

int main(void)
{
	struct device *d;
	MUST(backend_open(NULL, 0, &d));
	for (int i = 0; i < KINDS; i++) {
		check_kind(i);
		if (kinds[i].nu != 2.5)  /* which has no kurtosis: its variance converges too slowly to be tested so */
			check_chain(d, i);
	}
	check_words();
	near(prior_deviation(4, 0.5), deviation, 1e-15, "1/√(Nδ)");
	ok(isinf(prior_deviation(4, 0)), "which is infinite without a decay");
	d->ops->close(d);
	return done_testing();
}
