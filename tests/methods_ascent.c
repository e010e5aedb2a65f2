/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* SAM and its kin where the potential can be written down: their very trajectories, in double. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "samplers/sam.h"
#include "src/analytic.h"
#include "tests/sampler_body.h"
#include "tests/tap.h"

enum { D = SAMPLER_DIMS, STEPS = 50 };
static const struct rng_key key = {5, 3};
static const double start[D] = {0.5, 0.75, -1};
static const double *hessian;

/* ---- the equations a second time ---- */

struct equation {
	const double *hessian;
	double rho, momentum, eta;
	bool adaptive, perturb_decay;   /* T = |θ| + η, else 1 */
	double prior[D];                /* factor of each element */
};

static void gradient(const struct equation *e, const double *at, bool decay, double *g)
{
	for (int i = 0; i < D; i++) {
		g[i] = decay ? bench_decay * e->prior[i] * at[i] : 0;
		for (int j = 0; j < D; j++)
			g[i] += e->hessian[i * D + j] * at[j];
	}
}

static void reference_step(const struct equation *e, double *theta, double *velocity)
{
	double g[D], v[D], square = 0, there[D];
	gradient(e, theta, e->perturb_decay, g);
	for (int i = 0; i < D; i++) {
		double t = e->adaptive ? fabs(theta[i]) + e->eta : 1;
		v[i] = t * t * g[i];
		square += g[i] * v[i];
	}
	for (int i = 0; i < D; i++)
		there[i] = theta[i] + e->rho * v[i] / (sqrt(square) + 1e-12);
	gradient(e, there, e->perturb_decay, g);
	for (int i = 0; i < D; i++) {
		velocity[i] = e->momentum * velocity[i] + g[i] + (e->perturb_decay ? 0 : bench_decay * e->prior[i] * theta[i]);
		theta[i] -= bench_lr * velocity[i];
	}
}

static void check_trajectory(struct potential *p, const char *name, const char *method, const char *const *extra, struct equation e)
{
	struct bench b;
	double z[2 * D] = {0}, theta[D], velocity[D] = {0}, worst = 0;
	e.hessian = hessian;
	for (int q = 0; q < p->pieces->n; q++)
		for (size_t i = p->pieces->at[q].offset; i < p->pieces->at[q].offset + p->pieces->at[q].count; i++)
			e.prior[i] = p->pieces->at[q].prior;
	bench_open(&b, p, method, extra);
	memcpy(z, start, sizeof start);
	memcpy(theta, start, sizeof start);
	bench_set(&b, z);
	for (uint64_t k = 0; k < STEPS; k++) {
		bench_step(&b, k);
		reference_step(&e, theta, velocity);
		bench_get(&b, z);
		for (int i = 0; i < D; i++)
			worst = fmax(worst, fabs(z[i] - theta[i]));
	}
	near(worst, 0, 1e-5, "%s: %d steps are those of its equation", name, STEPS);
	bench_close(&b);
}

/* The target's parameter under a name that ends in ".weight", and one prior factor an element. */
struct renamed {
	struct potential base;
	struct potential *inner;
	struct segment segment;
	struct segments params;
	struct piece at[D];
	struct pieces pieces;
};

static status renamed_gradient(struct potential *p, struct slots *s, const struct gradient_request *r)
{
	struct potential *inner = ((struct renamed *)p)->inner;
	return inner->ops->value_grad(inner, s, r);
}

static const struct potential_ops renamed_ops = {.value_grad = renamed_gradient};

static void rename_parameter(struct renamed *r, struct potential *p)
{
	*r = (struct renamed){.base = *p, .inner = p, .segment = p->params->at[0]};
	r->segment.name = "fc.weight";
	r->params = (struct segments){.at = &r->segment, .n = 1, .capacity = 1, .count = p->n_params};
	for (size_t i = 0; i < p->n_params; i++)
		r->at[i] = (struct piece){.offset = i, .count = 1, .prior = 0.5 + (double)i};
	r->pieces = (struct pieces){r->at, (int)p->n_params, p->n_params};
	r->base.ops = &renamed_ops;
	r->base.params = &r->params;
	r->base.pieces = &r->pieces;
}

static void check_equations(struct potential *p)
{
	struct renamed weight;
	rename_parameter(&weight, p);
	struct potential *w = &weight.base;
	check_trajectory(p, "sam", "sam", (const char *[]){"--rho", "0.3", NULL}, (struct equation){.rho = 0.3});
	check_trajectory(w, "sam, momentum, factors", "sam", (const char *[]){"--rho", "0.3", "--momentum", "0.5", NULL},
	                 (struct equation){.rho = 0.3, .momentum = 0.5});
	check_trajectory(w, "sam, the decay in the loss, factors", "sam", (const char *[]){"--rho", "0.3", "--perturb-decay", NULL},
	                 (struct equation){.rho = 0.3, .perturb_decay = true});
	check_trajectory(w, "m-sam, the decay in the loss, factors", "m-sam", (const char *[]){"--rho", "0.3", "--perturb-decay", NULL},
	                 (struct equation){.rho = 0.3, .perturb_decay = true});
	check_trajectory(w, "asam", "asam", (const char *[]){"--rho", "0.4", "--asam-eta", "0.2", NULL},
	                 (struct equation){.rho = 0.4, .eta = 0.2, .adaptive = true});
	check_trajectory(w, "asam, the decay in the loss", "asam",
	                 (const char *[]){"--rho", "0.4", "--asam-eta", "0.2", "--perturb-decay", "--momentum", "0.3", NULL},
	                 (struct equation){.rho = 0.4, .eta = 0.2, .adaptive = true, .perturb_decay = true, .momentum = 0.3});
	check_trajectory(p, "asam on what is no weight", "asam", (const char *[]){"--rho", "0.3", NULL}, (struct equation){.rho = 0.3});
}

/* θ after so many steps. */
static void trajectory(struct potential *p, const char *method, const char *const *extra, const float *from, int steps, float *theta)
{
	struct bench b;
	bench_open(&b, p, method, extra);
	MUST(state_put(&b.state, 0, from));
	b.state.s.slots.key = key;
	for (uint64_t k = 0; k < (uint64_t)steps; k++)
		bench_step(&b, k);
	MUST(state_get(&b.state, 0, theta));
	bench_close(&b);
}

static void check_reductions(struct potential *p)
{
	static const char *const methods[] = {"sam", "asam", "m-sam"};
	const float from[D] = {0.5f, 0.75f, -1};
	struct renamed weight;
	float sgd[D], other[D];
	rename_parameter(&weight, p);
	trajectory(&weight.base, "sgd", (const char *[]){"--momentum", "0.8", "--nesterov", NULL}, from, STEPS, sgd);
	for (int i = 0; i < 3; i++) {
		trajectory(&weight.base, methods[i], (const char *[]){"--rho", "0", "--momentum", "0.8", "--nesterov", NULL}, from, STEPS, other);
		ok(!memcmp(sgd, other, sizeof sgd), "%s, ρ = 0, is sgd, bit for bit", methods[i]);
	}
	for (int decay = 0; decay < 2; decay++) {
		const char *words[] = {"--rho", "0.2", "--momentum", "0.8", decay ? "--perturb-decay" : NULL, NULL};
		trajectory(&weight.base, "sam", words, from, STEPS, sgd);
		trajectory(&weight.base, "m-sam", words, from, STEPS, other);
		ok(!memcmp(sgd, other, sizeof sgd), "m-sam on whole batches is sam, bit for bit%s", decay ? ", the decay in the loss too" : "");
	}
}

/* Where there is no gradient there is no way uphill, and nothing moves: not even by a ρ/(0 + ε) that is 10¹² or 10¹⁶ times ρ. */
static void check_still(struct potential *p)
{
	static const char *const methods[] = {"sam", "asam", "m-sam", "rw-sam"};
	const float zero[D] = {0};
	float theta[D];
	struct renamed weight;
	rename_parameter(&weight, p);
	for (int i = 0; i < 4; i++)
		for (int loss = 0; loss < 2; loss++) {
			trajectory(&weight.base, methods[i], (const char *[]){"--rho", "1e6", loss ? "--perturb-decay" : NULL, NULL}, zero, 3, theta);
			ok(!memcmp(theta, zero, sizeof zero), "%s stays where there is no gradient%s", methods[i], loss ? ", the decay in the loss" : "");
		}
}

/* ---- one dimension ---- */

/* h = 2: u = θ². λ, δ = 0. */
static void line_open(struct bench *b, struct potential *p, const char *method, const char *const *extra)
{
	const struct state_plan plan = {.potential = p, .n = 1, .batch = 1, .temperature = 1, .lr_max = 1};
	bench_open_plan(b, &plan, method, extra);
}

static void check_line(struct device *d)
{
	const double lr = 0.3, rho = 0.1, h = 2, eta = 0.3;
	struct potential *p;
	struct bench b;
	float x = 0.7f, before;
	double theta = 0.7, worst = 0;
	MUST(analytic_open("gaussian:0.5", d, &p));
	line_open(&b, p, "sam", (const char *[]){"--rho", "0.1", NULL});
	MUST(state_put(&b.state, 0, &x));
	for (int k = 0; k < 100; k++) {
		before = x;
		MUST(state_step(&b.state, lr, 1));
		MUST(state_get(&b.state, 0, &x));
	}
	near(fabsf(x), lr * rho * h / (2 - lr * h), 1e-6, "sam on a parabola ends in the cycle of two points ±λρh/(2 − λh)");
	near(x + before, 0, 1e-6, "sam: and its signs alternate");
	bench_close(&b);
	struct renamed weight;
	rename_parameter(&weight, p);
	line_open(&b, &weight.base, "asam", (const char *[]){"--rho", "0.1", "--asam-eta", "0.3", NULL});
	x = 0.7f;
	MUST(state_put(&b.state, 0, &x));
	for (int k = 0; k < 40; k++) {
		theta -= lr * h * ((1 + rho) * theta + rho * eta * (theta > 0 ? 1 : -1));
		MUST(state_step(&b.state, lr, 1));
		MUST(state_get(&b.state, 0, &x));
		worst = fmax(worst, fabs((double)x - theta));
	}
	near(worst, 0, 1e-5, "asam on a parabola: θ ← θ − λh((1+ρ)θ + ρη·sign θ)");
	bench_close(&b);
	line_open(&b, &weight.base, "asam", (const char *[]){"--rho", "0.1", "--asam-eta", "0", NULL});
	x = 0.7f;
	MUST(state_put(&b.state, 0, &x));
	for (int k = 0; k < 8; k++)
		MUST(state_step(&b.state, lr, 1));
	MUST(state_get(&b.state, 0, &x));
	near(x / (0.7 * pow(1 - lr * h * (1 + rho), 8)), 1, 1e-5, "asam, η = 0: a contraction by 1 − λh(1+ρ)");
	bench_close(&b);
	potential_close(p);
}

void check_ascent(struct device *d)
{
	struct potential *p;
	MUST(analytic_open(SAMPLER_TARGET, d, &p));
	hessian = bench_hessian(p);
	check_equations(p);
	check_reductions(p);
	check_still(p);
	check_line(d);
	potential_close(p);
}
