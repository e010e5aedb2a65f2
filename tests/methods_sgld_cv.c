/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* SGLD with control variates on linear models of a few rows, whose batches can all be gone through. */
#include <math.h>
#include <string.h>

#include "src/data/dataset.h"
#include "src/data/normalize.h"
#include "src/net/net.h"
#include "tests/device_vec.h"
#include "tests/sampler_body.h"
#include "tests/tap.h"

enum { N = 5, B = 2, D = 3, BATCHES = N * (N - 1) / 2 };   /* rows, of which so many pairs can be made; two weights and a bias */

/* A linear model with its data. */
struct regression {
	struct model model;
	struct dataset data;
	struct normalize normalize;
	struct potential *p;
};

/* Inputs for which all ℓᵢ of a linear regression have one Hessian, and others. */
static const float alike[N][2] = {{0.8f, -0.4f}, {0.8f, -0.4f}, {0.8f, -0.4f}, {0.8f, -0.4f}, {0.8f, -0.4f}};
static const float apart[N][2] = {{0.3f, 1.1f}, {-0.9f, 0.4f}, {1.4f, -0.2f}, {-0.5f, -1.3f}, {0.7f, 0.6f}};
static const float targets[N] = {0.4f, -1.2f, 0.9f, 2.1f, -0.3f};
static const int32_t labels[N] = {0, 1, 1, 0, 1};

/* Planned for batches of `batch`. */
static void regression_open(struct regression *r, struct device *d, const char *likelihood, const float (*x)[2], int batch)
{
	const int input[3] = {1, 1, 2};
	*r = (struct regression){.data = {.kind = "csv", .spec = "csv:test", .n = N, .element = ELEMENT_F32, .c = 1, .h = 1, .w = 2, .x = x}};
	struct net_options o = {.model = &r->model, .data = &r->data, .normalize = &r->normalize, .noise_sd = 1, .batch = batch};
	MUST(likelihood_find(likelihood, &o.likelihood));
	if (o.likelihood->loss == LOSS_GAUSSIAN) {
		r->data.target = targets;
		r->data.n_targets = 1;
	} else {
		r->data.label = labels;
		r->data.n_classes = 2;
	}
	MUST(model_build("linear", "relu", NULL, input, 1, &r->model));
	MUST(net_open(&o, d, &r->p));
}

static void regression_close(struct regression *r)
{
	potential_close(r->p);
	model_free(&r->model);
}

/* A state of a method on it, by batches of `batch`. */
static void open_bench(struct bench *b, const struct regression *r, const char *method, const char *const *extra, int batch)
{
	const struct state_plan plan = {.potential = r->p, .n = N, .batch = batch, .temperature = bench_temperature,
	                                .decay = bench_decay, .lr_max = bench_lr};
	bench_open_plan(b, &plan, method, extra);
}

static const double start[3 * D] = {0.5, -0.3, 0.8};

/* Whether 24 steps of both from one θ end less than `far` apart; or, where that is 0, in the same bits. */
static bool same_path(struct bench *a, struct bench *b, double far)
{
	double x[3 * D], y[3 * D], worst = 0;
	bool same = true;
	bench_set(a, start);
	bench_set(b, start);
	for (uint64_t k = 0; k < 24; k++) {
		bench_step(a, k);
		bench_step(b, k);
		bench_get(a, x);
		bench_get(b, y);
		same = same && memcmp(x, y, D * sizeof *x) == 0;
		for (int j = 0; j < D; j++)
			worst = fmax(worst, fabs(x[j] - y[j]));
	}
	return far > 0 ? worst < far : same;
}

/* Where all ℓᵢ have one Hessian, or θ̂ is θ at each step, batches make no difference: the path is that of SGLD with all rows. Each
 * step's gradient sums N rows of order 1 in another order, an error of at most 2⁻²⁴·N·3 that λ multiplies and a contracting
 * step does not enlarge: 24 of them are 24·0.2·15·2⁻²⁴ = 4.3e-6. Planned for all rows, Ḡ is that SGLD's gradient to the bit. */
static void check_full_batch(struct device *d)
{
	static const struct {
		const char *name, *refresh;
		const float (*x)[2];
		int planned, batch;
		double far;
	} cases[] = {
		{"one Hessian, θ̂ fixed", "0", alike, B, B, 4.3e-6},
		{"one Hessian, θ̂ renewed every 5 steps", "5", alike, B, B, 4.3e-6},
		{"R = 1, Ḡ in parts", "1", apart, B, B, 4.3e-6},
		{"R = 1, B = 2, Ḡ in one", "1", apart, N, B, 0},
		{"R = 1, B = N", "1", apart, N, N, 0},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct regression r, whole;
		struct bench b, full;
		regression_open(&r, d, "gaussian", cases[i].x, cases[i].planned);
		regression_open(&whole, d, "gaussian", cases[i].x, N);
		open_bench(&b, &r, "sgld-cv", (const char *[]){"--refresh", cases[i].refresh, NULL}, cases[i].batch);
		open_bench(&full, &whole, "sgld", NULL, N);
		ok(same_path(&b, &full, cases[i].far), "sgld-cv is sgld with all rows: %s", cases[i].name);
		bench_close(&b);
		bench_close(&full);
		regression_close(&r);
		regression_close(&whole);
	}
}

/* θ̂ is where the chain was at the last multiple of R. */
static void check_refresh(struct device *d)
{
	struct regression r;
	struct bench b;
	double z[3 * D], at[D] = {0};
	bool right = true;
	regression_open(&r, d, "bernoulli", apart, B);
	open_bench(&b, &r, "sgld-cv", (const char *[]){"--refresh", "4", NULL}, B);
	bench_set(&b, start);
	for (uint64_t k = 0; k < 10; k++) {
		bench_get(&b, z);
		if (k % 4 == 0)
			memcpy(at, z, sizeof at);
		bench_step(&b, k);
		bench_get(&b, z);
		right = right && memcmp(at, z + D, sizeof at) == 0;
	}
	ok(right, "sgld-cv: θ̂ is renewed at multiples of R alone");
	bench_close(&b);
	regression_close(&r);
}

/* The gradient that a step of the state takes on rows i and j, into g; Ḡ and θ̂ stay. */
static void gradient_of(struct bench *b, int i, int j, double *g)
{
	struct sampler_state *s = &b->state.s;
	struct device *d = s->potential->device;
	const uint32_t rows[B] = {(uint32_t)i, (uint32_t)j};
	float got[D];
	uint32_t *index = upload(d, rows, sizeof rows);
	s->slots.step = 1;
	s->lr = 0;
	s->beta = 1;
	s->batch = (struct batch){.index = index, .n = B, .scale = 1.0 / B};
	s->sampler->coef(s);
	MUST(d->ops->slots_send(d, &s->slots));
	MUST(s->sampler->step(s));
	download(d, got, s->gradient, sizeof got);
	for (int k = 0; k < D; k++)
		g[k] = got[k];
	d->ops->free(d, index);
}

/* The mean over all batches of the gradient at `theta`, and its total variance; θ̂ at the start. */
static double moments(struct bench *b, const double *theta, double *mean)
{
	double z[3 * D], g[BATCHES][D], variance = 0;
	int n = 0;
	bench_set(b, start);
	bench_step(b, 0);
	bench_get(b, z);
	memcpy(z, theta, D * sizeof *z);
	bench_set(b, z);
	for (int i = 0; i < N; i++)
		for (int j = 0; j < i; j++)
			gradient_of(b, i, j, g[n++]);
	/* From the first, so that equal ones have no variance to the bit. */
	memcpy(mean, g[0], D * sizeof *mean);
	for (int i = 0; i < n; i++)
		for (int k = 0; k < D; k++)
			mean[k] += (g[i][k] - g[0][k]) / BATCHES;
	for (int i = 0; i < n; i++)
		for (int k = 0; k < D; k++)
			variance += (g[i][k] - mean[k]) * (g[i][k] - mean[k]) / BATCHES;
	return variance;
}

/* On a logistic regression: the mean over all batches is the gradient over all rows, which SGLD's have too, and the variance is 0 at θ̂
 * and falls with the square of the distance. */
static void check_noise(struct device *d)
{
	struct regression r;
	struct bench cv, plain;
	double mean[D], whole[D], theta[D], ratio[3], biased = 0;
	regression_open(&r, d, "bernoulli", apart, B);
	open_bench(&cv, &r, "sgld-cv", NULL, B);
	open_bench(&plain, &r, "sgld", NULL, B);
	for (int far = 0; far < 3; far++) {
		for (int k = 0; k < D; k++)
			theta[k] = start[k] + ldexp(1, -5 - 2 * far) * (k == 1 ? -1 : 1);
		const double noise = moments(&cv, theta, mean);
		ratio[far] = noise / moments(&plain, theta, whole);
		for (int k = 0; k < D; k++)
			biased = fmax(biased, fabs(mean[k] - whole[k]));
	}
	near(biased, 0, 2e-7, "sgld-cv: the mean over all batches is the gradient over all rows");
	near(ratio[0] / ratio[1], 16, 1, "sgld-cv: Var g/Var ĝ falls by 16 where ‖θ − θ̂‖ falls by 4");
	near(ratio[1] / ratio[2], 16, 0.3, "sgld-cv: and by 16 again");
	ok(moments(&cv, start, mean) == 0, "sgld-cv: at θ̂ there is no noise at all");
	bench_close(&cv);
	bench_close(&plain);
	regression_close(&r);
}

/* What is counted is the loss at θ, once: SGLD's. */
static void check_counted(struct device *d)
{
	struct regression r;
	struct bench cv, plain;
	double *a, *b, z[3 * D] = {-1, 0.7, 0.1, 2, 2, 2};
	regression_open(&r, d, "bernoulli", apart, B);
	open_bench(&cv, &r, "sgld-cv", NULL, B);
	open_bench(&plain, &r, "sgld", NULL, B);
	for (int i = 0; i < 2; i++) {
		struct state *st = i ? &plain.state : &cv.state;
		bench_set(i ? &plain : &cv, z);
		bench_step(i ? &plain : &cv, 1);
		MUST(d->ops->slots_fetch(d, &st->s.slots));
	}
	a = cv.state.s.slots.value;
	b = plain.state.s.slots.value;
	ok(a[SLOT_NLL] > 0 && memcmp(a, b, SLOT_NORM * sizeof *a) == 0, "sgld-cv: the loss that counts is sgld's at θ");
	bench_close(&cv);
	bench_close(&plain);
	regression_close(&r);
}

static void check_refused(struct potential *p)
{
	struct potential moving = *p;
	struct sampler_state out;
	struct state_plan plan = {.potential = &moving, .n = 1, .batch = 1, .temperature = 1, .lr_max = 1};
	MUST(sampler_find("sgld-cv", &plan.sampler));
	moving.fixed = false;
	ok(state_facts(&plan, (struct rng_key){0, 0}, &out) == ERR_USAGE && strstr(fail_message(ERR_USAGE), "take augment none"),
	   "sgld-cv refuses augmentation, and names the option");
	moving.n_stats = 1;
	ok(state_facts(&plan, (struct rng_key){0, 0}, &out) == ERR_USAGE && strstr(fail_message(ERR_USAGE), "take norm frn"),
	   "sgld-cv refuses batch norm, and names the options");
}

void check_sgld_cv(struct device *d, struct potential *gaussian)
{
	check_full_batch(d);
	check_refresh(d);
	check_noise(d);
	check_counted(d);
	check_refused(gaussian);
}
