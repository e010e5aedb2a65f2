/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The tangents of the CPU's norms with every instruction set, against derivatives by the complex step. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/device_vec.h"
#include "tests/each_isa.h"
#include "tests/norm_tangents.h"
#include "tests/tap.h"

static const char *const activations[] = {"relu", "silu", "tanh", "none", "threshold"};
static const char *const outputs[] = {"y", "dx", "dr", "dgamma", "dbeta", "dtau"};
static const char *const norms[] = {"batch norm", "filter response norm"};

/* The worst error in units of its bound, and where it was. */
struct worst {
	double ratio;
	char where[200];
};

/* A dozen roundings of 2⁻²⁴ and the functions' errors of 2⁻²², hardly ever all of a sign, and sums in float32 over a few rows: 4e-7 of
 * the terms. */
static void compare(struct worst *w, struct tangents *t, int output, const struct norm_dot *o)
{
	struct image *got = &t->out[output];
	double *old = memcpy(host_doubles(got->count), got->exact, got->count * sizeof *old);
	image_get(got);
	for (size_t i = 0; i < got->count; i++) {
		double added = t->c.add && output >= DOT_DGAMMA ? old[i] : 0, want = cimag(o->out[output][i]) / DOT_STEP + added;
		double ratio = fabs(got->exact[i] - want) / (4e-7 * o->size[output][i] + 1e-7 * fabs(added) + 1e-30);
		if (!(ratio <= w->ratio)) {
			const struct norm_shape *s = &t->c.shape;
			w->ratio = isnan(ratio) ? INFINITY : ratio;
			snprintf(w->where, sizeof w->where, "%s[%zu] %.7g for %.7g: %s%s, (%d, %d, %d, %d) block %d, without %x",
			         outputs[output], i, got->exact[i], want, activations[t->c.activation],
			         t->c.residual ? ", residual" : "", s->n, s->channels, s->height, s->width, s->block, t->null);
		}
	}
	free(old);
}

/* All that comes out, and that what is not wanted stays. Backward's gradients are set where tangents are added to what is there, and
 * the other way round. */
static bool check(struct tangents *t, struct worst worst[DOT_OUTPUTS])
{
	bool left = true;
	void *bits[DOT_OUTPUTS];
	tangents_open(t);
	t->io.add_dparams = !t->c.add;
	struct norm_dot o = tangents_oracle(t);
	for (int i = 0; i < DOT_OUTPUTS; i++)
		bits[i] = image_bits(&t->out[i]);
	tangents_run(t);
	for (int i = 0; i < DOT_OUTPUTS; i++) {
		if (tangents_out(t, i))
			compare(&worst[i], t, i, &o);
		else
			left = left && image_same(&t->out[i], bits[i]);
		free(bits[i]);
	}
	norm_dot_free(&o);
	tangents_close(t);
	return left;
}

static void say_worst(const struct worst *worst, enum norm norm, const char *what)
{
	for (int i = 0; i < DOT_OUTPUTS; i++)
		if (!ok(worst[i].ratio <= 1, "%s: tangents of %s are the complex step's, %s", norms[norm], outputs[i], what))
			note("%.3g times the bound at %s", worst[i].ratio, worst[i].where);
}

static const struct norm_shape shapes[] = {
	{3, 32, 5, 4, 16}, {2, 16, 3, 3, 16}, {5, 24, 3, 3, 8}, {4, 20, 4, 3, 0}, {3, 6, 5, 7, 1}, {7, 64, 2, 2, 0}, {9, 8, 3, 1, 0},
	{2, 4, 6, 6, 0}, {2, 33, 1, 1, 0}, {1, 16, 1, 1, 16}, {3, 6, 5, 7, 0}, {2, 72, 5, 4, 0},
	/* Large enough for more than one thread: a block each, shared blocks, channels last. */
	{5, 32, 16, 16, 16}, {5, 48, 12, 12, 16}, {5, 40, 13, 13, 0},
};
enum { SHAPES = sizeof shapes / sizeof *shapes, LARGE = SHAPES - 3 };

/* Every shape with every norm and activation, a third of that for the large ones; what is NULL, residuals and the rest in turn, so that
 * all pairs come up. */
static void against_oracle(struct device *d)
{
	/* In one case out of two everything is given; a bit each otherwise. */
	static const unsigned nulls[] = {0, 1u << DOT_X, 0, 1u << DOT_R | 1u << DOT_DY, 0, 1u << DOT_GAMMA, 0,
	                                 1u << DOT_BETA | 1u << DOT_TAU, 0, 1u << DOT_DY | 1u << GIVEN_SECOND, 0, ~0u};
	static const unsigned unwanted[] = {0, 0, 1u << DOT_DX, 0, 1u << DOT_DR, 1u << DOT_DGAMMA | 1u << DOT_DTAU, 0,
	                                    1u << DOT_Y | 1u << DOT_DBETA};
	struct worst worst[2][DOT_OUTPUTS] = {{{0}}};
	bool left = true;
	unsigned turn = 0;
	for (int s = 0; s < SHAPES; s++)
		for (int norm = 0; norm < 2; norm++)
			for (int a = ACTIVATION_RELU; a <= ACTIVATION_THRESHOLD; a++, turn++) {
				struct tangents t = {.c = {.shape = shapes[s], .seed = turn, .norm = (enum norm)norm,
				                           .activation = (enum activation)a, .residual = turn % 2,
				                           .second = turn % 3 == 0, .add = turn % 7 < 3, .policy = STATS_USE, .d = d},
				                     .null = nulls[turn % 12], .unwanted = unwanted[turn / 2 % 8],
				                     .backward = turn % 4 < 2};
				if ((s < LARGE || turn % 3 == 0) && in_turn())
					left = check(&t, worst[norm]) && left;
			}
	for (int norm = 0; norm < 2; norm++)
		say_worst(worst[norm], (enum norm)norm, "all shapes, formats, activations");
	ok(left, "norms: tangents that are not wanted are left alone");
}

/* The oracle's values, which its derivatives come with, are the other oracle's. */
static void oracles(struct device *d)
{
	double worst = 0;
	for (unsigned turn = 0; turn < 20; turn++) {
		struct tangents t = {.c = {.shape = shapes[3 + turn % 2], .seed = turn, .norm = (enum norm)(turn / 2 % 2),
		                           .activation = (enum activation)(turn / 4), .residual = turn % 2, .policy = STATS_USE, .d = d}};
		tangents_open(&t);
		size_t n = t.c.x.count, channels = (size_t)t.c.shape.channels;
		double *want[DOT_OUTPUTS];
		struct norm_dot o = tangents_oracle(&t);
		struct ref_norm l = norm_case_ref(&t.c);
		for (int i = 0; i < DOT_OUTPUTS; i++)
			want[i] = host_doubles(i >= DOT_DGAMMA ? channels : n);
		ref_norm(&l, NULL, want[DOT_Y]);
		ref_norm_backward(&l, t.c.dy[0].exact, want[DOT_DX], want[DOT_DR], want[DOT_DGAMMA], want[DOT_DBETA], want[DOT_DTAU]);
		for (int i = 0; i < DOT_OUTPUTS; i++) {
			for (size_t j = 0; j < (i >= DOT_DGAMMA ? channels : n) && (i < DOT_DTAU || tangents_has_threshold(&t)); j++)
				worst = fmax(worst, fabs(creal(o.out[i][j]) - want[i][j]) / (1 + fabs(want[i][j])));
			free(want[i]);
		}
		norm_dot_free(&o);
		tangents_close(&t);
	}
	ok(worst <= 1e-11, "norms: both oracles have the same values and gradients (%.2g)", worst);
}

/* Elements have the same bits with any number of threads; and the parameters' are right with any. */
static void threads(void)
{
	for (int norm = 0; norm < 2; norm++) {
		bool same = true;
		struct worst worst[DOT_OUTPUTS] = {{0}};
		for (int s = LARGE + 1; s < SHAPES; s++) {
			void *bits[3] = {NULL};
			for (int count = 1; count <= 3; count += 2) {
				struct tangents t = {.c = {.shape = shapes[s], .norm = (enum norm)norm,
				                           .activation = ACTIVATION_THRESHOLD, .residual = true,
				                           .policy = STATS_USE}};
				MUST(backend_open("cpu", count, &t.c.d));
				tangents_open(&t);
				struct norm_dot o = tangents_oracle(&t);
				tangents_run(&t);
				for (int i = 0; i < DOT_OUTPUTS; i++)
					compare(&worst[i], &t, i, &o);
				for (int i = 0; i < 3 && count == 1; i++)
					bits[i] = image_bits(&t.out[i]);
				for (int i = 0; i < 3; i++)
					same = same && image_same(&t.out[i], bits[i]);
				norm_dot_free(&o);
				struct device *d = t.c.d;
				tangents_close(&t);
				d->ops->close(d);
			}
			for (int i = 0; i < 3; i++)
				free(bits[i]);
		}
		ok(same, "%s: tangents of tensors have the same bits with 1 and 3 threads", norms[norm]);
		say_worst(worst, (enum norm)norm, "1 and 3 threads");
	}
}

static void tangents(struct device *d, const struct kernels *k)
{
	(void)k;
	against_oracle(d);
}

int main(void)
{
	struct device *d;
	each_isa(tangents);
	MUST(backend_open("cpu", 1, &d));
	oracles(d);
	d->ops->close(d);
	threads();
	return done_testing();
}
