/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Affine and its noise against plain double, over random calls. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/backend_body.h"
#include "tests/tap.h"

enum { N_MAX = 6000, PIECES = 6, PIECES_MOST = 10, NO_SLOT = SLOT_NONE };

/* LeNet's tensors, 61,706 parameters: pieces are odd ones, and large ones. */
static const size_t lenet[PIECES_MOST] = {150, 6, 2400, 16, 48000, 120, 10080, 84, 840, 10};

/* A random affine call with everything it needs on the host. */
struct call {
	size_t n;
	struct piece piece[PIECES_MOST];
	struct pieces pieces;
	struct affine a;
	int y_of[AFFINE_OUTPUTS];          /* the input that an output overwrites, or −1 */
	float *host[AFFINE_INPUTS], *device[AFFINE_INPUTS], *fresh[AFFINE_OUTPUTS];
	struct slots s;
};

static int maybe_slot(struct draws *r)
{
	return draw(r, 3) ? SLOT_SAMPLER + draw(r, 10) : NO_SLOT;
}

/* Of these sizes, or of random ones (NULL). */
static void random_pieces(struct draws *r, struct call *c, const size_t *sizes)
{
	if (sizes)
		for (int i = 0; i < PIECES_MOST; i++)
			c->n += sizes[i];
	else
		c->n = (size_t)(draw(r, 4) ? 1 + draw(r, 300) : 1 + draw(r, N_MAX));
	c->pieces = (struct pieces){.at = c->piece, .count = c->n};
	for (size_t at = 0; at < c->n;) {
		struct piece *p = &c->piece[c->pieces.n++];
		size_t left = c->n - at;
		p->offset = at;
		p->count = sizes ? sizes[c->pieces.n - 1] : c->pieces.n == PIECES ? left : 1 + (size_t)draw(r, (int)left);
		p->prior = draw(r, 3) * 0.5;
		p->frozen = draw(r, 4) == 0;
		p->kind = (enum prior_kind)draw(r, PRIOR_KINDS);
		p->nu = 2.5 + draw(r, 4);
		at += p->count;
	}
}

static void random_call(struct draws *r, struct device *d, struct call *c, const size_t *sizes)
{
	memset(c, 0, sizeof *c);
	random_pieces(r, c, sizes);
	c->s.key = (struct rng_key){r->seed, (uint32_t)draw(r, 5)};
	c->s.step = (uint64_t)draw(r, 1000) << (draw(r, 2) ? 30 : 0);
	MUST(d->ops->slots_open(d, &c->s));
	c->s.value[SLOT_PRIOR] = 0.1 * (1 + draw(r, 20));
	for (int i = 0; i < 10; i++)
		c->s.value[SLOT_SAMPLER + i] = draw(r, 8) ? draw_normal(r) : 0;
	c->a.n_in = 1 + draw(r, AFFINE_INPUTS);
	c->a.n_out = 1 + draw(r, AFFINE_OUTPUTS);
	for (int i = 0; i < c->a.n_in; i++) {
		c->host[i] = host_take(c->n * sizeof(float));
		for (size_t e = 0; e < c->n; e++)
			c->host[i][e] = (float)draw_normal(r);
		c->a.x[i] = c->device[i] = upload(d, c->host[i], c->n * sizeof(float));
	}
	for (int o = 0; o < c->a.n_out; o++) {
		struct affine_output *out = &c->a.out[o];
		float *start = host_take(c->n * sizeof(float));
		for (size_t e = 0; e < c->n; e++)
			start[e] = 77;
		c->fresh[o] = upload(d, start, c->n * sizeof(float));
		free(start);
		c->y_of[o] = draw(r, 3) ? draw(r, c->a.n_in) : -1;
		if (o && c->y_of[1] == c->y_of[0])
			c->y_of[1] = -1;
		out->y = c->y_of[o] < 0 ? c->fresh[o] : c->device[c->y_of[o]];
		out->base = draw(r, 4) ? draw(r, c->a.n_in) : -1;
		for (int i = 0; i < AFFINE_INPUTS; i++)
			out->coef[i] = maybe_slot(r);
		out->noise = maybe_slot(r);
		out->stream = draw(r, 2) ? STREAM_LANGEVIN_0 : STREAM_LANGEVIN_1;
		out->prior = maybe_slot(r);
		out->prior_at = draw(r, c->a.n_in);
	}
	MUST(d->ops->slots_send(d, &c->s));
}

/* What element e of output o must be, and the size of what went into it. */
static double expected(const struct call *c, int o, size_t e, const struct piece *p, double *size)
{
	const struct affine_output *out = &c->a.out[o];
	double start = c->y_of[o] < 0 ? 77 : c->host[c->y_of[o]][e];
	*size = 0;
	if (p->frozen)
		return out->base >= 0 ? c->host[out->base][e] : start;
	double y = out->base >= 0 ? c->host[out->base][e] : 0;
	*size = fabs(y);
	for (int i = 0; i < c->a.n_in; i++) {
		double coef = out->coef[i] == NO_SLOT ? 0 : c->s.value[out->coef[i]];
		if (out->prior != NO_SLOT && out->prior_at == i && p->kind == PRIOR_GAUSSIAN)
			coef += c->s.value[out->prior] * p->prior;
		y += coef * c->host[i][e];
		*size += fabs(coef * c->host[i][e]);
	}
	if (out->prior != NO_SLOT && p->kind != PRIOR_GAUSSIAN) {
		double h = reference_gradient(p, c->s.value[SLOT_PRIOR], c->host[out->prior_at][e]);
		double term = c->s.value[out->prior] * h;
		y += term;
		*size += 2 * fabs(term);  /* it is a quotient, rounded on the way */
	}
	if (out->noise != NO_SLOT) {
		double scale = c->s.value[out->noise], xi = rng_normal(c->s.key, out->stream, c->s.step, e);
		y += scale * xi;
		*size += 4 * fabs(scale) * fmax(1, fabs(xi));  /* 2⁻²⁰ of the noise, where 2⁻²² of the rest is allowed */
	}
	return y;
}

/* The largest error of a call's outputs, in units of what is allowed; frozen elements must be exact. */
static double call_error(struct device *d, struct call *c)
{
	double worst = 0;
	float *y = host_take(c->n * sizeof *y);
	for (int o = 0; o < c->a.n_out; o++) {
		download(d, y, c->a.out[o].y, c->n * sizeof *y);
		for (int i = 0; i < c->pieces.n; i++)
			for (size_t j = 0; j < c->piece[i].count; j++) {
				size_t e = c->piece[i].offset + j;
				double size, want = expected(c, o, e, &c->piece[i], &size);
				double error = y[e] == want ? 0 : fabs(y[e] - want) / (size * 0x1p-22);
				worst = error <= worst ? worst : error;
			}
	}
	/* Inputs that are no outputs stay as they were. */
	for (int i = 0; i < c->a.n_in; i++) {
		bool output = c->y_of[0] == i || (c->a.n_out > 1 && c->y_of[1] == i);
		download(d, y, c->device[i], c->n * sizeof *y);
		if (!output && memcmp(y, c->host[i], c->n * sizeof *y) != 0)
			worst = INFINITY;
	}
	free(y);
	return worst;
}

static void drop_call(struct device *d, struct call *c)
{
	for (int i = 0; i < c->a.n_in; i++) {
		free(c->host[i]);
		d->ops->free(d, c->device[i]);
	}
	for (int o = 0; o < c->a.n_out; o++)
		d->ops->free(d, c->fresh[o]);
	d->ops->slots_close(d, &c->s);
}

static const struct affine_output absent = {
	.base = -1, .coef = {NO_SLOT, NO_SLOT, NO_SLOT, NO_SLOT, NO_SLOT}, .noise = NO_SLOT, .prior = NO_SLOT,
};

/* y = ξ over the pieces. */
static void noise_into(struct device *d, const struct slots *s, const struct pieces *p, float *x, float *y)
{
	struct affine a = {.n_in = 1, .n_out = 1, .x = {x}, .out = {absent}};
	a.out[0].y = y;
	a.out[0].noise = SLOT_SAMPLER;
	a.out[0].stream = STREAM_LANGEVIN_1;
	MUST(d->ops->affine(d, s, p, &a));
}

void check_normals(struct device *d, const char *label)
{
	enum { N = 3000017 };
	struct slots s = {.key = {0xfffffff0, 3}, .step = UINT64_C(0x123456789a)};
	struct piece one = {.count = N, .prior = 1};
	struct piece two[] = {{.count = 1, .prior = 1}, {.offset = 1, .count = 4098}, {.offset = 4099, .count = N - 4099, .prior = 1}};
	struct pieces whole = {&one, 1, N}, parts = {two, 3, N};
	float *host = host_take(N * sizeof *host), *again = host_take(N * sizeof *host);
	float *y = upload(d, host, N * sizeof *host), *x = upload(d, host, N * sizeof *host);
	MUST(d->ops->slots_open(d, &s));
	s.value[SLOT_SAMPLER] = 1;
	MUST(d->ops->slots_send(d, &s));
	noise_into(d, &s, &whole, x, y);
	download(d, host, y, N * sizeof *host);
	double worst = 0;
	for (size_t e = 0; e < N; e++) {
		double want = rng_normal(s.key, STREAM_LANGEVIN_1, s.step, e);
		double error = fabs(host[e] - want) / fmax(1, fabs(want));
		worst = error <= worst ? worst : error;
	}
	ok(worst < 0x1p-20, "%s: %d normals are within 2^%.1f of double's", label, N, log2(worst));
	noise_into(d, &s, &parts, x, y);
	download(d, again, y, N * sizeof *host);
	ok(memcmp(host, again, N * sizeof *host) == 0, "%s: an element's noise does not depend on where pieces begin", label);
	d->ops->slots_close(d, &s);
	d->ops->free(d, x);
	d->ops->free(d, y);
	free(host);
	free(again);
}

/* Steps far below an element's last bit must not be lost to the coefficient's rounding, and two outputs that name the
 * same stream get the same ξ. */
static void check_base_and_shared_noise(struct device *d, const char *label)
{
	enum { N = 100 };
	struct slots s = {.key = {1, 0}};
	struct piece one = {.count = N, .prior = 1};
	struct pieces p = {&one, 1, N};
	float x[N], y[N], z[N];
	for (int i = 0; i < N; i++)
		x[i] = (float)i / 8;
	float *dx = upload(d, x, sizeof x), *dy = upload(d, x, sizeof x), *dz = upload(d, x, sizeof x);
	struct affine a = {.n_in = 1, .n_out = 2, .x = {dx}, .out = {absent, absent}};
	for (int o = 0; o < 2; o++) {
		a.out[o].y = o ? dz : dy;
		a.out[o].noise = SLOT_SAMPLER;
		a.out[o].stream = STREAM_PERTURB;
	}
	MUST(d->ops->slots_open(d, &s));
	s.value[SLOT_SAMPLER] = 1;
	MUST(d->ops->slots_send(d, &s));
	MUST(d->ops->affine(d, &s, &p, &a));
	download(d, y, dy, sizeof y);
	download(d, z, dz, sizeof z);
	ok(memcmp(y, z, sizeof y) == 0 && y[0] != y[1], "%s: two outputs of one stream share ξ", label);
	a.n_out = 1;
	a.out[0] = absent;
	a.out[0].y = dy;
	a.out[0].base = a.out[0].prior_at = 0;
	a.out[0].prior = SLOT_SAMPLER;
	s.value[SLOT_SAMPLER] = -1e-9;
	MUST(d->ops->slots_send(d, &s));
	MUST(d->ops->affine(d, &s, &p, &a));
	download(d, y, dy, sizeof y);
	ok(memcmp(x, y, sizeof y) == 0, "%s: the base enters exactly", label);
	one.kind = PRIOR_LAPLACE;
	ok(d->ops->affine(d, &s, &p, &a) == ERR_USAGE, "%s: a laplace prior needs its deviation", label);
	s.value[SLOT_PRIOR] = 1;
	s.value[SLOT_SAMPLER] = -0.01;
	MUST(d->ops->slots_send(d, &s));
	MUST(d->ops->affine(d, &s, &p, &a));
	download(d, y, dy, sizeof y);
	ok(y[0] == 0 && y[1] < x[1], "%s: and does not move what is 0", label);
	d->ops->slots_close(d, &s);
	d->ops->free(d, dx);
	d->ops->free(d, dy);
	d->ops->free(d, dz);
}

/* The error of one random call, in units of what is allowed. */
static double error_of(struct device *d, struct draws *r, const size_t *sizes)
{
	struct call c;
	random_call(r, d, &c, sizes);
	MUST(d->ops->affine(d, &c.s, &c.pieces, &c.a));
	double error = call_error(d, &c);
	if (error > 1)
		note("%d inputs, %d outputs, %zu elements: %g of the allowed error", c.a.n_in, c.a.n_out, c.n, error);
	drop_call(d, &c);
	return error;
}

void check_affine(struct device *d, const char *label)
{
	enum { CALLS = 600, LENETS = 6 };
	struct draws r = {51, 0};
	double worst = 0;
	int calls = 0;
	for (int i = 0; i < CALLS + LENETS; i++) {
		if (!in_turn())
			continue;
		calls++;
		double error = error_of(d, &r, i < CALLS ? NULL : lenet);
		worst = error <= worst ? worst : error;
	}
	ok(worst <= 1, "%s: %d random affine calls agree with double (%.2f of the allowed error)", label, calls, worst);
	check_base_and_shared_noise(d, label);
}
