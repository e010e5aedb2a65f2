/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "tests/norm_case.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/device_vec.h"
#include "tests/tap.h"

struct ref_norm norm_case_ref(const struct norm_case *c)
{
	return (struct ref_norm){c->norm, c->activation, c->shape.n, c->shape.channels, c->shape.height * c->shape.width, c->x.exact,
	                         c->residual ? c->r.exact : NULL, c->gamma.exact, c->beta.exact, c->tau.exact,
	                         c->norm == NORM_BATCH && c->policy == STATS_USE ? c->stats.exact : NULL};
}

/* Moves numbers away from where an activation has a kink: rounding would decide its slope. */
static void avoid_kinks(struct norm_case *c)
{
	double *z = host_doubles(c->x.count);
	double margin = c->x_bf16 || c->y_bf16 || c->r_bf16 ? 0.03 : 1e-4;
	struct ref_norm l = norm_case_ref(c);
	bool moved = c->activation == ACTIVATION_RELU || c->activation == ACTIVATION_THRESHOLD;
	for (int round = 0; moved && round < 20; round++) {
		moved = false;
		ref_norm(&l, z, NULL);
		for (size_t i = 0; i < c->x.count; i++) {
			size_t channel = i / (size_t)(c->x.h * c->x.w) % (size_t)c->x.c;
			double kink = c->activation == ACTIVATION_RELU ? 0 : c->tau.exact[channel];
			double *from = c->residual ? &c->r.exact[i] : &c->x.exact[i];
			if (fabs(z[i] - kink) < (c->residual ? margin : 1e-4)) {
				*from += fabs(*from) * 0.01 + (c->residual ? 4 * margin : 0.02);
				moved = true;
			}
		}
		image_put(&c->x);
		if (c->residual)
			image_put(&c->r);
	}
	free(z);
}

void norm_case_new(struct norm_case *c)
{
	const struct norm_shape *s = &c->shape;
	struct format x = {c->x_bf16, s->block}, r = {c->r_bf16, s->block}, y = {c->y_bf16, s->block}, flat = {false, 1};
	struct image *by_x[] = {&c->x, &c->dx}, *by_r[] = {&c->r, &c->dr}, *by_y[] = {&c->y, &c->dy[0], &c->dy[1]};
	struct image *params[] = {&c->gamma, &c->beta, &c->tau, &c->dgamma, &c->dbeta, &c->dtau};
	const int shape[] = {s->channels, s->height, s->width};
	const int row[] = {s->channels, 1, 1}, long_row[] = {2 * s->channels + 1, 1, 1};
	image_seed(c->seed);
	for (int i = 0; i < 2; i++) {
		*by_x[i] = image_new(c->d, x, s->n, shape);
		*by_r[i] = image_new(c->d, r, s->n, shape);
	}
	for (int i = 0; i < 3; i++)
		*by_y[i] = image_new(c->d, y, s->n, shape);
	for (int i = 0; i < 6; i++)
		*params[i] = image_new(c->d, flat, 1, row);
	c->stats = image_new(c->d, flat, 1, long_row);
	image_normals(&c->x, 0.5, 2);
	image_normals(&c->r, 0, 1);
	image_normals(&c->dy[0], 0.1, 1);
	image_normals(&c->dy[1], 0, 1);
	image_normals(&c->gamma, 1, 0.3);
	image_normals(&c->beta, 0, 0.5);
	image_normals(&c->tau, -0.2, 0.3);
	image_normals(&c->dx, 0, 1), image_normals(&c->dr, 0, 1), image_normals(&c->y, 0, 1);
	for (int i = 3; i < 6; i++)
		image_normals(params[i], 0, 1);
	image_normals(&c->stats, 0.4, 0.3);
	for (int i = s->channels; i < 2 * s->channels; i++)
		c->stats.exact[i] = 0.5 + fabs(c->stats.exact[i]);
	c->stats.exact[2 * s->channels] = 0;
	image_put(&c->stats);
	avoid_kinks(c);
}

void norm_case_free(struct norm_case *c)
{
	struct image *all[] = {&c->x, &c->r, &c->y, &c->dy[0], &c->dy[1], &c->dx, &c->dr, &c->gamma, &c->beta, &c->tau,
	                         &c->dgamma, &c->dbeta, &c->dtau, &c->stats};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		image_free(all[i]);
	c->d->ops->free(c->d, c->kept);
}

struct layer_plan *norm_case_plan(struct norm_case *c, enum plan_mode mode)
{
	const struct norm_shape *s = &c->shape;
	struct layer_plan *p;
	c->layer = (struct layer){.kind = LAYER_NORM, .input = {0, c->residual ? 1 : INPUT_NONE},
	                          .in = {s->channels, s->height, s->width},
	                          .out = {s->channels, s->height, s->width},
	                          .param = {1, 2, c->activation == ACTIVATION_THRESHOLD ? 3 : 0},
	                          .stat = c->norm == NORM_BATCH, .activation = c->activation, .norm = c->norm};
	struct plan_request r = {.layer = &c->layer, .n = s->n, .mode = mode,
	                         .precision = c->y_bf16 ? PRECISION_BF16 : PRECISION_FP32,
	                         .x = {c->x.format, c->r.format}, .y = c->y.format};
	MUST(c->d->ops->layers[LAYER_NORM]->plan(c->d, &r, &p));
	if (!c->kept)
		c->kept = device_take(c->d, c->d->ops->layers[LAYER_NORM]->kept_bytes(c->d, &r));
	return p;
}

/* Tensors that backward does not say it reads are left out of its pointers. */
struct layer_io norm_case_io(struct norm_case *c)
{
	bool threshold = c->activation == ACTIVATION_THRESHOLD;
	return (struct layer_io){.x = {c->x.device, c->residual ? c->r.device : NULL}, .y = c->y.device,
	                         .param = {c->gamma.device, c->beta.device, threshold ? c->tau.device : NULL},
	                         .kept = c->kept,
	                         .stats = c->norm == NORM_BATCH ? c->stats.device : NULL, .policy = c->policy,
	                         .dy = {c->dy[0].device, c->second ? c->dy[1].device : NULL},
	                         .dx = {c->dx.device, c->residual ? c->dr.device : NULL},
	                         .dparam = {c->dgamma.device, c->dbeta.device, threshold ? c->dtau.device : NULL},
	                         .add_dparams = c->add};
}
