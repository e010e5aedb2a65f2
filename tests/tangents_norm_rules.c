/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The tangents of the CPU's norms with every instruction set, by what they are to each other and to the passes; at kinks; and what
 * plans with them use and refuse. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/device_vec.h"
#include "tests/each_isa.h"
#include "tests/norm_tangents.h"
#include "tests/tap.h"

static const char *const norms[] = {"batch norm", "filter response norm"};

/* ---- by what they are to each other ---- */

/* Σ a·b is added to *sum, and the sum of absolute values to *size. */
static void dot(struct image *a, struct image *b, double *sum, double *size)
{
	image_get(a), image_get(b);
	for (size_t i = 0; i < a->count; i++) {
		*sum += a->exact[i] * b->exact[i];
		*size += fabs(a->exact[i] * b->exact[i]);
	}
}

/* The scalar product of gradients, or of tangents of gradients, with a direction, of what the norm has. */
static double along(const struct tangents *t, struct image *const gradient[5], struct image *direction, double *size)
{
	static const int input[] = {DOT_X, DOT_R, DOT_GAMMA, DOT_BETA, DOT_TAU};
	double sum = 0;
	for (int i = 0; i < 5; i++)
		if (!(t->null & 1u << input[i]))
			dot(gradient[i], &direction[input[i]], &sum, size);
	return sum;
}

/* ⟨w, J·v⟩ = ⟨Jᵀ·w, v⟩; and of f = ⟨w, y⟩, whose Hessian is hvp where dẏ is 0, ⟨u, H·v⟩ = ⟨v, H·u⟩. The bound on rounding is
 * relative to the terms of the sums, of which there are some hundred. */
static void identities(struct device *d, enum norm norm)
{
	double adjoint = 0, symmetry = 0, least = INFINITY;
	for (int a = ACTIVATION_RELU; a <= ACTIVATION_THRESHOLD; a++) {
		struct tangents t = {.c = {.shape = {3, 20, 5, 4, a % 2 ? 0 : 4}, .seed = 7, .norm = norm, .activation = (enum activation)a,
		                           .residual = a != ACTIVATION_NONE, .policy = STATS_USE, .d = d},
		                     .null = 1u << DOT_DY, .backward = true};
		double size = 0, sum = 0;
		struct image other[GIVEN];
		tangents_open(&t);
		struct norm_case *c = &t.c;
		struct image *gradients[] = {&c->dx, &c->dr, &c->dgamma, &c->dbeta, &c->dtau};
		struct image *dots[] = {&t.out[DOT_DX], &t.out[DOT_DR], &t.out[DOT_DGAMMA], &t.out[DOT_DBETA], &t.out[DOT_DTAU]};
		tangents_run(&t);
		dot(&c->dy[0], &t.out[DOT_Y], &sum, &size);
		sum -= along(&t, gradients, t.given, &size);
		adjoint = fmax(adjoint, fabs(sum) / size);
		for (int i = 0; i < GIVEN; i++)
			other[i] = image_new(d, t.given[i].format, t.given[i].n, (int[]){t.given[i].c, t.given[i].h, t.given[i].w});
		tangents_draw(other, GIVEN);
		size = 0;
		double one = along(&t, dots, other, &size);
		for (int i = 0; i < GIVEN; i++) {
			struct image swapped = t.given[i];
			t.given[i] = other[i];
			other[i] = swapped;
		}
		tangents_point(&t);
		tangents_run(&t);
		symmetry = fmax(symmetry, fabs(one - along(&t, dots, other, &size)) / size);
		least = fmin(least, fabs(one) / size);
		for (int i = 0; i < GIVEN; i++)
			image_free(&other[i]);
		tangents_close(&t);
	}
	ok(adjoint <= 1e-6, "%s: ⟨w, jvp(v)⟩ = ⟨backward(w), v⟩ (%.2g of the terms)", norms[norm], adjoint);
	ok(symmetry <= 1e-6 && least > 1e-4, "%s: the Hessian is symmetric (%.2g of the terms)", norms[norm], symmetry);
}

/* ---- plans ---- */

/* Whatever the policy, running statistics are used, as a plan to train uses them, and stay. */
static void statistics(struct device *d)
{
	static const struct slots slots = {.value = {[SLOT_SAMPLER] = 0.5}};
	bool same = true;
	for (int policy = STATS_RUN; policy <= STATS_USE; policy++) {
		struct tangents t = {.c = {.shape = {4, 24, 5, 3, 8}, .activation = ACTIVATION_SILU, .residual = true,
		                           .policy = STATS_USE, .d = d}};
		tangents_open(&t);
		struct norm_case *c = &t.c;
		struct image *all[] = {&c->y, &c->dx, &c->dr, &c->dgamma, &c->dbeta, &c->stats};
		enum { ALL = sizeof all / sizeof *all };
		void *bits[ALL];
		struct layer_plan *train = norm_case_plan(c, PLAN_TRAIN);
		MUST(tangents_ops(&t)->forward(train, &t.io));
		MUST(tangents_ops(&t)->backward(train, &t.io));
		tangents_ops(&t)->drop(train);
		for (int i = 0; i < ALL; i++)
			bits[i] = image_bits(all[i]);
		for (int i = 0; i < 3; i++)
			image_random(all[i]);
		t.io.policy = (enum stats_policy)policy;
		t.io.slots = &slots;
		t.io.stats_share = SLOT_SAMPLER;
		MUST(tangents_ops(&t)->forward(t.p, &t.io));
		MUST(tangents_ops(&t)->backward(t.p, &t.io));
		for (int i = 0; i < ALL; i++) {
			same = same && image_same(all[i], bits[i]);
			free(bits[i]);
		}
		tangents_close(&t);
	}
	ok(same, "batch norm: a plan with tangents uses the running statistics, and leaves them alone");
}

/* Where z is the threshold, 0 or τ, backward hands nothing to x, and the output moves with the threshold alone; NaN comes through. */
static void kinks(struct device *d, enum norm norm)
{
	bool good = true;
	for (int learned = 0; learned < 2; learned++) {
		struct tangents t = {.c = {.shape = {2, 8, 2, 2, 0}, .norm = norm,
		                           .activation = learned ? ACTIVATION_THRESHOLD : ACTIVATION_RELU,
		                           .policy = STATS_USE, .d = d}};
		tangents_open(&t);
		struct norm_case *c = &t.c;
		struct image *zeros[] = {&c->x, &c->beta, &c->tau};
		for (int i = 0; i < 3; i++)
			memset(zeros[i]->exact, 0, zeros[i]->count * sizeof(double));
		memset(c->stats.exact, 0, (size_t)c->shape.channels * sizeof(double));
		c->x.exact[1] = NAN;
		for (int i = 0; i < 3; i++)
			image_put(zeros[i]);
		image_put(&c->stats);
		tangents_run(&t);
		for (int i = 0; i < DOT_OUTPUTS; i++)
			image_get(&t.out[i]);
		/* Of filter response norm the channel of NaN is NaN all over. */
		for (size_t i = 4; i < c->x.count; i++)
			good = good && t.out[DOT_DX].exact[i] == 0 &&
			       t.out[DOT_Y].exact[i] == (learned ? t.given[DOT_TAU].exact[i / 4 % 8] : 0);
		good = good && isnan(t.out[DOT_Y].exact[1]) && isnan(t.out[DOT_DX].exact[1]) &&
		       isnan(t.out[DOT_DGAMMA].exact[0]);
		for (size_t i = 1; i < 8; i++) {
			double taken = 0;
			for (size_t j = 0; j < 8; j++)
				taken += t.given[DOT_DY].exact[(j / 4 * 8 + i) * 4 + j % 4];
			good = good && t.out[DOT_DGAMMA].exact[i] == 0 && t.out[DOT_DBETA].exact[i] == 0 &&
			       (!learned || fabs(t.out[DOT_DTAU].exact[i] - taken) < 1e-5);
		}
		tangents_close(&t);
	}
	ok(good, "%s: at a kink the tangents are the threshold's, and NaN comes through", norms[norm]);
}

static void refusal(struct device *d)
{
	struct layer l = {.kind = LAYER_NORM, .input = {0, INPUT_NONE}, .in = {4, 2, 2}, .out = {4, 2, 2}, .param = {1, 2}, .stat = 1};
	struct layer_plan *p = (void *)1;
	struct plan_request r = {.layer = &l, .n = 2, .mode = PLAN_TANGENT, .precision = PRECISION_BF16, .x = {{true, 0}, {true, 0}},
	                         .y = {true, 0}};
	ok(d->ops->layers[LAYER_NORM]->plan(d, &r, &p) == ERR_USAGE && !p && strstr(fail_words(ERR_USAGE, "--"), "bf16"),
	   "norms: there are no tangents of bf16");
}

static void tangents(struct device *d, const struct kernels *k)
{
	(void)k;
	for (int norm = 0; norm < 2; norm++) {
		identities(d, (enum norm)norm);
		kinks(d, (enum norm)norm);
	}
	statistics(d);
}

int main(void)
{
	struct device *d;
	each_isa(tangents);
	MUST(backend_open("cpu", 1, &d));
	refusal(d);
	d->ops->close(d);
	return done_testing();
}
