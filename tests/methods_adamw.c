/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* AdamW, as a method and as a base, under gradients that are given. */
#include <math.h>
#include <string.h>

#include "samplers/base.h"
#include "tests/golden/adamw.h"
#include "tests/sampler_body.h"
#include "tests/tap.h"

enum { N = ADAMW_N, FACTOR_AT = 5, LAPLACE_AT = 9, FROZEN_AT = 14 };

/* ---- a potential whose gradient is what it is told ---- */

struct given {
	struct potential base;
	const float *gradient;   /* host, N */
};

static status given_gradient(struct potential *p, struct slots *s, const struct gradient_request *r)
{
	(void)s;
	return p->device->ops->put(p->device, r->gradient, ((const struct given *)p)->gradient, N * sizeof(float));
}

static const struct potential_ops given_ops = {.value_grad = given_gradient};
static const struct piece whole[] = {{.count = N, .prior = 1}};
static const struct pieces one_piece = {(struct piece *)whole, 1, N};
static const struct piece parts[] = {
	{.count = FACTOR_AT, .prior = 1},
	{.offset = FACTOR_AT, .count = LAPLACE_AT - FACTOR_AT, .prior = 3},
	{.offset = LAPLACE_AT, .count = FROZEN_AT - LAPLACE_AT, .prior = 2, .kind = PRIOR_LAPLACE},
	{.offset = FROZEN_AT, .count = N - FROZEN_AT, .prior = 1, .frozen = true},
};
static const struct pieces all_parts = {(struct piece *)parts, sizeof parts / sizeof *parts, N};

/* ---- a state on it ---- */

struct course {
	struct given g;
	struct bench b;
	double decay;
	const struct pieces *pieces;
	float theta[N];
};

static void course_open(struct course *r, struct device *d, const char *method, const char *const *extra)
{
	static const struct segments none;
	r->g = (struct given){.base = {.ops = &given_ops, .device = d, .n_params = N, .n = 7, .batch = 1, .fixed = true, .params = &none,
	                               .stats = &none, .pieces = r->pieces ? r->pieces : &one_piece}};
	const struct state_plan plan = {.potential = &r->g.base, .n = 7, .batch = 1, .temperature = 1, .decay = r->decay, .lr_max = 1};
	bench_open_plan(&r->b, &plan, method, extra);
	MUST(state_put(&r->b.state, BASE_THETA, adamw_start));
}

static const float *course_step(struct course *r, const float *gradient, double lr)
{
	r->g.gradient = gradient;
	MUST(state_step(&r->b.state, lr, 1));
	MUST(state_get(&r->b.state, BASE_THETA, r->theta));
	return r->theta;
}

static double apart(const float *a, const double *b)
{
	double worst = 0;
	for (int i = 0; i < N; i++)
		worst = fmax(worst, fabs(a[i] - b[i]));
	return worst;
}

/* ---- checks ---- */

static void check_golden(struct device *d)
{
	static const char *const words[][3] = {{NULL}, {"--decay-form", "coupled", NULL}};
	for (int coupled = 0; coupled < 2; coupled++) {
		struct course r = {.decay = ADAMW_DECAY};
		double worst = 0;
		course_open(&r, d, "adamw", words[coupled]);
		for (int k = 0; k < ADAMW_STEPS; k++)
			worst = fmax(worst, apart(course_step(&r, adamw_gradient[k], ADAMW_LR), coupled ? adamw_coupled[k] : adamw_theta[k]));
		near(worst, 0, 1e-6, "adamw, %s: PyTorch's trajectory", coupled ? "coupled" : "decoupled");
		bench_close(&r.b);
	}
}

/* θ₁ = θ₀ − λδfh(θ₀) − λg/(|g| + ε), with fδh(θ₀) in g where it is coupled. */
static void check_first_step(struct device *d)
{
	const double lr = 0.03, eps = 0.2, decay = 0.4;
	for (int coupled = 0; coupled < 2; coupled++) {
		struct course r = {.decay = decay, .pieces = &all_parts};
		double want[N];
		course_open(&r, d, "adamw", (const char *[]){"--adam-eps", "0.2", "--decay-form", coupled ? "coupled" : "decoupled", NULL});
		for (int q = 0; q < all_parts.n; q++)
			for (size_t i = parts[q].offset; i < parts[q].offset + parts[q].count; i++) {
				const struct prior_curve c = prior_curve(parts[q].kind, 0, parts[q].prior, 1 / sqrt(7 * decay));
				double x = adamw_start[i], pull = decay * parts[q].prior * prior_gradient(&c, x), g = adamw_gradient[0][i] + coupled * pull;
				want[i] = parts[q].frozen ? x : x - lr * !coupled * pull - lr * g / (fabs(g) + eps);
			}
		near(apart(course_step(&r, adamw_gradient[0], lr), want), 0, 1e-6, "adamw, %s: the first step, with factors, a kind and a frozen tensor",
		     coupled ? "coupled" : "decoupled");
		ok(!memcmp(r.theta + FROZEN_AT, adamw_start + FROZEN_AT, (N - FROZEN_AT) * sizeof *r.theta), "adamw: what is frozen stays");
		bench_close(&r.b);
	}
}

/* m and v without their biases are g and g² at every step. */
static void check_constant(struct device *d)
{
	const double lr = 0x1p-7, eps = 0.3;
	struct course r = {.decay = 0};
	double worst = 0, want[N];
	course_open(&r, d, "adamw", (const char *[]){"--adam-eps", "0.3", NULL});
	for (int t = 1; t <= 300; t++) {
		for (int i = 0; i < N; i++)
			want[i] = adamw_start[i] - t * lr * adamw_gradient[1][i] / (fabsf(adamw_gradient[1][i]) + eps);
		worst = fmax(worst, apart(course_step(&r, adamw_gradient[1], lr), want) / (t * lr));
	}
	near(worst, 0, 5e-5, "adamw: a constant gradient moves by λg/(|g| + ε) at every step");
	bench_close(&r.b);
}

/* Gradients times 2⁷ change no bit where ε is nothing. */
static void check_scale(struct device *d)
{
	struct course r = {.decay = 0.1}, larger = {.decay = 0.1};
	bool same = true;
	course_open(&r, d, "adamw", (const char *[]){"--adam-eps", "1e-30", NULL});
	course_open(&larger, d, "adamw", (const char *[]){"--adam-eps", "1e-30", NULL});
	for (int k = 0; k < ADAMW_STEPS; k++) {
		float g[N];
		for (int i = 0; i < N; i++)
			g[i] = 128 * adamw_gradient[k][i];
		same = same && !memcmp(course_step(&r, adamw_gradient[k], 0.01), course_step(&larger, g, 0.01), sizeof g);
	}
	ok(same && memcmp(r.theta, adamw_start, sizeof r.theta), "adamw: the gradients' scale changes nothing");
	bench_close(&r.b);
	bench_close(&larger.b);
}

/* β₁ = 0, ε → ∞ with λ/ε fixed, and no decay outside the gradient. */
static void check_limit(struct device *d)
{
	struct course r = {.decay = 0.3}, sgd = {.decay = 0.3};
	double worst = 0;
	course_open(&r, d, "adamw", (const char *[]){"--beta1", "0", "--adam-eps", "1e8", "--decay-form", "coupled", NULL});
	course_open(&sgd, d, "sgd", NULL);
	for (int k = 0; k < ADAMW_STEPS; k++) {
		course_step(&r, adamw_gradient[k], 0.02 * 1e8);
		course_step(&sgd, adamw_gradient[k], 0.02);
		for (int i = 0; i < N; i++)
			worst = fmax(worst, fabs((double)r.theta[i] - (double)sgd.theta[i]));
	}
	near(worst, 0, 1e-6, "adamw: β₁ = 0 and a large ε are sgd");
	bench_close(&r.b);
	bench_close(&sgd.b);
}

/* Without a decay there is one form; and the base of another method is the method. */
static void check_same(struct device *d)
{
	static const struct {
		const char *what;
		double decay;
		const char *method[2], *words[2][9];
	} pairs[] = {
		{"adamw: coupled is decoupled where δ is 0", 0, {"adamw", "adamw"}, {{NULL}, {"--decay-form", "coupled", NULL}}},
		{"sam, ρ = 0, on adamw is adamw", 0.2, {"adamw", "sam"},
		 {{"--beta1", "0.8", "--adam-eps", "1e-3", NULL}, {"--rho", "0", "--base", "adamw", "--beta1", "0.8", "--adam-eps", "1e-3", NULL}}},
		{"asam, ρ = 0, on coupled adamw is that", 0.2, {"adamw", "asam"},
		 {{"--beta2", "0.9", "--decay-form", "coupled", NULL}, {"--rho", "0", "--base", "adamw", "--beta2", "0.9", "--decay-form", "coupled", NULL}}},
		{"m-sam, ρ = 0, on adamw is adamw", 0.2, {"adamw", "m-sam"}, {{NULL}, {"--rho", "0", "--base", "adamw", NULL}}},
	};
	for (size_t q = 0; q < sizeof pairs / sizeof *pairs; q++) {
		/* A kind of prior besides the Gaussian needs a decay. */
		const struct course like = {.decay = pairs[q].decay, .pieces = pairs[q].decay > 0 ? &all_parts : NULL};
		struct course r[2] = {like, like};
		bool same = true;
		for (int i = 0; i < 2; i++)
			course_open(&r[i], d, pairs[q].method[i], pairs[q].words[i]);
		for (int k = 0; k < ADAMW_STEPS; k++)
			same = same && !memcmp(course_step(&r[0], adamw_gradient[k], 0.01), course_step(&r[1], adamw_gradient[k], 0.01), sizeof r->theta);
		ok(same, "%s, bit for bit", pairs[q].what);
		for (int i = 0; i < 2; i++)
			bench_close(&r[i].b);
	}
}

/* Parameters of the base that is not there, by name. */
static void check_refusals(void)
{
	static const struct {
		const char *method, *words[5], *named;
	} cases[] = {
		{"sam", {"--beta1", "0.9", NULL}, "--beta1"},
		{"asam", {"--beta2", "0.9", NULL}, "--beta2"},
		{"m-sam", {"--adam-eps", "1e-8", NULL}, "--adam-eps"},
		{"sam", {"--decay-form", "decoupled", NULL}, "--decay-form"},
		{"sam", {"--base", "adamw", "--momentum", "0.9", NULL}, "--momentum"},
		{"asam", {"--base", "adamw", "--nesterov", NULL}, "--nesterov"},
		{"sam", {"--nesterov", NULL}, "--nesterov"},
		{"sam", {"--base", "adamw", "--perturb-decay", NULL}, "--decay-form coupled"},
	};
	struct given g = {.base = {.ops = &given_ops, .pieces = &one_piece}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct sampler *s;
		struct sampler_state out;
		struct opts *o = sampler_words(cases[i].method, cases[i].words);
		MUST(sampler_find(cases[i].method, &s));
		struct state_plan plan = sampler_plan(&g.base, s, o);
		ok(state_facts(&plan, (struct rng_key){0, 0}, &out) == ERR_USAGE && strstr(fail_words(ERR_USAGE, "--"), cases[i].named),
		   "%s refuses %s where it is without effect", cases[i].method, cases[i].words[i == 7 ? 2 : 0]);
		opts_free(o);
	}
}

void check_adamw(struct device *d)
{
	check_golden(d);
	check_first_step(d);
	check_constant(d);
	check_scale(d);
	check_limit(d);
	check_same(d);
	check_refusals();
}
