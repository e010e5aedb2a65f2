/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Linear layers and activations in bf16, against the oracle: what they are given is rounded, sums are float32. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/device_vec.h"
#include "tests/image.h"
#include "tests/layers.h"
#include "tests/ref/ref.h"
#include "tests/tap.h"

enum { COEF = SLOT_SAMPLER, SIGMA };

/* ---- activations ---- */

static void activation_types(struct device *d, enum activation kind, const char *name)
{
	const struct layer_ops *ops = d->ops->layers[LAYER_ACTIVATION];
	static const bool types[][2] = {{true, true}, {true, false}, {false, true}};
	static const int shapes[][3] = {{1, 1, 1}, {37, 1, 1}, {16, 5, 3}, {64, 32, 40}};
	double worst[2] = {0};
	bool nan = true;
	for (int t = 0; t < 3; t++)
		for (int s = 0; s < 4; s++) {
			if (!in_turn())
				continue;
			struct format fx = {types[t][0], 0}, fy = {types[t][1], 0};
			const int *in = shapes[s];
			struct layer l = {.kind = LAYER_ACTIVATION, .input = {INPUT_BATCH, INPUT_NONE}, .in = {in[0], in[1], in[2]},
			                  .out = {in[0], in[1], in[2]}, .activation = kind};
			struct image x = image_new(d, fx, 3, in), dx = image_new(d, fx, 3, in);
			struct image y = image_new(d, fy, 3, in), dy = image_new(d, fy, 3, in);
			double *want = host_doubles(x.count);
			struct plan_request r = {.layer = &l, .n = 3, .mode = PLAN_TRAIN, .precision = PRECISION_BF16, .x = {fx}, .y = fy};
			struct layer_plan *p;
			struct layer_io io = {.x = {x.device}, .y = y.device, .dy = {dy.device}, .dx = {dx.device}};
			MUST(ops->plan(d, &r, &p));
			image_random(&x);
			image_random(&dy);
			image_random(&dx);
			MUST(ops->forward(p, &io));
			MUST(ops->backward(p, &io));
			image_get(&y);
			image_get(&dx);
			for (size_t i = 0; i < x.count; i++)
				want[i] = ref_activation(kind, x.exact[i]);
			worst[0] = fmax(worst[0], image_error(&y, want, fy.bf16 ? 0x1.01p-8 : 1e-6, 1e-7));
			/* The slope at what backward reads: tanh's from the rounded y. */
			for (size_t i = 0; i < x.count; i++)
				want[i] = dy.exact[i] * (kind == ACTIVATION_TANH ? 1 - y.exact[i] * y.exact[i]
				                                                 : ref_activation_slope(kind, x.exact[i]));
			worst[1] = fmax(worst[1], image_error(&dx, want, fx.bf16 ? 0x1.01p-8 : 1e-6, 1e-6));
			x.exact[0] = NAN;
			image_put(&x);
			MUST(ops->forward(p, &io));
			image_get(&y);
			nan = nan && isnan(y.exact[0]) && !isnan(y.exact[x.count - 1]);
			ops->drop(p);
			free(want);
			image_free(&x), image_free(&dx), image_free(&y), image_free(&dy);
		}
	ok(worst[0] <= 1, "%s in bf16: y is the oracle's (%.2g of the bound)", name, worst[0]);
	ok(worst[1] <= 1, "%s in bf16: dx is the oracle's (%.2g of the bound)", name, worst[1]);
	ok(nan, "%s in bf16: NaN stays NaN", name);
}

/* ---- linear layers ---- */

struct linear_types {
	const char *name;
	bool x, y;
};

/* One layer with everything it needs; θ holds `lead` numbers, W, and b. */
struct linear {
	int n, in, out;
	size_t lead;
	struct layer layer;
	struct segment weight;
	struct image x, dx, y, dy, theta, v, dw, db;
	struct layer_plan *p;
	void *working, *kept;
	struct layer_io io;
};

static void linear_open(struct device *d, struct linear *c, int n, int in, int out, const struct linear_types *t)
{
	struct format flat = {false, 0};
	*c = (struct linear){.n = n, .in = in, .out = out, .lead = 5};
	int total = 5 + out * in + out;
	c->layer = (struct layer){.kind = LAYER_LINEAR, .input = {INPUT_BATCH, INPUT_NONE}, .in = {in, 1, 1},
	                          .out = {out, 1, 1}, .param = {1, 2}};
	c->weight = (struct segment){.ndim = 2, .shape = {out, in}, .offset = c->lead, .count = (size_t)out * (size_t)in};
	struct format fx = {t->x, 0}, fy = {t->y, 0};
	c->x = image_new(d, fx, n, c->layer.in);
	c->dx = image_new(d, fx, n, c->layer.in);
	c->y = image_new(d, fy, n, c->layer.out);
	c->dy = image_new(d, fy, n, c->layer.out);
	c->theta = image_new(d, flat, 1, (int[]){total, 1, 1});
	c->v = image_new(d, flat, 1, (int[]){total, 1, 1});
	c->dw = image_new(d, flat, 1, (int[]){out * in, 1, 1});
	c->db = image_new(d, flat, 1, (int[]){out, 1, 1});
	struct image *all[] = {&c->x, &c->dx, &c->dy, &c->theta, &c->v, &c->dw, &c->db};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		image_random(all[i]);
	const struct layer_ops *ops = d->ops->layers[LAYER_LINEAR];
	const struct plan_request r = {.layer = &c->layer, .n = n, .mode = PLAN_TRAIN, .precision = PRECISION_BF16,
	                               .x = {fx}, .y = fy};
	MUST(ops->plan(d, &r, &c->p));
	c->kept = device_take(d, ops->kept_bytes(d, &r));
	c->working = device_take(d, ops->working_bytes(c->p));
	c->io = (struct layer_io){
		.x = {c->x.device}, .y = c->y.device, .kept = c->kept,
		.param = {c->working, (float *)c->theta.device + c->lead + (size_t)out * (size_t)in}, .dy = {c->dy.device},
		.dx = {c->dx.device}, .dparam = {c->dw.device, c->db.device},
	};
}

static void linear_close(struct device *d, struct linear *c)
{
	struct image *all[] = {&c->x, &c->dx, &c->y, &c->dy, &c->theta, &c->v, &c->dw, &c->db};
	d->ops->layers[LAYER_LINEAR]->drop(c->p);
	d->ops->free(d, c->working);
	d->ops->free(d, c->kept);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		image_free(all[i]);
}

/* The working weights as numbers. */
static double *working_of(struct device *d, const struct linear *c)
{
	size_t count = c->weight.count;
	uint16_t *host = fetch(d, c->working, count * sizeof *host);
	double *w = host_doubles(count);
	for (size_t i = 0; i < count; i++) {
		uint32_t u = (uint32_t)host[i] << 16;
		float f;
		memcpy(&f, &u, sizeof f);
		w[i] = (double)f;
	}
	free(host);
	return w;
}

static double *rounded(const struct image *m)
{
	double *r = host_doubles(m->count);
	for (size_t i = 0; i < m->count; i++)
		r[i] = bf16_of(m->exact[i]);
	return r;
}

/* A float32 sum's bound, γ_k Σ|a||b| with Σ|a||b| ≤ k·16 for normals, and the rounding of the result. */
static double error_of(struct image *got, const double *want, int terms)
{
	image_get(got);
	return image_error(got, want, got->format.bf16 ? 0x1.01p-8 : 0, (terms + 2) * 0x1p-24 * terms * 4);
}

static void linear_shape(struct device *d, int n, int in, int out, const struct linear_types *t, double worst[3])
{
	const struct layer_ops *ops = d->ops->layers[LAYER_LINEAR];
	struct linear c;
	linear_open(d, &c, n, in, out, t);
	const struct point at = {.theta = c.theta.device};
	MUST(ops->materialise(c.p, &(struct weight_source){.at = &at, .param = {&c.weight}},
	                      c.working));
	double *w = working_of(d, &c), *x = rounded(&c.x), *dy = rounded(&c.dy);
	double *y = host_doubles(c.y.count), *dx = host_doubles(c.x.count), *dw = host_doubles(c.dw.count);
	double *db = host_doubles(c.db.count), *plain = host_doubles(c.db.count);
	for (size_t i = 0; i < c.weight.count; i++)
		worst[0] = w[i] == bf16_of(c.theta.exact[c.lead + i]) ? worst[0] : INFINITY;
	ref_linear(n, in, out, x, w, c.theta.exact + c.lead + c.weight.count, y);
	ref_linear_backward(n, in, out, x, w, dy, dx, dw, NULL);
	ref_linear_backward(n, in, out, x, w, c.dy.exact, NULL, NULL, plain);
	MUST(ops->forward(c.p, &c.io));
	worst[0] = fmax(worst[0], error_of(&c.y, y, in));
	for (int add = 0; add < 2; add++) {
		/* The second pass adds the same gradients again. */
		c.io.add_dparams = add;
		MUST(ops->backward(c.p, &c.io));
		for (size_t i = 0; add && i < c.dw.count; i++)
			dw[i] *= 2;
		for (size_t i = 0; i < c.db.count; i++)
			db[i] = plain[i] * (1 + add);
		worst[1] = fmax(worst[1], error_of(&c.dx, dx, out));
		worst[2] = fmax(worst[2], fmax(error_of(&c.dw, dw, 2 * n), error_of(&c.db, db, 2 * n)));
	}
	free(w), free(x), free(dy), free(y), free(dx), free(dw), free(db), free(plain);
	linear_close(d, &c);
}

/* θ + c·v + σξ of the segment alone, each number rounded once, and frozen θ alone; a σ of 1e-3 survives the
 * rounding. */
static void linear_points(struct device *d)
{
	const struct layer_ops *ops = d->ops->layers[LAYER_LINEAR];
	struct slots s = {.key = {3, 1}, .step = 7};
	struct linear c;
	linear_open(d, &c, 2, 300, 200, &(struct linear_types){"", true, true});
	for (size_t i = 0; i < c.theta.count; i++)
		c.theta.exact[i] *= 0.05;  /* as large as weights are */
	image_put(&c.theta);
	MUST(d->ops->slots_open(d, &s));
	s.value[COEF] = 0.25;
	s.value[SIGMA] = 1e-3;
	MUST(d->ops->slots_send(d, &s));
	struct point at = {.theta = c.theta.device, .v = c.v.device, .v_coef = COEF, .sigma = SIGMA, .stream = STREAM_PERTURB};
	struct weight_source from = {.slots = &s, .at = &at, .param = {&c.weight}};
	MUST(ops->materialise(c.p, &from, c.working));
	double *w = working_of(d, &c), worst = 0;
	for (size_t i = 0; i < c.weight.count; i++) {
		size_t e = c.lead + i;
		double want = c.theta.exact[e] + 0.25 * c.v.exact[e] + 1e-3 * rng_normal(s.key, STREAM_PERTURB, s.step, e);
		worst = fmax(worst, fabs(w[i] - want) / (0x1.01p-8 * fabs(want) + 1e-7));
	}
	ok(worst <= 1, "linear in bf16: weights are those of the point, rounded to nearest (%.3g of half a unit)", worst);
	free(w);
	at.v = NULL;
	MUST(ops->materialise(c.p, &from, c.working));
	w = working_of(d, &c);
	double sum = 0, squares = 0, n = (double)c.weight.count;
	for (size_t i = 0; i < c.weight.count; i++) {
		double e = w[i] - c.theta.exact[c.lead + i];
		sum += e;
		squares += e * e;
	}
	/* Rounding adds up to (2⁻⁸·|w|)²/12 on average over the 60,000 weights; the mean stays where it was. */
	double variance = squares / n - sum / n * (sum / n);
	ok(variance > 0.97e-6 && variance < 1.06e-6 && fabs(sum / n) < 6e-3 / sqrt(n),
	   "linear in bf16: a perturbation of σ = 1e-3 survives (variance %.3g, mean %.2g)", variance, sum / n);
	free(w);
	c.weight.frozen = true;
	MUST(ops->materialise(c.p, &from, c.working));
	w = working_of(d, &c);
	bool same = true;
	for (size_t i = 0; i < c.weight.count; i++)
		same = same && w[i] == bf16_of(c.theta.exact[c.lead + i]);
	ok(same, "linear in bf16: frozen weights are not perturbed");
	free(w);
	d->ops->slots_close(d, &s);
	linear_close(d, &c);
}

static void linear_types(struct device *d)
{
	static const struct linear_types types[] = {
		{"bf16 to bf16", true, true}, {"float32 to bf16", false, true}, {"bf16 to float32", true, false},
		{"float32 to float32", false, false},
	};
	static const int shapes[][3] = {{1, 1, 1}, {1, 17, 10}, {32, 400, 120}, {7, 33, 65}, {129, 64, 10}, {256, 300, 310}};
	for (int t = 0; t < 4; t++) {
		double worst[3] = {0};
		for (int s = 0; s < 6; s++)
			if (in_turn())
				linear_shape(d, shapes[s][0], shapes[s][1], shapes[s][2], &types[t], worst);
		ok(worst[0] <= 1, "linear in bf16, %s: y (%.2g of the bound)", types[t].name, worst[0]);
		ok(worst[1] <= 1, "linear in bf16, %s: dx (%.2g of the bound)", types[t].name, worst[1]);
		ok(worst[2] <= 1, "linear in bf16, %s: dW and db, set and added (%.2g of the bound)", types[t].name, worst[2]);
	}
}

void check_bf16_layers(struct device *d)
{
	static const char *const names[] = {"relu", "silu", "tanh"};
	for (int kind = ACTIVATION_RELU; kind <= ACTIVATION_TANH; kind++)
		activation_types(d, (enum activation)kind, names[kind]);
	struct layer l = {.kind = LAYER_LINEAR, .in = {2, 1, 1}, .out = {2, 1, 1}, .param = {1}};
	struct layer_plan *p;
	status s = d->ops->layers[LAYER_LINEAR]->plan(d, &(struct plan_request){.layer = &l, .n = 1, .precision = PRECISION_BF16}, &p);
	if (s != OK) {
		ok(s == ERR_USAGE && !p && strstr(fail_words(s, "--"), "--precision bf16") && strstr(fail_words(s, "--"), "fp32"),
		   "linear in bf16: where there is none, the message says so");
		skip("linear in bf16", fail_words(s, "--"));
		return;
	}
	d->ops->layers[LAYER_LINEAR]->drop(p);
	linear_types(d);
	linear_points(d);
}
