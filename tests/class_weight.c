/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Factors on the losses of classes: how they are said, what they do to a potential, and the law that is then sampled. */
#include "src/data/class_weight.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_integration.h>

#include "tests/device_vec.h"
#include "tests/far_device.h"
#include "tests/net_case.h"
#include "tests/sampler_bench.h"
#include "tests/tap.h"
#include "tests/weighted_net.h"

/* ---- words ---- */

static const int32_t labels[8] = {0, 1, 0, 0, 2, 0, 1, 0};
static const char *const names[3] = {"a", "a=1", "b, c"};

static struct dataset classes(bool named)
{
	return (struct dataset){.spec = "csv:test", .n = 8, .label = labels, .n_classes = 3, .class_names = named ? names : NULL};
}

static void reads(const char *text, bool named, double a, double b, double c)
{
	const struct dataset d = classes(named);
	struct arena arena = {0};
	const double *w;
	MUST(class_weight_read(text, &d, &arena, &w));
	ok(w[0] == a && w[1] == b && w[2] == c, "%s: %g, %g, %g (got %g, %g, %g)", text, a, b, c, w[0], w[1], w[2]);
	arena_free(&arena);
}

static void refuses(const char *text, bool named, const char *words)
{
	const struct dataset d = classes(named);
	struct arena arena = {0};
	const double *w;
	status s = class_weight_read(text, &d, &arena, &w);
	ok(s == ERR_USAGE && !w && strstr(fail_words(s, "--"), words), "\"%s\" is refused: %s", text, s ? fail_words(s, "--") : "");
	arena_free(&arena);
}

static void check_words(void)
{
	/* 8/(3·5), 8/(3·2), 8/(3·1), as sklearn.utils.class_weight.compute_class_weight("balanced", …) has them. */
	reads("balanced", false, 8.0 / 15, 8.0 / 6, 8.0 / 3);
	reads("1=2.5", false, 1, 2.5, 1);
	reads("2=1e-3,0=4", false, 4, 1, 1e-3);
	reads("a=3", true, 3, 1, 1);
	reads("a=1=3", true, 1, 3, 1);
	reads("b, c=0.5,a=1=3,a=2", true, 2, 3, 0.5);
	reads("2=7", true, 1, 1, 7);
	refuses("", false, "expected balanced, or CLASS=WEIGHT");
	refuses("equal", true, "(a, a=1, b, c)");
	refuses("3=1", false, "\"3\" is no class");
	refuses("-1=1", false, "\"-1\" is no class");
	refuses("d=1", true, "\"d\" is no class");
	refuses("=1", true, "\"\" is no class");
	refuses("1=0", false, "above 0");
	refuses("1=-1", false, "above 0");
	refuses("1=nan", false, "above 0");
	refuses("1=inf", false, "above 0");
	refuses("1=1e300", false, "1.2e-38 to 3.4e+38, the range of float32");
	refuses("1=1e-300", false, "the range of float32");
	refuses("1=1e-400", false, "the range of float32");
	refuses("1=1e400", false, "the range of float32");
	refuses("1=0x10", false, "above 0");
	refuses("1= 2", false, "above 0");
	refuses("1=+2", false, "above 0");
	refuses("1=2x", false, "\"2x\"");
	refuses("1=", false, "above 0");
	refuses("1=2,", false, "last comma");
	refuses("1=2,,0=1", false, "no class");
	refuses("1=2,1=2", false, "two weights");
	refuses("a=2,0=3", true, "two weights");
	struct dataset d = classes(true);
	struct arena a = {0};
	const double *w;
	static const char *const numbers[3] = {"1", "10", "x"};
	d.class_names = numbers;
	ok(class_weight_read("1=3", &d, &a, &w) == OK && w[0] == 3 && w[1] == 1, "names that are numbers are names");
	ok(class_weight_read("0=3", &d, &a, &w) == ERR_USAGE, "and no others are");
	d.class_names = names;
	d.n = 4;
	status s = class_weight_read("balanced", &d, &a, &w);
	ok(s == ERR_USAGE && strstr(fail_words(s, "--"), "class b, c has none of the 4"), "a class without examples can't be balanced");
	MUST(class_weight_read("b, c=2", &d, &a, &w));
	ok(w[2] == 2, "but have a factor");
	MUST(class_weight_read(NULL, &d, &a, &w));
	ok(!w, "no words are no factors");
	d.label = NULL;
	s = class_weight_read("balanced", &d, &a, &w);
	ok(s == ERR_USAGE && strstr(fail_words(s, "--"), "real targets"), "real targets have no classes");
	arena_free(&a);
}

/* ---- guessing ---- */

static void check_guess(void)
{
	static const double weight[3] = {0.5, 2, 3};
	const struct targets t = {.n = 8, .label = labels, .n_classes = 3, .class_weight = weight};
	const double mass[3] = {2.5, 4, 3}, all = 9.5;
	const struct likelihood *l;
	struct guess g;
	double want = 0;
	/* The constant p that makes Σ w(−ln p) least is each class's share of Σ w. */
	for (int k = 0; k < 3; k++)
		want -= mass[k] * log(mass[k] / all) / 8;
	MUST(likelihood_find("categorical", &l));
	MUST(likelihood_guess(l, &t, 0, &g));
	near(g.loss, want, 1e-14, "the loss of guessing has the factors");
}

/* ---- the law ---- */

enum { POINTS = 9, CHAINS = 48, DRAWS = 1000, WARM = 10 };
static const double law_weight[2] = {1, 5}, decay = 0.05;

/* −log of the density of z = θ₁ − θ₀ of a linear classifier of two classes without biases, whose prior has the variance 2/(Nδ). */
static double minus_log(const struct net_case *q, const double *weight, double z)
{
	double sum = decay * POINTS * z * z / 4;
	for (int i = 0; i < POINTS; i++) {
		double x = (double)((const float *)q->data.x)[i];
		sum += weight[q->data.label[i]] * log1p(exp(q->data.label[i] ? -z * x : z * x));
	}
	return sum;
}

struct moment {
	const struct net_case *q;
	const double *weight;
	int power;
	double least, centre;
};

static double integrand(double z, void *context)
{
	const struct moment *m = context;
	return pow(z - m->centre, m->power) * exp(m->least - minus_log(m->q, m->weight, z));
}

static double integral(struct moment *m, int power)
{
	gsl_integration_workspace *w = gsl_integration_workspace_alloc(1000);
	gsl_function f = {integrand, m};
	double value, error;
	m->power = power;
	gsl_integration_qagi(&f, 0, 1e-10, 1000, w, &value, &error);
	gsl_integration_workspace_free(w);
	return value;
}

/* Mean and variance of z. */
static void law_of(const struct net_case *q, const double *weight, double *mean, double *variance)
{
	struct moment m = {.q = q, .weight = weight, .least = minus_log(q, weight, 0)};
	double mass = integral(&m, 0);
	*mean = m.centre = integral(&m, 1) / mass;
	*variance = integral(&m, 2) / mass;
}

/* A statistic of independent chains and its standard error. */
static void mean_of(const double *x, double *mean, double *se)
{
	double sum = 0, squares = 0;
	for (int k = 0; k < CHAINS; k++)
		sum += x[k] / CHAINS;
	for (int k = 0; k < CHAINS; k++)
		squares += (x[k] - sum) * (x[k] - sum);
	*mean = sum;
	*se = sqrt(squares / (CHAINS - 1) / CHAINS);
}

static void sample_law(struct net_case *q, double centre, double *mean, double *variance)
{
	const struct state_plan plan = {.potential = q->p, .n = POINTS, .batch = POINTS, .temperature = 1, .decay = decay, .lr_max = 0.5};
	for (int k = 0; k < CHAINS; k++) {
		struct bench b;
		float theta[4] = {0};
		bench_open_plan(&b, &plan, "hmc", (const char *[]){"--trajectory", "1.2", NULL});
		b.state.s.slots.key.chain = (uint32_t)k;
		MUST(state_put(&b.state, 0, theta));
		mean[k] = variance[k] = 0;
		for (int i = 0; i < WARM + DRAWS; i++) {
			MUST(state_step(&b.state, 0.5, 1));
			MUST(state_get(&b.state, 0, theta));
			double z = (double)theta[1] - (double)theta[0];
			mean[k] += i < WARM ? 0 : z / DRAWS;
			variance[k] += i < WARM ? 0 : (z - centre) * (z - centre) / DRAWS;
		}
		bench_close(&b);
	}
}

/* Student's t of 47 degrees of freedom is beyond 7.5 by chance once in 5e8. */
static void check_law(struct device *(*open)(void))
{
	struct net_case q = {0};
	const struct likelihood *l;
	double means[CHAINS], variances[CHAINS], mean, variance, plain, plain_variance, got, se;
	net_case_on(open);
	net_case_data(&q, POINTS, 1, 2, LOSS_CATEGORICAL);
	net_case_open(&q, "linear", "relu", "categorical", 1, POINTS, "*.bias");
	potential_close(q.p);
	MUST(likelihood_find("categorical", &l));
	MUST(net_open(&(struct net_options){.model = &q.model, .data = &q.data, .normalize = &q.normalize, .likelihood = l,
	                                    .class_weight = law_weight, .batch = POINTS}, q.d, &q.p));
	law_of(&q, law_weight, &mean, &variance);
	law_of(&q, (double[]){1, 1}, &plain, &plain_variance);
	sample_law(&q, mean, means, variances);
	mean_of(means, &got, &se);
	near((got - mean) / se, 0, 7.5, "hmc, a factor of 5: the mean of the posterior is %.4f, sampled %.4f ± %.4f", mean, got, se);
	ok(fabs(plain - mean) > 15 * se, "which is %.4f without", plain);
	mean_of(variances, &got, &se);
	near((got - variance) / se, 0, 7.5, "and its variance %.4f, sampled %.4f ± %.4f", variance, got, se);
	ok(fabs(plain_variance - variance) > 15 * se, "which is %.4f without", plain_variance);
	net_case_close(&q);
}

/* ---- */

static struct device *open_cpu(void)
{
	struct device *d;
	MUST(backend_open("cpu", 1, &d));
	return d;
}

static struct device *open_far(void)
{
	struct device *d;
	MUST(far_open(1, &d));
	return d;
}

int main(void)
{
	check_words();
	check_guess();
	check_weighted_nets(open_cpu, "cpu");
	check_weighted_nets(open_far, "far");
	check_law(open_cpu);
	return done_testing();
}
