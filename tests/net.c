/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Networks as potentials: values, gradients and predictions against the double oracle and PyTorch's numbers. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/golden/mlp_torch.h"
#include "src/data/dataset.h"
#include "src/data/normalize.h"
#include "src/net/net.h"
#include "tests/ref/ref.h"
#include "tests/predict_rows.h"
#include "tests/device_vec.h"
#include "tests/tap.h"

static const struct rng_key key = {3, 1};
enum { VALUES = 1 << 15 };

/* ---- a network with everything around it ---- */

struct problem {
	struct device *d;
	struct model model;
	struct dataset data;
	struct normalize normalize;
	struct potential *p;
	struct slots slots;
	float *theta, *gradient;         /* device */
	float *host;                     /* n_params */
	double *exact, *x, *want;        /* θ; the inputs the network sees; the oracle's gradient */
	double *target;
	struct ref_mlp ref;
	int width[8];
};

/* Fills a data set of n rows of random inputs with targets of the likelihood's kind. */
static void random_data(struct problem *q, int n, int inputs, int outputs, enum loss_kind loss)
{
	float *x = host_take((size_t)n * (size_t)inputs * sizeof *x);
	float *target = host_take((size_t)n * (size_t)outputs * sizeof *target);
	int32_t *label = host_take((size_t)n * sizeof *label);
	for (int i = 0; i < n * inputs; i++)
		x[i] = (float)rng_normal(key, STREAM_DATA, 0, (uint64_t)i);
	for (int i = 0; i < n * outputs; i++)
		target[i] = (float)rng_normal(key, STREAM_DATA, 1, (uint64_t)i);
	for (int i = 0; i < n; i++)
		label[i] = (int32_t)rng_below(key, STREAM_DATA, 2, (uint32_t)i, loss == LOSS_BERNOULLI ? 2 : (uint64_t)outputs);
	q->data = (struct dataset){.kind = "csv", .spec = "csv:test", .n = (size_t)n, .element = ELEMENT_F32, .c = 1, .h = 1,
	                           .w = inputs, .x = x};
	if (loss == LOSS_GAUSSIAN) {
		q->data.target = target;
		q->data.n_targets = outputs;
		free(label);
	} else {
		q->data.label = label;
		q->data.n_classes = loss == LOSS_BERNOULLI ? 2 : outputs;
		free(target);
	}
}

/* Everything for a model whose data set is in place. */
static void problem_open(struct problem *q, const char *spec, const char *activation, const char *likelihood, double noise_sd,
                         int batch, const char *freeze)
{
	const struct likelihood *l;
	int outputs, input[3] = {q->data.c, q->data.h, q->data.w}, inputs = input[0] * input[1] * input[2];
	MUST(backend_open("cpu", 2, &q->d));
	MUST(likelihood_find(likelihood, &l));
	const struct targets targets = dataset_targets(&q->data);
	MUST(likelihood_outputs(l, &targets, &outputs));
	MUST(model_build(spec, activation, NULL, input, outputs, &q->model));
	if (freeze)
		MUST(segments_freeze(&q->model.params, freeze));
	struct net_options o = {.model = &q->model, .data = &q->data, .normalize = &q->normalize, .likelihood = l,
	                        .noise_sd = noise_sd, .batch = batch};
	MUST(net_open(&o, q->d, &q->p));
	MUST(q->d->ops->slots_open(q->d, &q->slots));
	q->slots.key = key;
	size_t n = q->p->n_params;
	q->theta = device_take(q->d, n * sizeof(float));
	q->gradient = device_take(q->d, n * sizeof(float));
	q->host = host_take(n * sizeof *q->host);
	q->exact = host_take(n * sizeof *q->exact);
	q->want = host_take(n * sizeof *q->want);
	segments_init(&q->model.params, key, q->host);
	for (size_t i = 0; i < n; i++)
		q->exact[i] = (double)q->host[i];
	MUST(q->d->ops->put(q->d, q->theta, q->host, n * sizeof(float)));
	q->width[0] = inputs;
	int widths = 1;
	for (int i = 0; i < q->model.n_layers; i++)
		if (q->model.layer[i].kind == LAYER_LINEAR)
			q->width[widths++] = q->model.layer[i].out[0];
	q->ref = (struct ref_mlp){widths, q->width, q->model.activation, l->loss, noise_sd};
	int per = l->loss == LOSS_GAUSSIAN ? outputs : 1;
	q->target = host_take(q->data.n * (size_t)per * sizeof *q->target);
	for (size_t i = 0; i < q->data.n * (size_t)per; i++)
		q->target[i] = q->data.target ? (double)q->data.target[i] : q->data.label[i];
	q->x = host_take(q->data.n * (size_t)inputs * sizeof *q->x);
	for (size_t i = 0; i < q->data.n * (size_t)inputs; i++)
		q->x[i] = q->data.element == ELEMENT_F32 ? (double)((const float *)q->data.x)[i] : ((const uint8_t *)q->data.x)[i];
}

static void problem_close(struct problem *q)
{
	potential_close(q->p);
	q->d->ops->free(q->d, q->theta);
	q->d->ops->free(q->d, q->gradient);
	q->d->ops->slots_close(q->d, &q->slots);
	q->d->ops->close(q->d);
	model_free(&q->model);
	free((void *)q->data.x);
	free((void *)q->data.label);
	free((void *)q->data.target);
	free(q->host), free(q->exact), free(q->want), free(q->x), free(q->target);
	*q = (struct problem){0};
}

static struct gradient_request request(const struct problem *q, size_t first, int n)
{
	return (struct gradient_request){.at = {.theta = q->theta}, .batch = {.offset = first, .n = n, .scale = 1.0 / n},
	                                 .gradient = q->gradient};
}

/* The largest error of the gradient, in units of its own largest element. */
static double gradient_error(struct problem *q, const double *want)
{
	double worst = 0, largest = 0;
	MUST(q->d->ops->get(q->d, q->host, q->gradient, q->p->n_params * sizeof(float)));
	for (size_t i = 0; i < q->p->n_params; i++) {
		double off = fabs((double)q->host[i] - want[i]);
		worst = off > worst || isnan(off) ? off : worst;
		largest = fmax(largest, fabs(want[i]));
	}
	return worst / largest;
}

static double oracle(struct problem *q, const double *theta, size_t first, int n, const double *weight, double scale)
{
	int inputs = q->width[0], per = q->data.target ? q->data.n_targets : 1;
	return ref_mlp(&q->ref, theta, n, q->x + first * (size_t)inputs, q->target + first * (size_t)per, weight, scale, q->want,
	               NULL);
}

/* ---- PyTorch's numbers ---- */

static void golden(const struct golden *g)
{
	struct problem q = {0};
	random_data(&q, GOLDEN_ROWS, g->inputs, g->outputs,
	            !strcmp(g->likelihood, "gaussian") ? LOSS_GAUSSIAN : g->outputs == 1 ? LOSS_BERNOULLI : LOSS_CATEGORICAL);
	for (int i = 0; i < GOLDEN_ROWS * g->inputs; i++)
		((float *)q.data.x)[i] = (float)g->x[i];
	for (int i = 0; i < GOLDEN_ROWS * (q.data.target ? g->outputs : 1); i++)
		if (q.data.target)
			((float *)q.data.target)[i] = (float)g->target[i];
		else
			((int32_t *)q.data.label)[i] = (int32_t)g->target[i];
	problem_open(&q, g->model, g->activation, g->likelihood, g->noise_sd, GOLDEN_ROWS, NULL);
	for (size_t i = 0; i < q.p->n_params; i++)
		q.host[i] = (float)g->theta[i];
	MUST(q.d->ops->put(q.d, q.theta, q.host, q.p->n_params * sizeof(float)));
	struct gradient_request r = request(&q, 0, GOLDEN_ROWS);
	MUST(q.p->ops->value_grad(q.p, &q.slots, &r));
	near(q.slots.value[SLOT_NLL], g->loss, 1e-5 * fabs(g->loss), "%s %s: PyTorch's loss", g->model, g->likelihood);
	near(gradient_error(&q, g->gradient), 0, 1e-5, "%s %s: PyTorch's gradient", g->model, g->likelihood);
	float out[GOLDEN_ROWS * 8];
	MUST(q.p->ops->prepare(q.p, q.theta, NULL));
	MUST(predict_rows(q.p, 0, GOLDEN_ROWS, out));
	double worst = 0, largest = 0;
	for (int i = 0; i < GOLDEN_ROWS * g->outputs; i++) {
		worst = fmax(worst, fabs((double)out[i] - g->output[i]));
		largest = fmax(largest, fabs(g->output[i]));
	}
	near(worst / largest, 0, 1e-5, "%s %s: PyTorch's outputs", g->model, g->likelihood);
	problem_close(&q);
}

/* ---- against the oracle ---- */

static void gradients(const char *activation, const char *likelihood, enum loss_kind loss, int outputs)
{
	struct problem q = {0};
	char spec[64];
	snprintf(spec, sizeof spec, "mlp:13-33-18-%d", outputs);
	random_data(&q, 50, 13, outputs, loss);
	problem_open(&q, spec, activation, likelihood, 0.5, 50, NULL);
	double value = oracle(&q, q.exact, 0, 50, NULL, 1.0 / 50);
	struct gradient_request r = request(&q, 0, 50);
	r.count = true;
	MUST(q.p->ops->value_grad(q.p, &q.slots, &r));
	near(q.slots.value[SLOT_NLL], value, 1e-6 * fabs(value), "%s, %s: value of the full batch", activation, likelihood);
	near(gradient_error(&q, q.want), 0, 2e-6, "%s, %s: its gradient", activation, likelihood);
	r.gradient = NULL;
	r.accumulate = true;
	r.count = false;
	MUST(q.p->ops->value_grad(q.p, &q.slots, &r));
	near(q.slots.value[SLOT_NLL], 2 * value, 1e-6 * fabs(value), "%s, %s: the value alone, added", activation, likelihood);
	near(gradient_error(&q, q.want), 0, 2e-6, "%s, %s: the gradient stays", activation, likelihood);
	near(q.slots.value[SLOT_NLL_TOTAL], 50 * value, 5e-5 * fabs(value), "%s, %s: the running total", activation, likelihood);

	/* Weighted sub-batches of unlike sizes, in an order of their own, add up to the weighted whole. */
	double weights[50];
	float host_weights[50], *weight;
	uint32_t order[50], *index;
	rng_permutation(key, STREAM_SHUFFLE, 0, order, 50);
	for (int i = 0; i < 50; i++) {
		host_weights[i] = (float)rng_uniform(key, STREAM_SHUFFLE, 1, (uint64_t)i) * 2;
		weights[order[i]] = (double)host_weights[i];
	}
	index = upload(q.d, order, sizeof order);
	weight = upload(q.d, host_weights, sizeof host_weights);
	value = oracle(&q, q.exact, 0, 50, weights, 0.25);
	static const int parts[] = {16, 1, 16, 17};
	size_t first = 0;
	for (int i = 0; i < 4; i++) {
		r = request(&q, first, parts[i]);
		r.batch.index = index;
		r.batch.weight = weight + first;
		r.batch.scale = 0.25;
		r.accumulate = i > 0;
		MUST(q.p->ops->value_grad(q.p, &q.slots, &r));
		first += (size_t)parts[i];
	}
	near(q.slots.value[SLOT_NLL], value, 1e-6 * fabs(value), "%s, %s: weighted sub-batches add up in value", activation, likelihood);
	near(gradient_error(&q, q.want), 0, 2e-6, "%s, %s: and in gradient", activation, likelihood);
	q.d->ops->free(q.d, index);
	q.d->ops->free(q.d, weight);
	problem_close(&q);
}

/* At θ + c·v + σξ, frozen tensors staying where they are. */
static void points(void)
{
	enum { C = SLOT_SAMPLER, SIGMA };
	struct problem q = {0};
	random_data(&q, 30, 8, 3, LOSS_CATEGORICAL);
	problem_open(&q, "mlp:8-20-3", "tanh", "categorical", 1, 30, "fc1.bias");
	size_t n = q.p->n_params;
	const struct segment *frozen = segments_find(&q.model.params, "fc1.bias");
	float *v;
	v = device_take(q.d, n * sizeof(float));
	for (size_t i = 0; i < n; i++)
		q.host[i] = (float)rng_normal(key, STREAM_PROBE, 0, i);
	MUST(q.d->ops->put(q.d, v, q.host, n * sizeof(float)));
	q.slots.step = 41;
	q.slots.value[C] = -0.3;
	q.slots.value[SIGMA] = 0.2;
	double *at = host_take(n * sizeof *at);
	for (int kind = 0; kind < 3; kind++) {
		bool move = kind != 1, noise = kind != 0;
		for (size_t i = 0; i < n; i++) {
			bool fixed = i >= frozen->offset && i < frozen->offset + frozen->count;
			at[i] = q.exact[i] + (fixed ? 0 : (move ? -0.3 * rng_normal(key, STREAM_PROBE, 0, i) : 0) +
			                                  (noise ? 0.2 * rng_normal(key, STREAM_PERTURB, 41, i) : 0));
		}
		double value = oracle(&q, at, 0, 30, NULL, 1.0 / 30);
		memset(q.want + frozen->offset, 0, frozen->count * sizeof(double));
		struct gradient_request r = request(&q, 0, 30);
		r.at = (struct point){.theta = q.theta, .v = move ? v : NULL, .v_coef = move ? C : SLOT_NONE,
		                      .sigma = noise ? SIGMA : SLOT_NONE, .stream = STREAM_PERTURB};
		MUST(q.p->ops->value_grad(q.p, &q.slots, &r));
		static const char *const names[] = {"θ + c·v", "θ + σξ", "θ + c·v + σξ"};
		near(q.slots.value[SLOT_NLL], value, 2e-6 * fabs(value), "value at %s", names[kind]);
		near(gradient_error(&q, q.want), 0, 5e-6, "gradient at %s, 0 where frozen", names[kind]);
	}
	bool kept = true;
	MUST(q.d->ops->get(q.d, q.host, q.theta, n * sizeof(float)));
	for (size_t i = 0; i < n; i++)
		kept = kept && (double)q.host[i] == q.exact[i];
	ok(kept, "θ itself is left alone");
	q.d->ops->free(q.d, v);
	free(at);
	problem_close(&q);
}

static void freezing(const char *patterns)
{
	struct problem q = {0};
	random_data(&q, 20, 6, 3, LOSS_CATEGORICAL);
	problem_open(&q, "mlp:6-10-7-3", "relu", "categorical", 1, 20, patterns);
	size_t n = q.p->n_params;
	oracle(&q, q.exact, 0, 20, NULL, 1.0 / 20);
	for (size_t i = 0; i < n; i++)
		q.host[i] = 5;
	MUST(q.d->ops->put(q.d, q.gradient, q.host, n * sizeof(float)));
	struct gradient_request r = request(&q, 0, 20);
	MUST(q.p->ops->value_grad(q.p, &q.slots, &r));
	MUST(q.d->ops->get(q.d, q.host, q.gradient, n * sizeof(float)));
	bool zero = true, right = true;
	for (int s = 0; s < q.model.params.n; s++) {
		const struct segment *seg = &q.model.params.at[s];
		for (size_t i = seg->offset; i < seg->offset + seg->count; i++)
			if (seg->frozen)
				zero = zero && q.host[i] == 0;
			else
				right = right && fabs((double)q.host[i] - q.want[i]) < 1e-6;
	}
	ok(zero && right, "--freeze %s: 0 where frozen, the others' gradient unchanged", patterns);
	problem_close(&q);
}

/* Images of bytes, normalised by channel; predictions of rows anywhere; bits that repeat. */
static void images(void)
{
	enum { N = 23, C = 3, H = 4, W = 5, INPUTS = C * H * W, BATCH = 8 };
	float out[N * 4], again[N * 4], one[4];
	double exact[N * 4];
	float *first_gradient = NULL;
	for (int turn = 0; turn < 2; turn++) {
		struct problem q = {0};
		random_data(&q, N, INPUTS, 4, LOSS_CATEGORICAL);
		free((void *)q.data.x);
		uint8_t *pixels = host_take(N * INPUTS);
		for (int i = 0; i < N * INPUTS; i++)
			pixels[i] = (uint8_t)rng_below(key, STREAM_DATA, 3, (uint32_t)i, 256);
		q.data.x = pixels;
		q.data.element = ELEMENT_U8;
		q.data.image = true;
		q.data.c = C, q.data.h = H, q.data.w = W;
		q.normalize = (struct normalize){.on = true, .channels = C, .mean = {0.5, 0.4, 0.3}, .sd = {0.2, 0.25, 0.3}};
		problem_open(&q, "linear", NULL, "categorical", 1, BATCH, NULL);
		for (int i = 0; i < N * INPUTS; i++) {
			int channel = i / (H * W) % C;
			q.x[i] = (q.x[i] / 255 - q.normalize.mean[channel]) / q.normalize.sd[channel];
		}
		ref_mlp(&q.ref, q.exact, N, q.x, q.target, NULL, 1, NULL, exact);
		struct gradient_request r = request(&q, 3, BATCH);
		MUST(q.p->ops->value_grad(q.p, &q.slots, &r));
		oracle(&q, q.exact, 3, BATCH, NULL, 1.0 / BATCH);
		MUST(q.p->ops->prepare(q.p, q.theta, NULL));
		for (int first = 0; first < N; first += BATCH)
			MUST(predict_rows(q.p, (size_t)first, N - first < BATCH ? N - first : BATCH,
			                  (turn ? again : out) + first * 4));
		if (turn == 0) {
			near(gradient_error(&q, q.want), 0, 2e-6, "images: gradient");
			double worst = 0;
			for (int i = 0; i < N * 4; i++)
				worst = fmax(worst, fabs((double)out[i] - exact[i]));
			near(worst, 0, 5e-6, "images: predictions of whole and part batches");
			MUST(predict_rows(q.p, 20, 1, one));
			near(fabs((double)one[2] - exact[20 * 4 + 2]), 0, 5e-6, "images: prediction of one row");
			ok(predict_rows(q.p, 20, 4, again) == ERR_USAGE && predict_rows(q.p, 0, BATCH + 1, again) == ERR_USAGE,
			   "rows that are not there and batches too large are refused");
			first_gradient = q.host;
			MUST(q.d->ops->get(q.d, first_gradient, q.gradient, q.p->n_params * sizeof(float)));
			q.host = NULL;
		} else {
			MUST(q.d->ops->get(q.d, q.host, q.gradient, q.p->n_params * sizeof(float)));
			ok(!memcmp(first_gradient, q.host, q.p->n_params * sizeof(float)) && !memcmp(out, again, sizeof out),
			   "a second run has the same bits");
		}
		problem_close(&q);
	}
	free(first_gradient);
}

/* A batch of a size never seen before makes a plan, and no plan's results depend on which others there were. */
static void plans(void)
{
	struct problem q = {0};
	random_data(&q, 40, 9, 3, LOSS_CATEGORICAL);
	problem_open(&q, "mlp:9-12-3", "relu", "categorical", 1, 40, NULL);
	double worst = 0;
	for (int turn = 0; turn < 2; turn++)
		for (int n = 1; n <= 40; n += 3) {
			float out[40 * 3];
			struct gradient_request r = request(&q, 0, n);
			MUST(q.p->ops->value_grad(q.p, &q.slots, &r));
			oracle(&q, q.exact, 0, n, NULL, 1.0 / n);
			worst = fmax(worst, gradient_error(&q, q.want));
			MUST(q.p->ops->prepare(q.p, q.theta, NULL));
			MUST(predict_rows(q.p, 0, n, out));
		}
	near(worst, 0, 5e-6, "gradients at 14 batch sizes, each planned more than once");
	problem_close(&q);
}

/* ---- a device whose batches have more than the data's channels ---- */

static struct gather gathered;

static void wide_formats(const struct device *d, const struct layer *layers, int n, enum precision precision,
                         struct batch_format *batch, struct format *out)
{
	backends[0]->formats(d, layers, n, precision, batch, out);
	batch->channels = 8;
}

static status note_gather(struct device *d, const struct slots *s, const struct gather *g)
{
	(void)d, (void)s;
	gathered = *g;
	return fail(ERR_LIBRARY, "this is as far as it goes");
}

/* What gather is asked to write is what formats said, and there is room for it. */
static void wide_batches(void)
{
	enum { ROWS = 4, SIDE = 12, ROOM = ROWS * 8 * SIDE * SIDE };
	static float x[ROOM], back[ROOM];
	struct problem q = {0};
	random_data(&q, ROWS, 3 * SIDE * SIDE, 10, LOSS_CATEGORICAL);
	q.data.c = 3;
	q.data.h = q.data.w = SIDE;
	problem_open(&q, "lenet", "relu", "categorical", 1, ROWS, NULL);
	const struct backend *own = q.d->ops;
	struct backend wide = *own;
	wide.formats = wide_formats;
	wide.gather = note_gather;
	q.d->ops = &wide;
	const struct likelihood *l;
	struct potential *p;
	MUST(likelihood_find("categorical", &l));
	MUST(net_open(&(struct net_options){.model = &q.model, .data = &q.data, .normalize = &q.normalize, .likelihood = l,
	                                    .batch = ROWS}, q.d, &p));
	struct gradient_request r = request(&q, 0, ROWS);
	ok(p->ops->value_grad(p, &q.slots, &r) == ERR_LIBRARY && gathered.channels == 8 && gathered.c == 3,
	   "gather is asked for the channels that the device wants");
	for (int i = 0; i < ROOM; i++)
		x[i] = (float)i;
	MUST(q.d->ops->put(q.d, gathered.out, x, sizeof x));
	MUST(q.d->ops->get(q.d, back, gathered.out, sizeof back));
	ok(!memcmp(x, back, sizeof x), "and there is room for them");
	potential_close(p);
	q.d->ops = own;
	problem_close(&q);
}

int main(void)
{
	for (size_t i = 0; i < sizeof goldens / sizeof *goldens; i++)
		golden(&goldens[i]);
	gradients("relu", "categorical", LOSS_CATEGORICAL, 10);
	gradients("silu", "gaussian", LOSS_GAUSSIAN, 3);
	gradients("tanh", "bernoulli", LOSS_BERNOULLI, 1);
	points();
	freezing("fc2.weight");
	freezing("fc1.*");
	freezing("fc1.*,fc2.*");
	freezing("*.bias");
	images();
	wide_batches();
	plans();
	return done_testing();
}
