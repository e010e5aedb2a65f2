/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* m-SAM over terms whose batches can be counted, and the sizes of micro-batches that it refuses. */
#include <math.h>
#include <string.h>

#include "samplers/sam.h"
#include "src/analytic.h"
#include "tests/device_vec.h"
#include "tests/sampler_body.h"
#include "tests/tap.h"

static const struct rng_key key = {5, 3};

/* ---- steps on chosen rows ---- */

static void open_terms(struct bench *b, struct potential *p, int batch, const char *const *extra)
{
	const struct state_plan plan = {.potential = p, .n = p->n, .batch = batch, .temperature = 1, .lr_max = 1};
	bench_open_plan(b, &plan, "m-sam", extra);
}

/* g₂ of those rows at θ, in one dimension. */
static double second(struct bench *b, float theta, const uint32_t *rows, int n)
{
	struct sampler_state *s = &b->state.s;
	struct device *d = s->potential->device;
	uint32_t *index = upload(d, rows, (size_t)n * sizeof *rows);
	float g;
	s->batch = (struct batch){.index = index, .row = SLOT_NONE, .n = n, .scale = 1.0 / n};
	s->lr = 0;
	MUST(state_put(&b->state, 0, &theta));
	s->sampler->coef(s);
	MUST(d->ops->slots_send(d, &s->slots));
	MUST(s->sampler->step(s));
	MUST(d->ops->get(d, &g, s->gradient, sizeof g));
	d->ops->free(d, index);
	return g;
}

/* With equal curvatures g₂ = h(θ − x̄) + ρh·mean sign(θ − x̄_j) over the micro-batches' means: between mean and median. */
static void check_signs(struct device *d)
{
	static const uint32_t rows[] = {0, 1, 2, 3};
	static const double x[] = {-1, 0.25, 0.75, 4};
	static const char *const sizes[] = {"1", "2", "4"};
	const double rho = 0.3, h = 2;
	struct potential *p;
	MUST(analytic_open("quadratics:-1/2,0.25/2,0.75/2,4/2", d, &p));
	for (int k = 0; k < 3; k++) {
		struct bench b;
		double worst = 0;
		const int m = 1 << k;
		open_terms(&b, p, 4, (const char *[]){"--rho", "0.3", "--micro-batch", sizes[k], NULL});
		for (float theta = -2.1f; theta < 5; theta += 0.4f) {
			double want = h * (theta - 1);
			for (int first = 0; first < 4; first += m) {
				double mean = 0;
				for (int i = 0; i < m; i++)
					mean += x[first + i] / m;
				want += rho * h * (theta > mean ? 1 : -1) * m / 4;
			}
			worst = fmax(worst, fabs(second(&b, theta, rows, 4) - want));
		}
		near(worst, 0, 1e-5, "m-sam, m = %d: g₂ = h(θ − x̄) + ρh·mean sign(θ − x̄_j)", m);
		bench_close(&b);
	}
	potential_close(p);
}

/* ---- the drift of the step without its norm ---- */

/* e = ρg₁: where ε outweighs every norm and ρ is as many times larger. */
static void coef_plain(struct sampler_state *s)
{
	sampler_m_sam.coef(s);
	s->slots.value[SAM_LENGTH] *= 1e12;
	s->slots.value[SAM_EPSILON] = 1e12;
}

/* Then g₂ = ∇[f + (ρ/2) mean_j‖g₁ʲ‖²] where ℓᵢ are quadratic, and over all batches of B draws its mean is
 * ∇[f + (ρ/2)‖∇f‖² + (ρ/2m) tr V], V the examples' covariance of gradients (Luo et al. 2025's drift, without a remainder). */
static void check_drift(struct device *d)
{
	enum { N = 4, B = 2 };
	static const double x[N] = {-1, 0.25, 0.75, 4}, h[N] = {2, 0.5, 3, 1};
	const double rho = 0.3, theta = 0.5;
	struct sampler plain = sampler_m_sam;
	struct potential *p;
	plain.coef = coef_plain;
	MUST(analytic_open("quadratics:-1/2,0.25/0.5,0.75/3,4/1", d, &p));
	double f1 = 0, f2 = 0, slope = 0;
	for (int i = 0; i < N; i++) {
		f1 += h[i] * (theta - x[i]) / N;
		f2 += h[i] / N;
	}
	for (int i = 0; i < N; i++)
		slope += 2 * (h[i] * (theta - x[i]) - f1) * (h[i] - f2) / N;
	for (int m = 1; m <= B; m++) {
		struct bench b;
		double mean = 0;
		open_terms(&b, p, B, (const char *[]){"--rho", "0.3", "--micro-batch", m == 1 ? "1" : "2", NULL});
		b.state.s.sampler = &plain;
		for (uint32_t i = 0; i < N; i++)
			for (uint32_t j = 0; j < N; j++)
				mean += second(&b, (float)theta, (uint32_t[]){i, j}, B) / (N * N);
		near(mean, f1 + rho * f1 * f2 + rho / (2 * m) * slope, 1e-6, "m-sam without its norm, m = %d: the mean over all batches is the paper's drift", m);
		bench_close(&b);
	}
	potential_close(p);
}

/* ---- what m-sam refuses ---- */

static void check_sizes(struct device *d)
{
	static const struct {
		size_t n;
		int batch, least;
		bool iid;
		const char *m, *message;
	} cases[] = {
		{8, 4, 2, false, "1", "--micro-batch 2 would do"},
		{10, 5, 2, false, "2", "--micro-batch 3 would do"},
		{13, 8, 2, false, "4", "--micro-batch 3 or 5 would do"},   /* an epoch's last batch of 5 has a part of 1 */
		{13, 8, 2, true, "4", NULL},
		{13, 8, 0, false, "4", NULL},
		{8, 4, 0, false, "5", "a batch has 4 examples"},
		{8, 4, 2, false, "4", NULL},
	};
	struct potential q = {.device = d, .pieces = &(struct pieces){.n = 0}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct sampler *s;
		struct sampler_state out;
		struct opts *o = sampler_words("m-sam", (const char *[]){"--micro-batch", cases[i].m, NULL});
		MUST(sampler_find("m-sam", &s));
		struct state_plan plan = sampler_plan(&q, s, o);
		q.least_batch = cases[i].least;
		plan.n = cases[i].n;
		plan.batch = cases[i].batch;
		plan.iid = cases[i].iid;
		status facts = state_facts(&plan, key, &out);
		ok(cases[i].message ? facts == ERR_USAGE && strstr(fail_words(ERR_USAGE, "--"), cases[i].message) : facts == OK,
		   "m-sam: micro-batches of %s, of %d%s", cases[i].m, cases[i].batch, cases[i].message ? ", are refused" : "");
		opts_free(o);
	}
}

void check_m_sam(struct device *d)
{
	check_signs(d);
	check_drift(d);
	check_sizes(d);
}
