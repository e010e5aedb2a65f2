/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "tests/net_case.h"

#include <stdlib.h>
#include <string.h>

#include "tests/device_vec.h"
#include "tests/tap.h"

const struct rng_key net_case_key = {3, 1};
static struct device *(*open_device)(void);

void net_case_on(struct device *(*open)(void))
{
	open_device = open;
}

void net_case_data(struct net_case *q, int n, int inputs, int outputs, enum loss_kind loss)
{
	float *x = host_take((size_t)n * (size_t)inputs * sizeof *x);
	float *target = host_take((size_t)n * (size_t)outputs * sizeof *target);
	int32_t *label = host_take((size_t)n * sizeof *label);
	for (int i = 0; i < n * inputs; i++)
		x[i] = (float)rng_normal(net_case_key, STREAM_DATA, 0, (uint64_t)i);
	for (int i = 0; i < n * outputs; i++)  /* or more than there are targets */
		target[i] = (float)rng_normal(net_case_key, STREAM_DATA, 1, (uint64_t)i);
	for (int i = 0; i < n; i++)
		label[i] = (int32_t)rng_below(net_case_key, STREAM_DATA, 2, (uint32_t)i, loss == LOSS_BERNOULLI ? 2 : (uint64_t)outputs);
	q->data = (struct dataset){.kind = "csv", .spec = "csv:test", .n = (size_t)n, .element = ELEMENT_F32, .c = 1, .h = 1,
	                           .w = inputs, .x = x};
	if (loss == LOSS_GAUSSIAN || loss == LOSS_HETEROSCEDASTIC) {
		q->data.target = target;
		q->data.n_targets = loss_targets(loss, outputs);
		free(label);
	} else {
		q->data.label = label;
		q->data.n_classes = loss == LOSS_BERNOULLI ? 2 : outputs;
		free(target);
	}
}

void net_case_open(struct net_case *q, const char *spec, const char *activation, const char *likelihood, double noise_sd,
                         int batch, const char *freeze)
{
	const struct likelihood *l;
	int outputs, input[3] = {q->data.c, q->data.h, q->data.w}, inputs = input[0] * input[1] * input[2];
	q->d = open_device();
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
	q->slots.key = net_case_key;
	size_t n = q->p->n_params;
	q->theta = device_take(q->d, n * sizeof(float));
	q->gradient = device_take(q->d, n * sizeof(float));
	q->host = host_take(n * sizeof *q->host);
	q->exact = host_take(n * sizeof *q->exact);
	q->want = host_take(n * sizeof *q->want);
	segments_init(&q->model.params, net_case_key, q->host);
	for (size_t i = 0; i < n; i++)
		q->exact[i] = (double)q->host[i];
	MUST(q->d->ops->put(q->d, q->theta, q->host, n * sizeof(float)));
	q->width[0] = inputs;
	int widths = 1;
	for (int i = 0; i < q->model.n_layers; i++)
		if (q->model.layer[i].kind == LAYER_LINEAR)
			q->width[widths++] = q->model.layer[i].out[0];
	q->ref = (struct ref_mlp){widths, q->width, q->model.activation, l->loss, noise_sd};
	int per = q->data.target ? q->data.n_targets : 1;
	q->target = host_take(q->data.n * (size_t)per * sizeof *q->target);
	for (size_t i = 0; i < q->data.n * (size_t)per; i++)
		q->target[i] = q->data.target ? (double)q->data.target[i] : q->data.label[i];
	q->x = host_take(q->data.n * (size_t)inputs * sizeof *q->x);
	for (size_t i = 0; i < q->data.n * (size_t)inputs; i++)
		q->x[i] = q->data.element == ELEMENT_F32 ? (double)((const float *)q->data.x)[i] : ((const uint8_t *)q->data.x)[i];
}

void net_case_close(struct net_case *q)
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
	*q = (struct net_case){0};
}

struct gradient_request net_case_request(const struct net_case *q, size_t first, int n)
{
	return (struct gradient_request){.at = {.theta = q->theta}, .batch = {.offset = first, .n = n, .scale = 1.0 / n},
	                                 .gradient = q->gradient};
}

void net_case_gradient(struct net_case *q, const struct gradient_request *r)
{
	MUST(q->d->ops->slots_send(q->d, &q->slots));
	MUST(q->p->ops->value_grad(q->p, &q->slots, r));
	MUST(q->d->ops->slots_fetch(q->d, &q->slots));
}
