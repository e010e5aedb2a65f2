/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "tests/tangent_case.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/device_vec.h"
#include "tests/tap.h"

static const struct format flat = {false, 0};

/* ---- making ---- */

static void describe(const struct conv_setup *s, struct tangent_case *c)
{
	const struct conv_dims *m = &s->dims;
	bool linear = m->kernel == 0;
	int kernel = linear ? 1 : m->kernel, stride = linear ? 1 : m->stride, groups = linear ? 1 : m->groups;
	int height = linear ? 1 : m->height, width = linear ? 1 : m->width;
	c->shape = (struct ref_conv){m->n, {m->in, height, width},
	                             {m->out, (height + 2 * m->pad - kernel) / stride + 1, (width + 2 * m->pad - kernel) / stride + 1},
	                             kernel, stride, m->pad, groups};
	c->layer = (struct layer){.kind = linear ? LAYER_LINEAR : LAYER_CONV, .input = {s->first ? INPUT_BATCH : 0, INPUT_NONE},
	                          .param = {1, m->bias ? 2 : 0}, .kernel = kernel, .stride = stride, .pad = m->pad, .groups = groups};
	memcpy(c->layer.in, c->shape.in, sizeof c->layer.in);
	memcpy(c->layer.out, c->shape.out, sizeof c->layer.out);
}

static void draw(const struct tangent_case *c, struct tangent_side *side)
{
	struct image *all[] = {&side->x, &side->dx, &side->y, &side->dy, &side->dw, &side->b, &side->db};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		image_random(all[i]);
	image_normals(&side->w, 0, 1 / sqrt((double)side->w.c));
	if (!side->working)
		return;
	struct slots slots = {0};
	struct segment weight = {.name = "w", .ndim = 1, .shape = {(int64_t)side->w.count}, .count = side->w.count};
	struct point at = {.theta = side->w.device};
	MUST(c->ops->materialise(c->plan, &(struct weight_source){.slots = &slots, .at = &at, .param = {&weight}}, side->working));
}

static struct tangent_side side_new(const struct tangent_case *c, struct format x, struct format y)
{
	const struct ref_conv *s = &c->shape;
	const int out[3] = {s->out[0], 1, 1}, row[3] = {s->in[0] / s->groups * s->kernel * s->kernel, 1, 1};
	struct tangent_side side = {
		.x = image_new(c->d, x, s->n, s->in), .dx = image_new(c->d, x, s->n, s->in), .y = image_new(c->d, y, s->n, s->out),
		.dy = image_new(c->d, y, s->n, s->out), .w = image_new(c->d, flat, s->out[0], row), .dw = image_new(c->d, flat, s->out[0], row),
		.b = image_new(c->d, flat, 1, out), .db = image_new(c->d, flat, 1, out),
	};
	size_t working = c->ops->working_bytes(c->plan);
	side.working = working ? device_take(c->d, working) : NULL;
	side.room = device_take(c->d, c->ops->tangent_bytes(&(struct plan_request){.layer = &c->layer, .n = s->n}));
	draw(c, &side);
	return side;
}

static void side_free(struct device *d, struct tangent_side *side)
{
	struct image *all[] = {&side->x, &side->dx, &side->y, &side->dy, &side->w, &side->dw, &side->b, &side->db};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		image_free(all[i]);
	d->ops->free(d, side->working);
	d->ops->free(d, side->room);
}

void tangent_case_new(struct device *d, const struct conv_setup *s, double slack, struct tangent_case *c)
{
	*c = (struct tangent_case){.d = d, .bias = s->dims.bias, .first = s->first, .slack = slack};
	describe(s, c);
	c->ops = d->ops->layers[c->layer.kind];
	MUST(c->ops->plan(d, &(struct plan_request){.layer = &c->layer, .n = s->dims.n, .mode = PLAN_TANGENT, .algo = s->algo,
	                                            .x = {s->x}, .y = s->y}, &c->plan));
	c->at = side_new(c, s->x, s->y);
	c->along = side_new(c, s->x, s->y);
}

void tangent_case_redraw(struct tangent_case *c)
{
	draw(c, &c->along);
}

void tangent_case_free(struct tangent_case *c)
{
	side_free(c->d, &c->at);
	side_free(c->d, &c->along);
	c->ops->drop(c->plan);
}

struct layer_io tangent_case_io(const struct tangent_case *c, const struct tangent_side *s)
{
	return (struct layer_io){.x = {s->x.device}, .y = s->y.device,
	                         .param = {s->working ? s->working : s->w.device, c->bias ? s->b.device : NULL}, .dy = {s->dy.device},
	                         .dx = {c->first ? NULL : s->dx.device}, .dparam = {s->dw.device, c->bias ? s->db.device : NULL}};
}

struct layer_io tangent_case_dot(const struct tangent_case *c, int moves)
{
	struct layer_io dot = tangent_case_io(c, &c->along);
	dot.room = c->along.room;
	if (!(moves & MOVES_X))
		dot.x[0] = NULL;
	if (!(moves & MOVES_W))
		dot.param[PARAM_WEIGHT] = NULL;
	if (!(moves & MOVES_B))
		dot.param[PARAM_BIAS] = NULL;
	if (!(moves & MOVES_DY))
		dot.dy[0] = NULL;
	return dot;
}

/* ---- comparing ---- */

/* A point at `t` along the direction. */
static double *values(const struct image *at, const struct image *along, bool moves, double t)
{
	double *v = host_doubles(at->count);
	for (size_t i = 0; i < at->count; i++)
		v[i] = at->exact[i] + (moves ? t * along->exact[i] : 0);
	return v;
}

static double *magnitudes(const struct image *m, bool there)
{
	double *v = host_doubles(m->count);
	for (size_t i = 0; i < m->count; i++)
		v[i] = there ? fabs(m->exact[i]) : 0;
	return v;
}

enum { Y = 1, DX = 2, DW = 4, DB = 8, ALL = 15 };

/* y, dx, dW, db of one point. */
struct results {
	double *of[4];
};

static struct results results_new(const struct tangent_case *c)
{
	return (struct results){{host_doubles(c->at.y.count), host_doubles(c->at.x.count), host_doubles(c->at.w.count),
	                         host_doubles(c->at.b.count)}};
}

static void results_free(struct results *r)
{
	for (int i = 0; i < 4; i++)
		free(r->of[i]);
}

/* The wanted ones, the others being 0. The vectors are freed. */
static struct results passes(const struct tangent_case *c, int wanted, double *x, double *w, double *b, double *dy)
{
	const struct ref_conv *s = &c->shape;
	struct results r = results_new(c);
	double *dx = wanted & DX ? r.of[1] : NULL, *dw = wanted & DW ? r.of[2] : NULL, *db = wanted & DB ? r.of[3] : NULL;
	bool linear = c->layer.kind == LAYER_LINEAR;
	if (wanted & Y && linear)
		ref_linear(s->n, s->in[0], s->out[0], x, w, c->bias ? b : NULL, r.of[0]);
	else if (wanted & Y)
		ref_conv(s, x, w, c->bias ? b : NULL, r.of[0]);
	if (linear)
		ref_linear_backward(s->n, s->in[0], s->out[0], x, w, dy, dx, dw, db);
	else
		ref_conv_backward(s, x, w, dy, dx, dw, db);
	free(x), free(w), free(b), free(dy);
	return r;
}

static struct results passes_at(const struct tangent_case *c, int moves, double t)
{
	const struct tangent_side *a = &c->at, *v = &c->along;
	return passes(c, ALL, values(&a->x, &v->x, moves & MOVES_X, t), values(&a->w, &v->w, moves & MOVES_W, t),
	              values(&a->b, &v->b, moves & MOVES_B, t), values(&a->dy, &v->dy, moves & MOVES_DY, t));
}

/* `to` + factor·`more`, which is freed. */
static void add_results(const struct tangent_case *c, struct results *to, double factor, struct results more)
{
	const size_t n[] = {c->at.y.count, c->at.x.count, c->at.w.count, c->at.b.count};
	for (int i = 0; i < 4; i++)
		for (size_t j = 0; j < n[i]; j++)
			to->of[i][j] += factor * more.of[i][j];
	results_free(&more);
}

/* All results are polynomials of degree 2 along the direction: their central difference over ±½ is the derivative, but for double's
 * rounding. */
static struct results derivatives(const struct tangent_case *c, int moves)
{
	struct results d = passes_at(c, moves, 0.5);
	add_results(c, &d, -1, passes_at(c, moves, -0.5));
	return d;
}

/* Σ|terms| of each result. */
static struct results term_sizes(const struct tangent_case *c, int moves)
{
	const struct tangent_side *a = &c->at, *v = &c->along;
	bool x = moves & MOVES_X, w = moves & MOVES_W, b = moves & MOVES_B, dy = moves & MOVES_DY;
	/* ẋW + ḃ, dẏW and Σdẏ; xV and dyV; dyẋ; dẏx */
	struct results r = passes(c, Y | DX | DB, magnitudes(&v->x, x), magnitudes(&a->w, true), magnitudes(&v->b, b), magnitudes(&v->dy, dy));
	add_results(c, &r, 1, passes(c, Y | DX, magnitudes(&a->x, true), magnitudes(&v->w, w), magnitudes(&v->b, false), magnitudes(&a->dy, true)));
	add_results(c, &r, 1, passes(c, DW, magnitudes(&v->x, x), NULL, NULL, magnitudes(&a->dy, true)));
	add_results(c, &r, 1, passes(c, DW, magnitudes(&a->x, true), NULL, NULL, magnitudes(&v->dy, dy)));
	return r;
}

/* A float32 sum's error is below γ_k Σ|terms| with k terms (Higham 2002, eq. 3.5). */
static double unit_of(const struct tangent_case *c, double terms)
{
	return c->slack * (terms + 4) * 0x1p-24;
}

static double worst_of(const struct image *got, const double *want, const double *sizes, const double *old, double unit, double worst)
{
	for (size_t i = 0; i < got->count; i++) {
		double before = old ? old[i] : 0;
		double ratio = fabs(got->exact[i] - want[i] - before) / (unit * (sizes[i] + fabs(before)) + 1e-30);
		if (!(ratio <= worst))
			worst = isnan(ratio) ? INFINITY : ratio;
	}
	return worst;
}

static double *copy_of(const struct image *m)
{
	double *v = host_doubles(m->count);
	memcpy(v, m->exact, m->count * sizeof *v);
	return v;
}

static double inner(const struct image *a, const struct image *b)
{
	double sum = 0;
	for (size_t i = 0; i < a->count; i++)
		sum += a->exact[i] * b->exact[i];
	return sum;
}

/* ⟨u, ẏ⟩ = ⟨dx(u), ẋ⟩ + ⟨dW(u), V⟩ + ⟨db(u), ḃ⟩ with what the layer's own backward pass makes of u, which stands in dy's place. */
static double adjoint_error(struct tangent_case *c, int moves, const double *y_sizes, double unit)
{
	struct layer_io io = tangent_case_io(c, &c->at);
	double got = 0, bound = 0;
	MUST(c->ops->backward(c->plan, &io));
	struct image *made[] = {&c->at.dx, &c->at.dw, &c->at.db}, *along[] = {&c->along.x, &c->along.w, &c->along.b};
	for (int i = 0; i < 3; i++) {
		image_get(made[i]);
		if (moves & 1 << i && (i < 2 || c->bias))
			got += inner(made[i], along[i]);
	}
	for (size_t i = 0; i < c->at.y.count; i++)
		bound += 2 * unit * fabs(c->at.dy.exact[i]) * y_sizes[i];
	double error = fabs(inner(&c->at.dy, &c->along.y) - got) / (bound + 1e-30);
	return isnan(error) ? INFINITY : error;
}

void tangent_case_check(struct tangent_case *c, int moves, bool add, double worst[TANGENT_ERRORS])
{
	struct layer_io io = tangent_case_io(c, &c->at), dot = tangent_case_dot(c, moves);
	struct results want = derivatives(c, moves), sizes = term_sizes(c, moves);
	double *old[4] = {NULL, NULL, add ? copy_of(&c->along.dw) : NULL, add ? copy_of(&c->along.db) : NULL};
	struct image *got[] = {&c->along.y, &c->along.dx, &c->along.dw, &c->along.db};
	double row = (double)(c->at.w.count / c->at.b.count), pixels = (double)(c->at.y.count / c->at.b.count);
	double terms[] = {2 * row + 1, 2 * (double)c->at.w.count / c->shape.in[0], 2 * pixels, pixels};
	dot.add_dparams = add;
	MUST(c->ops->forward(c->plan, &io));
	MUST(c->ops->jvp(c->plan, &io, &dot));
	MUST(c->ops->hvp(c->plan, &io, &dot));
	for (int i = 0; i < 4; i++) {
		image_get(got[i]);
		if ((i != 1 || !c->first) && (i != 3 || c->bias))
			worst[i] = worst_of(got[i], want.of[i], sizes.of[i], old[i], unit_of(c, terms[i]), worst[i]);
	}
	double most = fmax(fmax(terms[0], terms[1]), terms[2]);
	if (!c->first)
		worst[4] = fmax(worst[4], adjoint_error(c, moves, sizes.of[0], unit_of(c, most)));
	results_free(&want), results_free(&sizes);
	free(old[2]), free(old[3]);
}

void tangent_judge(const double worst[TANGENT_ERRORS], const char *name)
{
	static const char *const what[TANGENT_ERRORS] = {"ẏ", "dẋ", "dẆ", "dḃ", "ẏ is adjoint to backward"};
	for (int i = 0; i < TANGENT_ERRORS; i++)
		ok(worst[i] <= 1, "%s: %s (%.2g of the bound)", name, what[i], worst[i]);
}
