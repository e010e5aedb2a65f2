/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "tests/norm_tangents.h"

#include "tests/tap.h"

const struct layer_ops *tangents_ops(const struct tangents *t)
{
	return t->c.d->ops->layers[LAYER_NORM];
}

static void *given_at(const struct tangents *t, int i)
{
	return t->null & 1u << i ? NULL : t->given[i].device;
}

void *tangents_out(const struct tangents *t, int i)
{
	return t->unwanted & 1u << i ? NULL : t->out[i].device;
}

bool tangents_has_threshold(const struct tangents *t)
{
	return t->c.activation == ACTIVATION_THRESHOLD;
}

void tangents_point(struct tangents *t)
{
	struct norm_case *c = &t->c;
	t->null |= c->residual ? 0 : 1u << DOT_R;
	t->null |= c->second ? 0 : 1u << GIVEN_SECOND;
	t->null |= tangents_has_threshold(t) ? 0 : 1u << DOT_TAU;
	t->unwanted |= c->residual ? 0 : 1u << DOT_DR;
	t->unwanted |= tangents_has_threshold(t) ? 0 : 1u << DOT_DTAU;
	t->io = norm_case_io(c);
	t->dot = (struct layer_io){.x = {given_at(t, DOT_X), given_at(t, DOT_R)}, .y = tangents_out(t, DOT_Y),
	                           .param = {given_at(t, DOT_GAMMA), given_at(t, DOT_BETA), given_at(t, DOT_TAU)},
	                           .dy = {given_at(t, DOT_DY), given_at(t, GIVEN_SECOND)},
	                           .dx = {tangents_out(t, DOT_DX), tangents_out(t, DOT_DR)},
	                           .dparam = {tangents_out(t, DOT_DGAMMA), tangents_out(t, DOT_DBETA), tangents_out(t, DOT_DTAU)},
	                           .add_dparams = c->add};
}

void tangents_draw(struct image *images, int count)
{
	for (int i = 0; i < count; i++)
		image_random(&images[i]);
}

static struct image new_image(const struct tangents *t, bool by_channel)
{
	const struct norm_shape *s = &t->c.shape;
	if (by_channel)
		return image_new(t->c.d, (struct format){false, 1}, 1, (int[]){s->channels, 1, 1});
	return image_new(t->c.d, (struct format){false, s->block}, s->n, (int[]){s->channels, s->height, s->width});
}

void tangents_open(struct tangents *t)
{
	norm_case_new(&t->c);
	for (int i = 0; i < GIVEN; i++)
		t->given[i] = new_image(t, i >= DOT_GAMMA && i <= DOT_TAU);
	for (int i = 0; i < DOT_OUTPUTS; i++)
		t->out[i] = new_image(t, i >= DOT_DGAMMA);
	tangents_draw(t->given, GIVEN);
	tangents_draw(t->out, DOT_OUTPUTS);
	t->p = norm_case_plan(&t->c, PLAN_TANGENT);
	tangents_point(t);
}

void tangents_run(struct tangents *t)
{
	MUST(tangents_ops(t)->forward(t->p, &t->io));
	MUST(tangents_ops(t)->jvp(t->p, &t->io, &t->dot));
	if (t->backward)
		MUST(tangents_ops(t)->backward(t->p, &t->io));
	MUST(tangents_ops(t)->hvp(t->p, &t->io, &t->dot));
}

void tangents_close(struct tangents *t)
{
	tangents_ops(t)->drop(t->p);
	for (int i = 0; i < GIVEN; i++)
		image_free(&t->given[i]);
	for (int i = 0; i < DOT_OUTPUTS; i++)
		image_free(&t->out[i]);
	norm_case_free(&t->c);
}

static void put_in(const struct tangents *t, double complex *to, const struct image *value, int tangent)
{
	for (size_t i = 0; i < value->count; i++)
		to[i] += value->exact[i] + (t->null & 1u << tangent ? 0 : t->given[tangent].exact[i]) * DOT_STEP * I;
}

struct norm_dot tangents_oracle(const struct tangents *t)
{
	const struct norm_case *c = &t->c;
	struct norm_dot o = norm_dot_new(c->norm, c->activation, c->shape.n, c->shape.channels, c->shape.height * c->shape.width,
	                                 c->stats.exact);
	put_in(t, o.in[DOT_X], &c->x, DOT_X);
	if (c->residual)
		put_in(t, o.in[DOT_R], &c->r, DOT_R);
	put_in(t, o.in[DOT_DY], &c->dy[0], DOT_DY);
	if (c->second)
		put_in(t, o.in[DOT_DY], &c->dy[1], GIVEN_SECOND);
	put_in(t, o.in[DOT_GAMMA], &c->gamma, DOT_GAMMA);
	put_in(t, o.in[DOT_BETA], &c->beta, DOT_BETA);
	put_in(t, o.in[DOT_TAU], &c->tau, DOT_TAU);
	norm_dot_run(&o);
	return o;
}
