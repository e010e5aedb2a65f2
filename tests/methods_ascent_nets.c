/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* SAM and its kin on networks: beside the same step put together by hand, and what a second pass must leave alone. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "samplers/sam.h"
#include "tests/device_vec.h"
#include "tests/sampler_body.h"
#include "tests/tap.h"

enum { ROWS = 10, SIDE = 8, CLASSES = 3, BATCH = 5, THETA = BASE_THETA };
static const struct rng_key key = {17, 2};
static const double lr = 0.05, decay = 0.2;

/* ---- a network on small images, augmented ---- */

struct subject {
	struct device *d;
	struct dataset data;
	struct normalize normalize;
	struct model model;
	struct potential *p;
	size_t n;
	float *start;            /* host, n */
};

static void make_images(struct dataset *data)
{
	enum { PIXELS = 3 * SIDE * SIDE };
	uint8_t *x = host_take(ROWS * PIXELS);
	int32_t *label = host_take(ROWS * sizeof *label);
	for (int i = 0; i < ROWS * PIXELS; i++)
		x[i] = (uint8_t)rng_below(key, STREAM_DATA, 0, (uint32_t)i, 256);
	for (int i = 0; i < ROWS; i++)
		label[i] = i % CLASSES;
	*data = (struct dataset){.kind = "npy", .spec = "npy:test", .n = ROWS, .element = ELEMENT_U8, .c = 3, .h = SIDE, .w = SIDE,
	                         .x = x, .label = label, .n_classes = CLASSES, .image = true};
}

/* False where the device has not the model's layers, or the precision. */
static bool subject_open(struct subject *q, struct device *d, const char *spec, enum precision precision, const char *freeze)
{
	const struct likelihood *likelihood;
	*q = (struct subject){.d = d};
	make_images(&q->data);
	MUST(normalize_parse("data", &q->data, &q->normalize));
	MUST(likelihood_find("categorical", &likelihood));
	MUST(model_build(spec, "relu", NULL, (int[]){3, SIDE, SIDE}, CLASSES, &q->model));
	if (freeze)
		MUST(segments_freeze(&q->model.params, freeze));
	MUST(segments_prior(&q->model.params, "gaussian,*.weight=3"));
	const struct net_options o = {.model = &q->model, .data = &q->data, .normalize = &q->normalize, .likelihood = likelihood, .noise_sd = 1,
	                              .augment = AUGMENT_CROP_FLIP, .precision = precision, .algo = CONV_DIRECT, .batch = BATCH};
	if (model_lacks(&q->model, d) || net_open(&o, d, &q->p) != OK)
		return false;
	q->n = q->p->n_params;
	q->start = host_take(q->n * sizeof *q->start);
	segments_init(q->p->params, key, q->start);
	return true;
}

static void subject_close(struct subject *q)
{
	potential_close(q->p);
	model_free(&q->model);
	free((void *)q->data.x), free((void *)q->data.label), free(q->start);
}

static void begin(struct bench *b, const struct subject *q, const char *method, const char *const *extra, double delta)
{
	const struct state_plan plan = {.potential = q->p, .n = ROWS, .batch = BATCH, .temperature = 1, .decay = delta, .lr_max = 1};
	float *stats = host_take((q->p->n_stats + 1) * sizeof *stats);
	bench_open_plan(b, &plan, method, extra);
	b->state.s.slots.key = key;
	segments_init(q->p->stats, key, stats);
	MUST(state_put(&b->state, THETA, q->start));
	MUST(state_put_stats(&b->state, stats));
	free(stats);
}

/* θ and the running statistics after so many steps; the caller's to free. */
struct outcome {
	float *theta, *stats;
};

static struct outcome after(const struct subject *q, const char *method, const char *const *extra, int steps)
{
	struct bench b;
	struct outcome o = {host_take(q->n * sizeof(float)), host_take((q->p->n_stats + 1) * sizeof(float))};
	begin(&b, q, method, extra, decay);
	for (int k = 0; k < steps; k++)
		MUST(state_step(&b.state, lr, 1));
	MUST(state_get(&b.state, THETA, o.theta));
	MUST(state_get_stats(&b.state, o.stats));
	bench_close(&b);
	return o;
}

static bool same(const struct subject *q, const struct outcome *a, const struct outcome *b)
{
	return !memcmp(a->theta, b->theta, q->n * sizeof(float)) && !memcmp(a->stats, b->stats, q->p->n_stats * sizeof(float));
}

static void forget(struct outcome *o)
{
	free(o->theta), free(o->stats);
}

/* ---- reductions ---- */

/* Whatever else a step evaluates, running statistics are those of its first pass at θ: of sgd's step. */
static void check_first_pass(struct subject *q, const char *name, const float *stats)
{
	static const struct {
		const char *method, *words[5];
	} cases[] = {
		{"sam", {NULL}},
		{"asam", {NULL}},
		{"rw-sam", {"--probe-size", "0.1", NULL}},
		{"tail-sgd", {"--heavy-batch", "same", NULL}},
		{"tail-sgd", {"--heavy-batch", "fresh", NULL}},
		{"tail-sgd", {"--heavy-batch", "full", "--clip", "0.1", NULL}},
		{"psgld", {"--correction", "probe", "--probe-size", "0.1", NULL}},
		{"sgnht", {NULL}},
	};
	for (size_t i = 0; q->p->n_stats && i < sizeof cases / sizeof *cases; i++) {
		struct outcome o = after(q, cases[i].method, cases[i].words, 1);
		ok(!memcmp(stats, o.stats, q->p->n_stats * sizeof *stats), "%s: %s%s%s leaves the running statistics of sgd's step", name,
		   cases[i].method, cases[i].words[0] ? " " : "", cases[i].words[0] ? cases[i].words[1] : "");
		forget(&o);
	}
}

/* ρ = 0 is sgd to the last bit, statistics too, so both passes see the same images and statistics are the first one's; m-sam on
 * whole batches is sam. */
static void check_bits(struct subject *q, const char *name)
{
	static const char *const methods[] = {"sam", "asam", "m-sam", "rw-sam"};
	struct outcome sgd = after(q, "sgd", (const char *[]){"--momentum", "0.9", NULL}, 3), other, first;
	for (int i = 0; i < 4; i++) {
		other = after(q, methods[i], (const char *[]){"--momentum", "0.9", "--rho", "0", NULL}, 3);
		ok(same(q, &sgd, &other), "%s: %s, ρ = 0, is sgd, bit for bit", name, methods[i]);
		forget(&other);
	}
	forget(&sgd);
	sgd = after(q, "sgd", NULL, 1);
	first = after(q, "sam", NULL, 1);
	other = after(q, "m-sam", (const char *[]){"--micro-batch", "5", NULL}, 1);
	ok(memcmp(sgd.theta, first.theta, q->n * sizeof(float)), "%s: sam is not sgd", name);
	ok(same(q, &first, &other), "%s: m-sam, m = B, is sam, bit for bit", name);
	check_first_pass(q, name, sgd.stats);
	const struct segment *frozen = segments_find(q->p->params, "conv1.weight");
	if (frozen && frozen->frozen)
		ok(!memcmp(first.theta + frozen->offset, q->start + frozen->offset, frozen->count * sizeof(float)), "%s: sam leaves alone what is frozen", name);
	forget(&sgd), forget(&first), forget(&other);
}

/* ---- by hand ---- */

/* The gradient of a part of the step's batch at a point, host to host. */
static void gradient_at(struct sampler_state *s, size_t n, const float *theta, size_t first, int count, float *g)
{
	struct device *d = s->potential->device;
	struct batch part = s->batch;
	float *there = upload(d, theta, n * sizeof *theta);
	part.offset += first;
	part.n = count;
	part.scale = 1.0 / count;
	MUST(sampler_gradient_at(s, &(struct sampler_gradient_request){.at = {.theta = there}, .batch = &part, .gradient = s->gradient}));
	MUST(d->ops->get(d, g, s->gradient, n * sizeof *g));
	d->ops->free(d, there);
}

static double unit(const struct segments *params, size_t i, double theta, double eta)
{
	for (int q = 0; q < params->n; q++) {
		const struct segment *at = &params->at[q];
		if (i >= at->offset && i < at->offset + at->count)
			return strstr(at->name, ".weight") ? fabs(theta) + eta : 1;
	}
	return 1;
}

/* δ times the prior's factor of each element; 0 where it is frozen. The caller's to free. */
static double *pulls(const struct subject *q)
{
	double *pull = host_doubles(q->n);
	for (int p = 0; p < q->p->pieces->n; p++)
		for (size_t i = q->p->pieces->at[p].offset, end = i + q->p->pieces->at[p].count; i < end; i++)
			pull[i] = q->p->pieces->at[p].frozen ? 0 : decay * q->p->pieces->at[p].prior;
	return pull;
}

struct case_by_hand {
	const char *method, *words[6];
	double rho, eta;         /* η below 0: T = 1 */
	int m;
	bool loss;               /* the decay is part of it */
};

/* One step of the method from the start: e of each part of m, and the mean of the gradients there. */
static void by_hand(struct subject *q, const struct case_by_hand *c, double *want)
{
	struct bench b;
	float *g = host_take(q->n * sizeof *g), *there = host_take(q->n * sizeof *there);
	double *pull = pulls(q);
	begin(&b, q, "sgd", NULL, decay);
	struct sampler_state *s = &b.state.s;
	MUST(batches_at(&b.state.batches, 0, &s->slots, &s->batch));
	MUST(q->d->ops->slots_send(q->d, &s->slots));
	for (size_t i = 0; i < q->n; i++)
		want[i] = q->start[i] - (c->loss ? 0 : lr * pull[i] * q->start[i]);
	for (int first = 0; first < BATCH; first += c->m) {
		int count = BATCH - first < c->m ? BATCH - first : c->m;
		double square = 0;
		gradient_at(s, q->n, q->start, (size_t)first, count, g);
		for (size_t i = 0; i < q->n; i++) {
			double t = c->eta < 0 ? 1 : unit(q->p->params, i, q->start[i], c->eta), sum = g[i] + c->loss * pull[i] * q->start[i];
			square += t * t * sum * sum;
			there[i] = (float)(t * t * sum);
		}
		for (size_t i = 0; i < q->n; i++)
			there[i] = (float)(q->start[i] + c->rho / sqrt(square) * there[i]);
		gradient_at(s, q->n, there, (size_t)first, count, g);
		for (size_t i = 0; i < q->n; i++)
			want[i] -= lr * count / BATCH * (g[i] + c->loss * pull[i] * there[i]);
	}
	bench_close(&b);
	free(g), free(there), free(pull);
}

static void check_by_hand(struct subject *q, const char *name, double tolerance)
{
	static const struct case_by_hand cases[] = {
		{"sam", {"--rho", "0.4", NULL}, 0.4, -1, BATCH, false},
		{"asam", {"--rho", "0.6", "--asam-eta", "0.1", NULL}, 0.6, 0.1, BATCH, false},
		{"m-sam", {"--rho", "0.4", "--micro-batch", "2", NULL}, 0.4, -1, 2, false},
		{"m-sam", {"--rho", "0.4", "--micro-batch", "2", "--perturb-decay", NULL}, 0.4, -1, 2, true},
	};
	double *want = host_doubles(q->n);
	for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
		struct outcome o = after(q, cases[c].method, cases[c].words, 1);
		double worst = 0, moved = 0;
		by_hand(q, &cases[c], want);
		for (size_t i = 0; i < q->n; i++) {
			worst = fmax(worst, fabs(o.theta[i] - want[i]));
			moved = fmax(moved, fabs(want[i] - q->start[i]));
		}
		near(worst / moved, 0, tolerance, "%s: %s%s is the step put together by hand", name, cases[c].method,
		     cases[c].loss ? ", the decay in the loss," : "");
		forget(&o);
	}
	free(want);
}

/* ---- what is said of them ---- */

/* The loss at θ + e after one step from there. */
static double uphill(const struct subject *q, const char *method, const char *const *extra, const float *theta)
{
	struct bench b;
	begin(&b, q, method, extra, 0);
	MUST(state_put(&b.state, THETA, theta));
	MUST(state_step(&b.state, lr, 1));
	MUST(q->d->ops->slots_fetch(q->d, &b.state.s.slots));
	double value = b.state.s.slots.value[SLOT_NLL];
	bench_close(&b);
	return value;
}

/* A net without biases is the same function at (4W₁, W₂/4), and so is its worst loss near by, if lengths are the weights'. */
static void check_scales(struct device *d)
{
	struct subject q;
	MUST(subject_open(&q, d, "mlp:192-16-3", PRECISION_FP32, "*.bias") ? OK : ERR_LIBRARY);
	float *a = host_take(q.n * sizeof *a), *b = host_take(q.n * sizeof *b);
	for (int i = 0; i < q.p->params->n; i++) {
		const struct segment *s = &q.p->params->at[i];
		for (size_t j = s->offset; j < s->offset + s->count; j++) {
			a[j] = s->frozen ? 0 : q.start[j];
			b[j] = a[j] * (i ? 0.25f : 4);
		}
	}
	const char *const words[] = {"--rho", "0.5", "--asam-eta", "0", NULL};
	double plain = uphill(&q, "sam", words + 4, a), adaptive = uphill(&q, "asam", words, a);
	near(uphill(&q, "asam", words, b), adaptive, 1e-6 * adaptive, "asam, η = 0: a network of other scales has the same loss uphill");
	ok(fabs(uphill(&q, "sam", words + 4, b) - plain) > 1e-3 * plain, "sam: it has another");
	free(a), free(b);
	subject_close(&q);
}

/* g₂ = ∇(ℓ + ρ‖∇ℓ‖) + O(ρ²): along a direction, against the difference of norms. */
static void check_first_order(struct device *d)
{
	const double rho = 1e-3, t = 1e-3;
	struct subject q;
	struct bench b;
	MUST(subject_open(&q, d, "linear", PRECISION_FP32, NULL) ? OK : ERR_LIBRARY);
	float *g[4], *there = host_take(q.n * sizeof *there);
	double along = 0, square[2] = {0};
	for (int i = 0; i < 4; i++)
		g[i] = host_take(q.n * sizeof **g);
	begin(&b, &q, "sam", (const char *[]){"--rho", "1e-3", NULL}, 0);
	MUST(state_step(&b.state, 0, 1));
	MUST(q.d->ops->get(d, g[0], b.state.s.gradient, q.n * sizeof **g));
	gradient_at(&b.state.s, q.n, q.start, 0, BATCH, g[1]);
	for (int side = 0; side < 2; side++) {
		for (size_t i = 0; i < q.n; i++)
			there[i] = (float)(q.start[i] + (side ? t : -t) * rng_normal(key, STREAM_PROBE, 0, i));
		gradient_at(&b.state.s, q.n, there, 0, BATCH, g[2 + side]);
	}
	for (size_t i = 0; i < q.n; i++) {
		along += ((double)g[0][i] - (double)g[1][i]) / rho * rng_normal(key, STREAM_PROBE, 0, i);
		for (int side = 0; side < 2; side++)
			square[side] += (double)g[2 + side][i] * (double)g[2 + side][i];
	}
	near(along / ((sqrt(square[1]) - sqrt(square[0])) / (2 * t)), 1, 0.02, "sam: to first order g₂ is the gradient of ℓ + ρ‖∇ℓ‖");
	bench_close(&b);
	for (int i = 0; i < 4; i++)
		free(g[i]);
	free(there);
	subject_close(&q);
}

/* At θ = 0 and η = 1 every T is 1. */
static void check_unit(struct device *d)
{
	struct subject q;
	double worst = 0, moved = 0;
	MUST(subject_open(&q, d, "linear", PRECISION_FP32, NULL) ? OK : ERR_LIBRARY);
	memset(q.start, 0, q.n * sizeof *q.start);
	struct outcome sam = after(&q, "sam", (const char *[]){"--rho", "0.5", NULL}, 1);
	struct outcome asam = after(&q, "asam", (const char *[]){"--rho", "0.5", "--asam-eta", "1", NULL}, 1);
	for (size_t i = 0; i < q.n; i++) {
		worst = fmax(worst, fabs((double)sam.theta[i] - (double)asam.theta[i]));
		moved = fmax(moved, fabs((double)sam.theta[i]));
	}
	near(worst / moved, 0, 1e-6, "asam at θ = 0 with η = 1 is sam");
	forget(&sam), forget(&asam);
	subject_close(&q);
}

void check_ascent_nets(struct device *d)
{
	static const struct {
		const char *name, *spec, *freeze;
		enum precision precision;
		double tolerance;
	} nets[] = {
		{"mlp", "mlp:192-16-3", NULL, PRECISION_FP32, 1e-5},
		{"resnet20", "resnet20", "conv1.weight", PRECISION_FP32, 1e-3},
		{"mlp, bf16", "mlp:192-16-3", NULL, PRECISION_BF16, 5e-2},
	};
	for (size_t i = 0; i < sizeof nets / sizeof *nets; i++) {
		struct subject q;
		if (subject_open(&q, d, nets[i].spec, nets[i].precision, nets[i].freeze)) {
			check_bits(&q, nets[i].name);
			check_by_hand(&q, nets[i].name, nets[i].tolerance);
		}
		subject_close(&q);
	}
	check_scales(d);
	check_first_order(d);
	check_unit(d);
}
