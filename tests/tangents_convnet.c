/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Products with the Hessian of convolutional networks, batch norm by its running statistics, against central differences of the
 * gradient in double. Directions have length 1: with steps of 1e-6 hardly an activation of 1e5 comes to a kink, and the differences
 * are the same to 1e-7 with steps of 1e-7. So what products are off by is float32's: 5e-7 of their length where batch norm's sizes
 * are constants, 2e-6 where filter response norm divides by an example's own, and more where those are of few pixels; four times
 * as much is allowed, and twice that of each tensor's own part. Convolutions are summed directly: Winograd's sums, which measurements
 * may choose, have larger errors. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "src/data/dataset.h"
#include "src/data/normalize.h"
#include "src/net/net.h"
#include "tests/apart.h"
#include "tests/convnet_body.h"
#include "tests/device_vec.h"
#include "tests/predict_rows.h"
#include "tests/ref/loss.h"
#include "tests/ref/net.h"
#include "tests/tap.h"

enum { CLASSES = 5, ROWS = 3, DIRECTIONS = 2 };
static const double step = 1e-6;
static const struct rng_key key = {23, 0};

struct network {
	const char *name, *until, *activation, *norm;
	int side;
	double allowed;
};

struct subject {
	struct device *d, *other;  /* of one and of three threads */
	const char *name;
	double allowed;
	struct model model;
	struct dataset data;
	struct normalize normalize;
	struct potential *p, *p_other;
	struct slots slots;
	size_t n;
	int label[ROWS];
	double *x, *theta, *stats;
	float *there, *stats_there, *product;          /* device: θ, its statistics, a result */
	float *v[DIRECTIONS];
	float *hv[DIRECTIONS];     /* host: their products */
};

static double *doubles_of(const float *x, size_t n)
{
	double *out = host_doubles(n);
	for (size_t i = 0; i < n; i++)
		out[i] = (double)x[i];
	return out;
}

static void make_data(struct subject *u, int side)
{
	const size_t pixels = (size_t)ROWS * 3 * (size_t)side * (size_t)side;
	float *x = host_take(pixels * sizeof *x);
	int32_t *label = host_take(ROWS * sizeof *label);
	for (size_t i = 0; i < pixels; i++)
		x[i] = (float)rng_normal(key, STREAM_DATA, 0, i);
	for (int i = 0; i < ROWS; i++)
		u->label[i] = label[i] = (int32_t)(i % CLASSES);
	u->x = doubles_of(x, pixels);
	u->data = (struct dataset){.kind = "npy", .spec = "npy:test", .n = ROWS, .element = ELEMENT_F32, .image = true, .c = 3,
	                           .h = side, .w = side, .x = x, .label = label, .n_classes = CLASSES};
}

/* θ somewhere near where chains begin, biases and scales moved too, and what the running statistics are after a batch there. */
static void make_point(struct subject *u)
{
	const size_t stats = u->model.stats.count;
	float *theta = host_take(u->n * sizeof *theta), *host = host_take((stats + 1) * sizeof *host);
	double *unused = host_doubles(u->n);
	segments_init(&u->model.params, key, theta);
	for (size_t i = 0; i < u->n; i++)
		theta[i] += 0.02f * (float)rng_normal(key, STREAM_PROBE, 0, i);
	segments_init(&u->model.stats, key, host);
	u->theta = doubles_of(theta, u->n);
	u->stats = doubles_of(host, stats + 1);
	if (stats)
		ref_net(&u->model, PRECISION_FP32, u->theta, ROWS, u->x, u->label, u->stats, unused);
	for (size_t i = 0; i < stats; i++)
		u->stats[i] = (double)(host[i] = (float)u->stats[i]);
	u->there = upload(u->d, theta, u->n * sizeof *theta);
	u->stats_there = upload(u->d, host, (stats + 1) * sizeof *host);
	u->product = device_take(u->d, u->n * sizeof *theta);
	free(theta), free(host), free(unused);
}

static void make_directions(struct subject *u)
{
	for (int k = 0; k < DIRECTIONS; k++) {
		double length = 0;
		u->v[k] = host_take(u->n * sizeof(float));
		for (size_t i = 0; i < u->n; i++) {
			u->v[k][i] = (float)rng_normal(key, STREAM_PROBE, 1 + (uint64_t)k, i);
			length += (double)u->v[k][i] * (double)u->v[k][i];
		}
		for (size_t i = 0; i < u->n; i++)
			u->v[k][i] /= (float)sqrt(length);
	}
}

static void subject_open(struct subject *u, const struct network *c)
{
	*u = (struct subject){.name = c->name, .allowed = c->allowed, .slots = {.key = key}};
	struct net_options o = {.model = &u->model, .data = &u->data, .normalize = &u->normalize, .batch = ROWS, .tangents = true,
	                        .algo = CONV_DIRECT};
	MUST(backend_open("cpu", 1, &u->d));
	MUST(backend_open("cpu", 3, &u->other));
	make_data(u, c->side);
	MUST(likelihood_find("categorical", &o.likelihood));
	MUST(model_build(c->name, c->activation, c->norm, (const int[]){3, c->side, c->side}, CLASSES, &u->model));
	if (c->until)
		convnet_cut(&u->model, c->until);
	MUST(net_open(&o, u->d, &u->p));
	MUST(net_open(&o, u->other, &u->p_other));
	u->n = u->p->n_params;
	make_point(u);
	make_directions(u);
}

static void subject_close(struct subject *u)
{
	potential_close(u->p);
	potential_close(u->p_other);
	u->d->ops->free(u->d, u->there);
	u->d->ops->free(u->d, u->stats_there);
	u->d->ops->free(u->d, u->product);
	u->d->ops->close(u->d);
	u->other->ops->close(u->other);
	for (int k = 0; k < DIRECTIONS; k++)
		free(u->v[k]), free(u->hv[k]);
	free((void *)u->data.x), free((void *)u->data.label), free(u->x), free(u->theta), free(u->stats);
	model_free(&u->model);
}

static struct gradient_request request_of(const struct subject *u, int first, int n)
{
	return (struct gradient_request){.at = {.theta = u->there}, .gradient = u->product, .accumulate = first > 0, .policy = STATS_USE,
	                                 .stats = u->model.stats.n ? u->stats_there : NULL,
	                                 .batch = {.offset = (size_t)first, .n = n, .scale = 1.0 / ROWS}};
}

/* H·v of rows in two parts, or one; the caller's. All is in the host's memory. */
static float *multiply(struct subject *u, struct potential *p, const float *v, int part)
{
	struct gradient_request r = request_of(u, 0, part);
	MUST(p->ops->hvp(p, &u->slots, &r, v));
	r = request_of(u, part, ROWS - part);
	if (part < ROWS)
		MUST(p->ops->hvp(p, &u->slots, &r, v));
	return fetch(u->d, u->product, u->n * sizeof(float));
}

static double *differences(const struct subject *u, const float *v)
{
	double *at = host_doubles(u->n), *up = host_doubles(u->n), *down = host_doubles(u->n);
	const double *stats = u->model.stats.n ? u->stats : NULL;
	for (size_t i = 0; i < u->n; i++)
		at[i] = u->theta[i] + step * (double)v[i];
	ref_net_used(&u->model, at, ROWS, u->x, u->label, stats, up);
	for (size_t i = 0; i < u->n; i++)
		at[i] = u->theta[i] - step * (double)v[i];
	ref_net_used(&u->model, at, ROWS, u->x, u->label, stats, down);
	for (size_t i = 0; i < u->n; i++)
		up[i] = (up[i] - down[i]) / (2 * step);
	free(at), free(down);
	return up;
}

static double dot(const float *a, const float *b, size_t n)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += (double)a[i] * (double)b[i];
	return sum;
}

static double between(const float *got, const float *want, size_t n)
{
	double *w = doubles_of(want, n);
	const double ratio = apart(got, w, n);
	free(w);
	return ratio;
}

static void check_values(struct subject *u)
{
	double *want = differences(u, u->v[0]), worst = 0;
	const char *where = "";
	near(apart(u->hv[0], want, u->n), 0, u->allowed, "%s: a product is the difference of gradients", u->name);
	for (int i = 0; i < u->model.params.n; i++) {
		const struct segment *seg = &u->model.params.at[i];
		const double ratio = apart(u->hv[0] + seg->offset, want + seg->offset, seg->count);
		where = ratio > worst ? seg->name : where;
		worst = fmax(worst, ratio);
	}
	if (!near(worst, 0, 2 * u->allowed, "%s: of each tensor by itself", u->name))
		note("worst at %s", where);
	free(want);
}

/* The value, the gradient and the predictions of a network so opened are those by the running statistics. */
static void check_gradient(struct subject *u)
{
	double *want = host_doubles(u->n), predicted = 0;
	float logits[ROWS * CLASSES];
	struct gradient_request r = request_of(u, 0, ROWS);
	const double value = ref_net_used(&u->model, u->theta, ROWS, u->x, u->label, u->model.stats.n ? u->stats : NULL, want);
	MUST(u->p->ops->value_grad(u->p, &u->slots, &r));
	near(u->slots.value[SLOT_NLL], value, 1e-5 * value, "%s: the value by the running statistics", u->name);
	near(apart(u->product, want, u->n), 0, 1e-5, "%s: and its gradient", u->name);
	MUST(u->p->ops->prepare(u->p, u->there, u->stats_there));
	MUST(predict_rows(u->p, 0, ROWS, logits));
	for (int i = 0; i < ROWS; i++) {
		double x[CLASSES];
		for (int j = 0; j < CLASSES; j++)
			x[j] = (double)logits[i * CLASSES + j];
		predicted += ref_loss(LOSS_CATEGORICAL, CLASSES, x, u->label[i], NULL, 0, NULL) / ROWS;
	}
	near(predicted, value, 1e-5 * value, "%s: so are predictions", u->name);
	float *again = multiply(u, u->p, u->v[0], ROWS);
	ok(memcmp(again, u->hv[0], u->n * sizeof *again) == 0, "%s: products have the same bits after them", u->name);
	free(again);
	r.policy = STATS_RUN;
	if (u->model.stats.n)
		ok(u->p->ops->value_grad(u->p, &u->slots, &r) == ERR_USAGE, "%s: a batch's own statistics are refused", u->name);
	free(want);
}

static void check_network(const struct network *c)
{
	struct subject u;
	subject_open(&u, c);
	const size_t bytes = u.n * sizeof(float);
	for (int k = 0; k < DIRECTIONS; k++)
		u.hv[k] = multiply(&u, u.p, u.v[k], ROWS);
	check_values(&u);
	const double size = sqrt(dot(u.hv[0], u.hv[0], u.n));
	near(dot(u.v[1], u.hv[0], u.n), dot(u.v[0], u.hv[1], u.n), u.allowed * size, "%s: uᵀHv = vᵀHu", u.name);
	float *sum = host_take(bytes), *want = host_take(bytes);
	for (size_t i = 0; i < u.n; i++) {
		sum[i] = 3 * u.v[0][i] - 2 * u.v[1][i];
		want[i] = 3 * u.hv[0][i] - 2 * u.hv[1][i];
	}
	float *got = multiply(&u, u.p, sum, ROWS), *again = multiply(&u, u.p, u.v[0], ROWS);
	float *parts = multiply(&u, u.p, u.v[0], 1), *threads = multiply(&u, u.p_other, u.v[0], ROWS);
	near(between(got, want, u.n), 0, u.allowed, "%s: products are linear", u.name);
	ok(memcmp(again, u.hv[0], bytes) == 0, "%s: the same bits again", u.name);
	near(between(parts, u.hv[0], u.n), 0, u.allowed, "%s: parts of a batch add up", u.name);
	near(between(threads, u.hv[0], u.n), 0, u.allowed, "%s: so it is with another number of threads", u.name);
	memcpy(u.product, u.v[0], bytes);
	free(again);
	again = multiply(&u, u.p, u.product, ROWS);
	ok(memcmp(again, u.hv[0], bytes) == 0, "%s: and where the product takes the direction's place", u.name);
	free(sum), free(want), free(got), free(again), free(parts), free(threads);
	check_gradient(&u);
	subject_close(&u);
}

int main(void)
{
	static const struct network networks[] = {
		{"lenet", NULL, "relu", NULL, 16, 2e-6},
		{"lenet", NULL, "silu", NULL, 12, 2e-6},
		{"resnet20", NULL, "relu", "bn", 8, 2e-6},
		{"resnet20", "layer2.1.conv1.weight", "tanh", "frn", 8, 8e-6},
		{"resnet20", "layer2.0.conv1.weight", "silu", "frn", 8, 8e-6},
		{"resnet20", NULL, "relu", "frn", 8, 5e-5},
		{"resnet18", "layer2.0.conv1.weight", "relu", "bn", 8, 2e-6},
		{"resnet50", "layer1.1.conv1.weight", "silu", "bn", 8, 2e-6},
	};
	for (size_t i = 0; i < sizeof networks / sizeof *networks; i++)
		if (in_turn())
			check_network(&networks[i]);
	return done_testing();
}
