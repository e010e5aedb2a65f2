/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Where a norm may write: in place, nowhere that is not wanted, and the same bits whichever plan does it. */
#include <stdlib.h>
#include <string.h>

#include "tests/layers.h"
#include "tests/norm_case.h"
#include "tests/tap.h"

enum { OUTPUTS = 5 };

/* One norm and what it wrote at first: y, dx, dγ, dβ and the residual's gradient. */
struct placing {
	struct norm_case c;
	const struct layer_ops *ops;
	struct layer_plan *p;
	struct layer_io io;
	void *first[OUTPUTS];
};

static struct image *placing_output(struct placing *q, int i)
{
	struct image *all[OUTPUTS] = {&q->c.y, &q->c.dx, &q->c.dgamma, &q->c.dbeta, &q->c.dr};
	return all[i];
}

static void placing_open(struct placing *q)
{
	norm_case_new(&q->c);
	q->ops = q->c.d->ops->layers[LAYER_NORM];
	q->p = norm_case_plan(&q->c, PLAN_TRAIN);
	q->io = norm_case_io(&q->c);
	MUST(q->ops->forward(q->p, &q->io));
	MUST(q->ops->backward(q->p, &q->io));
	for (int i = 0; i < OUTPUTS; i++)
		q->first[i] = image_bits(placing_output(q, i));
}

static void placing_close(struct placing *q)
{
	q->ops->drop(q->p);
	for (int i = 0; i < OUTPUTS; i++)
		free(q->first[i]);
	norm_case_free(&q->c);
}

/* A plan with tangents is one to train with running statistics. */
static bool placing_again(struct placing *q)
{
	bool same = true;
	q->ops->drop(q->p);
	q->p = norm_case_plan(&q->c, q->c.policy == STATS_USE && !q->c.y_bf16 ? PLAN_TANGENT : PLAN_TRAIN);
	image_normals(&q->c.y, 0, 1), image_normals(&q->c.dx, 0, 1);
	MUST(q->ops->forward(q->p, &q->io));
	MUST(q->ops->backward(q->p, &q->io));
	for (int i = 0; i < OUTPUTS; i++)
		same = same && image_same(placing_output(q, i), q->first[i]);
	return same;
}

/* With nothing wanted but the parameters' gradients, then with these not wanted: only where the residual's gradient is
 * stored rounded do others change. */
static bool placing_unwanted(struct placing *q)
{
	bool rounded = q->c.r_bf16 && q->c.residual;
	q->io.dx[0] = q->io.dx[1] = NULL;
	image_normals(&q->c.dx, 0, 1);
	void *old = image_bits(&q->c.dx);
	MUST(q->ops->backward(q->p, &q->io));
	bool left = image_same(&q->c.dx, old) && image_same(&q->c.dr, q->first[4]) &&
	            (rounded || image_same(&q->c.dgamma, q->first[2]));
	void *dgamma = image_bits(&q->c.dgamma);
	q->io.dx[0] = q->c.dx.device;
	memset(q->io.dparam, 0, sizeof q->io.dparam);
	MUST(q->ops->backward(q->p, &q->io));
	left = left && (rounded || image_same(&q->c.dx, q->first[1])) && image_same(&q->c.dgamma, dgamma);
	free(old), free(dgamma);
	return left;
}

/* dx, or the residual's gradient, over dy. */
static bool placing_in_place(struct placing *q)
{
	bool residual = q->c.residual;
	q->io.dx[residual] = q->c.dy[0].device;
	MUST(q->ops->backward(q->p, &q->io));
	return q->ops->in_place(&q->c.layer) == (residual ? IN_PLACE_DX1_DY0 : IN_PLACE_DX0_DY0) &&
	       image_same(&q->c.dy[0], q->first[residual ? 4 : 1]) && (!residual || image_same(&q->c.dx, q->first[1]));
}

/* Twice the same bits; in place, what separate memory gives; what is not wanted stays; a fresh plan of each mode. */
static void places(struct device *d, enum norm norm, bool bf16)
{
	bool again = true, in_place = true, unwanted = true;
	for (int a = ACTIVATION_RELU; a <= ACTIVATION_THRESHOLD; a++)
		for (int residual = 0; residual < 2; residual++) {
			struct placing q = {.c = {.shape = {11, 32, 12, 11, bf16 ? 0 : 16}, .norm = norm, .activation = (enum activation)a,
			                          .residual = residual, .second = true, .x_bf16 = bf16, .r_bf16 = bf16, .y_bf16 = bf16,
			                          .policy = a % 2 == residual ? STATS_USE : STATS_FREEZE, .d = d}};
			if (!in_turn())
				continue;
			placing_open(&q);
			again = placing_again(&q) && again;
			unwanted = placing_unwanted(&q) && unwanted;
			in_place = placing_in_place(&q) && in_place;
			placing_close(&q);
		}
	const char *name = norm == NORM_BATCH ? "batch norm" : "filter response norm", *type = bf16 ? "bf16" : "fp32";
	ok(again, "%s, %s: a second plan has the same bits", name, type);
	ok(in_place, "%s, %s: in place, the same bits", name, type);
	ok(unwanted, "%s, %s: what is not wanted is left alone", name, type);
}

void check_norm_places(struct device *d)
{
	for (int norm = 0; norm < 2; norm++)
		for (int bf16 = 0; bf16 < 2; bf16++)
			places(d, (enum norm)norm, bf16);
}
