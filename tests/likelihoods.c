/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What each likelihood says of itself; and one with a parameter of its own, by finite differences of the potential. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "src/data/dataset.h"
#include "src/data/normalize.h"
#include "src/net/net.h"
#include "tests/device_vec.h"
#include "tests/tap.h"

enum { N = 12, INPUTS = 3, TARGETS = 2, C = SLOT_SAMPLER, SIGMA };
static const struct rng_key key = {5, 2};

/* ---- the table ---- */

static void facts(const char *name, const struct targets *fits, int outputs, const struct targets *not)
{
	const struct likelihood *l, *back;
	struct arena a = {0};
	const void *encoded;
	size_t bytes;
	double noise_sd = 0;
	int got;
	MUST(likelihood_find(name, &l));
	MUST(likelihood_outputs(l, fits, &got));
	ok(got == outputs && l->outputs(not) == 0, "%s: %d outputs, or none where targets don't fit", name, outputs);
	MUST(l->encode(fits, &a, &encoded, &bytes));
	ok(encoded && bytes == fits->n * (l->class_targets ? 1 : (size_t)fits->n_real) * 4, "%s: what the loss reads", name);
	json_t *j = likelihood_to_json(l, 0.25);
	MUST(likelihood_from_json(j, &back, &noise_sd));
	ok(back == l && noise_sd == 0.25, "%s: read as it was written", name);
	ok(likelihood_check(l, 0.25) == OK && (likelihood_check(l, 0) == OK) == !l->noise_sd,
	   "%s: a deviation is above 0", name);
	json_decref(j);
	arena_free(&a);
}

static void table(void)
{
	static const int32_t label[4] = {0, 1, 1, 0};
	static const float real[8] = {1, 2, 3, 4, 5, 6, 7, 8};
	const struct targets two = {.n = 4, .label = label, .n_classes = 2}, five = {.n = 4, .label = label, .n_classes = 5};
	const struct targets reals = {.n = 4, .real = real, .n_real = 2};
	facts("categorical", &five, 5, &reals);
	facts("bernoulli", &two, 1, &five);
	facts("gaussian", &reals, 2, &two);
	facts("heteroscedastic", &reals, 4, &two);
	const struct likelihood *l;
	struct arena a = {0};
	const void *bits;
	size_t bytes;
	MUST(likelihood_find("bernoulli", &l));
	MUST(l->encode(&two, &a, &bits, &bytes));
	ok(memcmp(bits, (float[4]){0, 1, 1, 0}, bytes) == 0, "bernoulli: the loss reads labels as real numbers");
	arena_free(&a);
	double sd;
	ok(likelihood_from_json(NULL, &l, &sd) == ERR_INPUT, "a header without a likelihood is refused");
}

/* Entropies by scipy.stats.entropy([3, 1]) and ([2, 1, 1]); −mean log N(y; mean, 2²) over both columns by scipy.stats.norm. */
static void guesses(void)
{
	static const int32_t two[4] = {0, 1, 0, 0}, three[4] = {2, 0, 2, 1}, same[4] = {1, 1, 1, 1};
	static const float real[8] = {1, 20, 3, 40, 5, 60, 7, 80};
	const struct {
		const char *name;
		struct targets t;
		double noise_sd, want;
	} cases[] = {
		{"categorical", {.n = 4, .label = three, .n_classes = 5}, 0, 1.0397207708399179},
		{"bernoulli", {.n = 4, .label = two, .n_classes = 2}, 0, 0.5623351446188083},
		{"gaussian", {.n = 4, .real = real, .n_real = 2}, 2, 66.34917142752923},
	};
	struct guess got;
	const struct likelihood *l;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		MUST(likelihood_find(cases[i].name, &l));
		MUST(likelihood_guess(l, &cases[i].t, cases[i].noise_sd, &got));
		near(got.loss, cases[i].want, 1e-13, "%s: the loss of guessing", cases[i].name);
		ok(l->guessed, "%s: what is guessed", cases[i].name);
	}
	MUST(likelihood_find("categorical", &l));
	MUST(likelihood_guess(l, &(struct targets){.n = 4, .label = same, .n_classes = 2}, 0, &got));
	ok(isnan(got.loss) && !guess_against(&got, 1), "of one class there is no guess");
	const struct guess ten = {2.3, 2.3}, below = {-3, 1};
	ok(!strcmp(guess_against(&ten, 2.31), "no better than") && !strcmp(guess_against(&ten, 2.3), "no better than") &&
	   !strcmp(guess_against(&ten, 2.29), "hardly better than") && !guess_against(&ten, 2.28) && !guess_against(&ten, NAN),
	   "a loss against a guess's");
	ok(!strcmp(guess_against(&below, -3.004), "hardly better than") && !guess_against(&below, -3.01), "also of a density");
}

/* ---- a gaussian whose ln σ is sampled ---- */

/* As --noise-sd learn has it: the table's, its header, its guess. */
static void learning(void)
{
	static const float real[8] = {1, 2, 2, 2, 3, 4, 4, 4};
	const struct targets reals = {.n = 4, .real = real, .n_real = 2};
	const struct likelihood *gaussian, *heteroscedastic, *back;
	struct guess got, same;
	double sd;
	MUST(likelihood_find("gaussian", &gaussian));
	MUST(likelihood_find("heteroscedastic", &heteroscedastic));
	json_t *j = likelihood_to_json(gaussian->learning, 1), *wrong = json_pack("{s:s, s:s}", "name", "heteroscedastic", "noise_sd", "learn");
	MUST(likelihood_from_json(j, &back, &sd));
	ok(back == gaussian->learning && !strcmp(json_string_value(json_object_get(j, "noise_sd")), "learn"), "a learnt deviation is read as it was written");
	ok(likelihood_from_json(wrong, &back, &sd) == ERR_INPUT, "no other likelihood has one");
	/* Variances 1.25 and 1. */
	MUST(likelihood_guess(gaussian->learning, &reals, 1, &got));
	MUST(likelihood_guess(heteroscedastic, &reals, 1, &same));
	near(got.loss, log(1.25) / 2 + log(2 * M_PI) + 1, 1e-12, "its guess has the targets' deviations");
	ok(got.loss == same.loss && got.reducible == 1, "and so has a heteroscedastic one's");
	json_decref(j);
	json_decref(wrong);
}

static double own_precision(const char *prior, const char *freeze, double decay, double *of, double *other)
{
	const struct likelihood *gaussian;
	struct segments s = {0};
	struct arena a = {0};
	MUST(likelihood_find("gaussian", &gaussian));
	MUST(segments_add(&s, &a, "fc.weight", 1, (int64_t[]){3}, INIT_CONSTANT, 0, NULL));
	MUST(likelihood_append(gaussian->learning, 2, &s, &a));
	if (freeze)
		MUST(segments_freeze(&s, freeze));
	MUST(segments_prior(&s, prior));
	*of = likelihood_priors(gaussian->learning, 200, decay, &s);
	*other = 200 * *of * s.at[0].prior;
	const double own = 200 * *of * s.at[1].prior;
	const bool right = s.at[1].kind == PRIOR_GAUSSIAN;
	arena_free(&a);
	return right ? own : (double)NAN;
}

/* Of ln σ the prior is the same whatever δ, and a factor is one on that. */
static void own_priors(void)
{
	double of, other;
	near(own_precision("gaussian", NULL, 0.25, &of, &other), 1, 1e-15, "ln σ's precision is 1");
	ok(of == 0.25 && other == 50, "beside a δ that others keep");
	near(own_precision("laplace,noise.*=4", NULL, 0.25, &of, &other), 4, 1e-15, "times its factor, and of no other kind");
	near(own_precision("gaussian,fc.*=3", NULL, 0, &of, &other), 1, 1e-15, "also where δ is 0");
	ok(other == 0, "and others have none");
	ok(own_precision("gaussian,noise.*=0", NULL, 0.25, &of, &other) == 0, "none with a factor of 0");
	own_precision("gaussian", "noise.*", 0, &of, &other);
	ok(of == 0, "a frozen one needs no δ");
	own_precision("laplace", NULL, 0, &of, &other);
	ok(of == 0, "a kind that has no deviation without δ is refused as ever");
}

struct learned {
	struct device *d;
	struct likelihood likelihood;
	struct model model;
	struct dataset data;
	struct normalize normalize;
	struct potential *p;
	struct slots slots;
	size_t n;
	float *theta, *gradient, *each;  /* device */
	float host[64];                  /* θ */
};

static status learned_net(struct learned *q, bool append, const char *freeze)
{
	const struct likelihood *gaussian;
	MUST(likelihood_find("gaussian", &gaussian));
	q->likelihood = *gaussian;
	q->likelihood.noise_sd = false;
	q->likelihood.param[0] = (struct likelihood_param){"noise.log_sd", 0, -0.5, 0.25};
	MUST(model_build("mlp:3-4-2", "tanh", NULL, (int[]){1, 1, INPUTS}, TARGETS, &q->model));
	if (append)
		MUST(likelihood_append(&q->likelihood, TARGETS, &q->model.params, &q->model.arena));
	if (freeze)
		MUST(segments_freeze(&q->model.params, freeze));
	const struct net_options o = {.model = &q->model, .data = &q->data, .normalize = &q->normalize,
	                              .likelihood = &q->likelihood, .batch = N};
	return net_open(&o, q->d, &q->p);
}

static void learned_open(struct learned *q, const char *freeze)
{
	static float x[N * INPUTS], y[N * TARGETS];
	*q = (struct learned){0};
	for (uint64_t i = 0; i < N * INPUTS; i++)
		x[i] = (float)rng_normal(key, STREAM_DATA, 0, i);
	for (uint64_t i = 0; i < N * TARGETS; i++)
		y[i] = (float)rng_normal(key, STREAM_DATA, 1, i);
	q->data = (struct dataset){.kind = "csv", .spec = "csv:test", .n = N, .element = ELEMENT_F32, .c = 1, .h = 1,
	                           .w = INPUTS, .x = x, .target = y, .n_targets = TARGETS};
	MUST(backend_open("cpu", 2, &q->d));
	MUST(learned_net(q, true, freeze));
	q->n = q->p->n_params;
	MUST(q->d->ops->slots_open(q->d, &q->slots));
	q->slots.key = key;
	q->slots.step = 7;
	q->slots.value[C] = 0.3;
	q->slots.value[SIGMA] = 0.1;
	MUST(q->d->ops->slots_send(q->d, &q->slots));
	q->theta = device_take(q->d, q->n * sizeof(float));
	q->gradient = device_take(q->d, q->n * sizeof(float));
	q->each = device_take(q->d, N * sizeof(float));
	segments_init(&q->model.params, key, q->host);
}

static void learned_close(struct learned *q)
{
	q->d->ops->free(q->d, q->theta);
	q->d->ops->free(q->d, q->gradient);
	q->d->ops->free(q->d, q->each);
	q->d->ops->slots_close(q->d, &q->slots);
	potential_close(q->p);
	model_free(&q->model);
	q->d->ops->close(q->d);
}

/* The value at θ = x, and the gradient where it is wanted. */
static double learned_value(struct learned *q, const float *x, const struct point *at, bool accumulate, float *gradient)
{
	struct gradient_request r = {.batch = {.n = N, .scale = 1.0 / N}, .gradient = gradient ? q->gradient : NULL,
	                             .accumulate = accumulate, .each = q->each};
	MUST(q->d->ops->put(q->d, q->theta, x, q->n * sizeof *x));
	r.at = at ? *at : (struct point){.theta = NULL};
	r.at.theta = q->theta;
	MUST(q->p->ops->value_grad(q->p, &q->slots, &r));
	MUST(q->d->ops->slots_fetch(q->d, &q->slots));
	if (gradient)
		MUST(q->d->ops->get(q->d, gradient, q->gradient, q->n * sizeof *gradient));
	return q->slots.value[SLOT_NLL];
}

static void differences(struct learned *q)
{
	const float step = 0x1p-7f;
	float g[64], x[64];
	double worst = 0, value = learned_value(q, q->host, NULL, false, g), sum = 0;
	for (size_t i = 0; i < q->n; i++) {
		memcpy(x, q->host, sizeof x);
		x[i] = q->host[i] + step;
		double up = learned_value(q, x, NULL, false, NULL), width = (double)x[i];
		x[i] = q->host[i] - step;
		width -= (double)x[i];
		double down = learned_value(q, x, NULL, false, NULL);
		worst = fmax(worst, fabs((up - down) / width - (double)g[i]));
	}
	near(worst, 0, 1e-3, "the gradient of all parameters, ln σ among them, is the differences'");
	float each[N];
	learned_value(q, q->host, NULL, false, NULL);
	MUST(q->d->ops->get(q->d, each, q->each, sizeof each));
	for (int i = 0; i < N; i++)
		sum += (double)each[i] / N;
	near(sum, value, 1e-6 * fabs(value), "the examples' losses add up to the batch's");
}

/* Close to: here only ln σ moves the value, and the outputs' rounding doesn't enter. */
static void own_difference(struct learned *q)
{
	const struct segment *own = segments_find(&q->model.params, "noise.log_sd");
	float g[64], x[64];
	double worst = 0;
	learned_value(q, q->host, NULL, false, g);
	for (size_t i = own->offset; i < own->offset + own->count; i++) {
		memcpy(x, q->host, sizeof x);
		x[i] = q->host[i] + 0x1p-11f;
		double up = learned_value(q, x, NULL, false, NULL);
		x[i] = q->host[i] - 0x1p-11f;
		double down = learned_value(q, x, NULL, false, NULL);
		worst = fmax(worst, fabs((up - down) * 0x1p10 - (double)g[i]));
	}
	near(worst, 0, 5e-6, "that of ln σ closely");
	float twice[64];
	learned_value(q, q->host, NULL, false, g);
	learned_value(q, q->host, NULL, true, twice);
	for (size_t i = 0; i < q->n; i++)
		worst = fmax(i ? worst : 0, fabs((double)twice[i] - 2 * (double)g[i]));
	near(worst, 0, 1e-6, "gradients are added where that is asked for");
}

/* θ + c·v + σξ with v = θ, element by element with the noise of the flat index; frozen elements stay. */
static void at_point(struct learned *q, const char *what)
{
	const struct segment *own = segments_find(&q->model.params, "noise.log_sd");
	float moved[64], g[64], want[64];
	const struct point at = {.v = q->theta, .v_coef = C, .sigma = SIGMA, .stream = STREAM_PERTURB};
	for (size_t i = 0; i < q->n; i++) {
		bool frozen = own->frozen && i >= own->offset && i < own->offset + own->count;
		moved[i] = frozen ? q->host[i] : (float)(1.3 * (double)q->host[i] + 0.1 * rng_normal(key, STREAM_PERTURB, 7, i));
	}
	double value = learned_value(q, q->host, &at, false, g), there = learned_value(q, moved, NULL, false, want), worst = 0;
	for (size_t i = 0; i < q->n; i++)
		worst = fmax(worst, fabs((double)g[i] - (double)want[i]));
	near(value, there, 1e-5 * fabs(there), "%s: the value at θ + c·v + σξ", what);
	near(worst, 0, 1e-5, "%s: and its gradient", what);
	if (own->frozen)
		ok(g[own->offset] == 0 && g[own->offset + 1] == 0, "%s: 0 where frozen", what);
}

int main(void)
{
	struct learned q;
	table();
	guesses();
	learning();
	own_priors();
	learned_open(&q, NULL);
	const struct segment *own = segments_find(&q.model.params, "noise.log_sd");
	ok(own && own->offset + own->count == q.n && own->count == TARGETS && own->prior == 0.25 &&
	   q.host[own->offset] == -0.5f,
	   "a likelihood's parameter is a segment behind the network's, with its first value and prior");
	differences(&q);
	own_difference(&q);
	at_point(&q, "free");
	learned_close(&q);
	learned_open(&q, "noise.*");
	at_point(&q, "frozen");
	potential_close(q.p);
	model_free(&q.model);
	ok(learned_net(&q, false, NULL) == ERR_USAGE && strstr(fail_words(ERR_USAGE, "--"), "noise.log_sd"),
	   "a model without the likelihood's parameter is refused");
	learned_close(&q);
	return done_testing();
}
