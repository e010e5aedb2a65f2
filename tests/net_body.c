/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Networks as potentials: values, gradients and predictions against the double oracle and PyTorch's numbers. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/device_vec.h"
#include "tests/golden/mlp_torch.h"
#include "tests/net_case.h"
#include "tests/predict_rows.h"
#include "tests/tap.h"

/* The largest error of the gradient, in units of its own largest element. */
static double gradient_error(struct net_case *q, const double *want)
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

static double oracle(struct net_case *q, const double *theta, size_t first, int n, const double *weight, double scale)
{
	int inputs = q->width[0], per = q->data.target ? q->data.n_targets : 1;
	return ref_mlp(&q->ref, theta, n, q->x + first * (size_t)inputs, q->target + first * (size_t)per, weight, scale, q->want,
	               NULL);
}

/* ---- PyTorch's numbers ---- */

static void golden(const struct golden *g)
{
	struct net_case q = {0};
	net_case_data(&q, GOLDEN_ROWS, g->inputs, g->outputs,
	            !strcmp(g->likelihood, "gaussian") ? LOSS_GAUSSIAN : !strcmp(g->likelihood, "heteroscedastic") ? LOSS_HETEROSCEDASTIC :
	            g->outputs == 1 ? LOSS_BERNOULLI : LOSS_CATEGORICAL);
	for (int i = 0; i < GOLDEN_ROWS * g->inputs; i++)
		((float *)q.data.x)[i] = (float)g->x[i];
	for (int i = 0; i < GOLDEN_ROWS * (q.data.target ? q.data.n_targets : 1); i++)
		if (q.data.target)
			((float *)q.data.target)[i] = (float)g->target[i];
		else
			((int32_t *)q.data.label)[i] = (int32_t)g->target[i];
	net_case_open(&q, g->model, g->activation, g->likelihood, g->noise_sd, GOLDEN_ROWS, NULL);
	for (size_t i = 0; i < q.p->n_params; i++)
		q.host[i] = (float)g->theta[i];
	MUST(q.d->ops->put(q.d, q.theta, q.host, q.p->n_params * sizeof(float)));
	struct gradient_request r = net_case_request(&q, 0, GOLDEN_ROWS);
	net_case_gradient(&q, &r);
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
	net_case_close(&q);
}

/* ---- against the oracle ---- */

static void gradients(const char *spec, int inputs, const char *activation, const char *likelihood, enum loss_kind loss,
                      int outputs)
{
	struct net_case q = {0};
	net_case_data(&q, 50, inputs, outputs, loss);
	net_case_open(&q, spec, activation, likelihood, 0.5, 50, NULL);
	double value = oracle(&q, q.exact, 0, 50, NULL, 1.0 / 50);
	struct gradient_request r = net_case_request(&q, 0, 50);
	r.count = true;
	net_case_gradient(&q, &r);
	near(q.slots.value[SLOT_NLL], value, 1e-6 * fabs(value), "%s, %s: value of the full batch", spec, likelihood);
	near(gradient_error(&q, q.want), 0, 2e-6, "%s, %s: its gradient", spec, likelihood);
	r.gradient = NULL;
	r.accumulate = true;
	r.count = false;
	net_case_gradient(&q, &r);
	near(q.slots.value[SLOT_NLL], 2 * value, 1e-6 * fabs(value), "%s, %s: the value alone, added", spec, likelihood);
	near(gradient_error(&q, q.want), 0, 2e-6, "%s, %s: the gradient stays", spec, likelihood);
	near(q.slots.value[SLOT_NLL_TOTAL], 50 * value, 5e-5 * fabs(value), "%s, %s: the running total", spec, likelihood);

	/* Weighted sub-batches of unlike sizes, in an order of their own, add up to the weighted whole. */
	double weights[50];
	float host_weights[50], *weight;
	uint32_t order[50], *index;
	rng_permutation(net_case_key, STREAM_SHUFFLE, 0, order, 50);
	for (int i = 0; i < 50; i++) {
		host_weights[i] = (float)rng_uniform(net_case_key, STREAM_SHUFFLE, 1, (uint64_t)i) * 2;
		weights[order[i]] = (double)host_weights[i];
	}
	index = upload(q.d, order, sizeof order);
	weight = upload(q.d, host_weights, sizeof host_weights);
	value = oracle(&q, q.exact, 0, 50, weights, 0.25);
	static const int parts[] = {16, 1, 16, 17};
	size_t first = 0;
	for (int i = 0; i < 4; i++) {
		r = net_case_request(&q, first, parts[i]);
		r.batch.index = index;
		r.batch.weight = weight + first;
		r.batch.scale = 0.25;
		r.accumulate = i > 0;
		net_case_gradient(&q, &r);
		first += (size_t)parts[i];
	}
	near(q.slots.value[SLOT_NLL], value, 1e-6 * fabs(value), "%s, %s: weighted sub-batches add up in value", spec, likelihood);
	near(gradient_error(&q, q.want), 0, 2e-6, "%s, %s: and in gradient", spec, likelihood);
	q.d->ops->free(q.d, index);
	q.d->ops->free(q.d, weight);
	net_case_close(&q);
}

/* At θ + c·v + σξ, frozen tensors staying where they are. */
static void points(void)
{
	enum { C = SLOT_SAMPLER, SIGMA };
	struct net_case q = {0};
	net_case_data(&q, 30, 8, 3, LOSS_CATEGORICAL);
	net_case_open(&q, "mlp:8-20-3", "tanh", "categorical", 1, 30, "fc1.bias");
	size_t n = q.p->n_params;
	const struct segment *frozen = segments_find(&q.model.params, "fc1.bias");
	float *v;
	v = device_take(q.d, n * sizeof(float));
	for (size_t i = 0; i < n; i++)
		q.host[i] = (float)rng_normal(net_case_key, STREAM_PROBE, 0, i);
	MUST(q.d->ops->put(q.d, v, q.host, n * sizeof(float)));
	q.slots.step = 41;
	q.slots.value[C] = -0.3;
	q.slots.value[SIGMA] = 0.2;
	double *at = host_take(n * sizeof *at);
	for (int kind = 0; kind < 3; kind++) {
		bool move = kind != 1, noise = kind != 0;
		for (size_t i = 0; i < n; i++) {
			bool fixed = i >= frozen->offset && i < frozen->offset + frozen->count;
			at[i] = q.exact[i] + (fixed ? 0 : (move ? -0.3 * rng_normal(net_case_key, STREAM_PROBE, 0, i) : 0) +
			                                  (noise ? 0.2 * rng_normal(net_case_key, STREAM_PERTURB, 41, i) : 0));
		}
		double value = oracle(&q, at, 0, 30, NULL, 1.0 / 30);
		memset(q.want + frozen->offset, 0, frozen->count * sizeof(double));
		struct gradient_request r = net_case_request(&q, 0, 30);
		r.at = (struct point){.theta = q.theta, .v = move ? v : NULL, .v_coef = move ? C : SLOT_NONE,
		                      .sigma = noise ? SIGMA : SLOT_NONE, .stream = STREAM_PERTURB};
		net_case_gradient(&q, &r);
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
	net_case_close(&q);
}

static void freezing(const char *patterns)
{
	struct net_case q = {0};
	net_case_data(&q, 20, 6, 3, LOSS_CATEGORICAL);
	net_case_open(&q, "mlp:6-10-7-3", "relu", "categorical", 1, 20, patterns);
	size_t n = q.p->n_params;
	oracle(&q, q.exact, 0, 20, NULL, 1.0 / 20);
	for (size_t i = 0; i < n; i++)
		q.host[i] = 5;
	MUST(q.d->ops->put(q.d, q.gradient, q.host, n * sizeof(float)));
	struct gradient_request r = net_case_request(&q, 0, 20);
	net_case_gradient(&q, &r);
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
	net_case_close(&q);
}

/* Images of bytes, normalised by channel; predictions of rows anywhere; bits that repeat. */
static void images(void)
{
	enum { N = 23, C = 3, H = 4, W = 5, INPUTS = C * H * W, BATCH = 8 };
	float out[N * 4], again[N * 4], one[4];
	double exact[N * 4];
	float *first_gradient = NULL;
	for (int turn = 0; turn < 2; turn++) {
		struct net_case q = {0};
		net_case_data(&q, N, INPUTS, 4, LOSS_CATEGORICAL);
		free((void *)q.data.x);
		uint8_t *pixels = host_take(N * INPUTS);
		for (int i = 0; i < N * INPUTS; i++)
			pixels[i] = (uint8_t)rng_below(net_case_key, STREAM_DATA, 3, (uint32_t)i, 256);
		q.data.x = pixels;
		q.data.element = ELEMENT_U8;
		q.data.image = true;
		q.data.c = C, q.data.h = H, q.data.w = W;
		q.normalize = (struct normalize){.on = true, .channels = C, .mean = {0.5, 0.4, 0.3}, .sd = {0.2, 0.25, 0.3}};
		net_case_open(&q, "linear", NULL, "categorical", 1, BATCH, NULL);
		for (int i = 0; i < N * INPUTS; i++) {
			int channel = i / (H * W) % C;
			q.x[i] = (q.x[i] / 255 - q.normalize.mean[channel]) / q.normalize.sd[channel];
		}
		ref_mlp(&q.ref, q.exact, N, q.x, q.target, NULL, 1, NULL, exact);
		struct gradient_request r = net_case_request(&q, 3, BATCH);
		net_case_gradient(&q, &r);
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
		net_case_close(&q);
	}
	free(first_gradient);
}

/* A batch of a size never seen before makes a plan, and no plan's results depend on which others there were. */
static void plans(void)
{
	struct net_case q = {0};
	net_case_data(&q, 40, 9, 3, LOSS_CATEGORICAL);
	net_case_open(&q, "mlp:9-12-3", "relu", "categorical", 1, 40, NULL);
	double worst = 0;
	for (int turn = 0; turn < 2; turn++)
		for (int n = 1; n <= 40; n += 3) {
			float out[40 * 3];
			struct gradient_request r = net_case_request(&q, 0, n);
			net_case_gradient(&q, &r);
			oracle(&q, q.exact, 0, n, NULL, 1.0 / n);
			worst = fmax(worst, gradient_error(&q, q.want));
			MUST(q.p->ops->prepare(q.p, q.theta, NULL));
			MUST(predict_rows(q.p, 0, n, out));
		}
	near(worst, 0, 5e-6, "gradients at 14 batch sizes, each planned more than once");
	net_case_close(&q);
}

/* A device has products with the Hessian, or says that it has none. */
static void products(void)
{
	struct net_case q = {0};
	struct potential *p;
	struct net_options o = {.model = &q.model, .data = &q.data, .normalize = &q.normalize, .batch = 4, .tangents = true};
	net_case_data(&q, 4, 9, 3, LOSS_CATEGORICAL);
	net_case_open(&q, "mlp:9-12-3", "relu", "categorical", 1, 4, NULL);
	MUST(likelihood_find("categorical", &o.likelihood));
	const status s = net_open(&o, q.d, &p);
	if (q.d->ops->loss_dot)
		ok(s == OK && p->ops->hvp, "the device has products with the Hessian");
	else
		ok(s == ERR_USAGE && strstr(fail_words(s, "--"), "--device cpu has"), "without products with the Hessian: %s", fail_words(s, "--"));
	potential_close(p);
	net_case_close(&q);
}

void check_nets(struct device *(*open)(void))
{
	net_case_on(open);
	for (size_t i = 0; i < sizeof goldens / sizeof *goldens; i++)
		golden(&goldens[i]);
	gradients("mlp:13-33-18-10", 13, "relu", "categorical", LOSS_CATEGORICAL, 10);
	gradients("mlp:13-33-18-3", 13, "silu", "gaussian", LOSS_GAUSSIAN, 3);
	gradients("mlp:13-33-18-1", 13, "tanh", "bernoulli", LOSS_BERNOULLI, 1);
	gradients("mlp:13-33-18-6", 13, "silu", "heteroscedastic", LOSS_HETEROSCEDASTIC, 6);
	/* LeNet's linear layers */
	gradients("mlp:400-120-84-10", 400, "relu", "categorical", LOSS_CATEGORICAL, 10);
	points();
	freezing("fc2.weight");
	freezing("fc1.*");
	freezing("fc1.*,fc2.*");
	freezing("*.bias");
	images();
	plans();
	products();
}
