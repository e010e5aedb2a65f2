/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Fixed calls large enough to be shared among threads. */
#include <stdlib.h>
#include <string.h>

#include "tests/backend_body.h"
#include "tests/tap.h"

enum { N = 300007, CLASSES = 10 };

size_t backend_fingerprint(struct device *d, void *out, size_t size)
{
	struct draws r = {81, 0};
	struct slots s = {.key = {5, 1}, .step = 77};
	struct piece at[] = {
		{.count = 1001, .prior = 1},
		{.offset = 1001, .count = 99, .frozen = true},
		{.offset = 1100, .count = 200000, .prior = 0.5},
		{.offset = 201100, .count = N - 201100, .prior = 2, .kind = PRIOR_LAPLACE},
	};
	struct pieces p = {at, 4, N};
	float *host = host_take(N * sizeof *host);
	uint8_t *image = (uint8_t *)host;
	int32_t *label = host_take(N * sizeof *label);
	for (int i = 0; i < N; i++)
		host[i] = i < 5000 ? (float)draw_normal(&r) : host[i - 4999] * 0.99f;
	for (int i = 0; i < N; i++)
		label[i] = i % CLASSES;
	float *x = upload(d, host, N * sizeof *host), *g = upload(d, host, N * sizeof *host);
	for (int i = 0; i < N; i++)
		host[i] *= host[i];
	float *square = upload(d, host, N * sizeof *host);
	void *classes = upload(d, label, N * sizeof *label), *images = upload(d, image, N);
	MUST(d->ops->slots_open(d, &s));
	for (int i = 0; i < 4; i++)
		s.value[SLOT_SAMPLER + i] = 0.01 * (i + 1);
	s.value[SLOT_PRIOR] = 0.3;
	MUST(d->ops->slots_send(d, &s));
	struct affine_output o = {
		.y = x, .base = 0, .coef = {SLOT_NONE, SLOT_SAMPLER, SLOT_NONE, SLOT_NONE, SLOT_NONE},
		.noise = SLOT_SAMPLER + 1, .stream = STREAM_LANGEVIN_0, .prior = SLOT_SAMPLER + 2, .prior_at = 0,
	};
	MUST(d->ops->affine(d, &s, &p, &(struct affine){.n_in = 2, .n_out = 1, .x = {x, g}, .out = {o}}));
	MUST(d->ops->reduce(d, &s, N, x, g, NULL, SLOT_RESULT));
	MUST(d->ops->reduce_moving(d, &s, &p, x, g, NULL, SLOT_RESULT + 1));
	MUST(d->ops->prior_energy(d, &s, &p, x, SLOT_RESULT + 2));
	MUST(d->ops->pointwise(d, &s, &p, &(struct pointwise){
		.fn = POINTWISE_PSGLD_STEP, .x = {x, square, g}, .y = {x, square}, .prior = SLOT_SAMPLER + 1,
		.stream = {STREAM_LANGEVIN_1},
		.coef = {SLOT_SAMPLER, SLOT_SAMPLER + 1, SLOT_SAMPLER + 2, SLOT_SAMPLER + 3}}));
	MUST(d->ops->pointwise(d, &s, &p, &(struct pointwise){
		.fn = POINTWISE_ASAM, .x = {x, square}, .y = {x}, .coef = {SLOT_SAMPLER, SLOT_NONE, SLOT_NONE, SLOT_NONE, SLOT_NONE,
		SLOT_NONE}}));
	MUST(d->ops->loss(d, &s, &(struct loss){
		.kind = LOSS_CATEGORICAL, .output = x, .n = N / CLASSES, .k = CLASSES, .target = classes, .noise_sd = 1,
		.scale = 1e-3, .count = true, .gradient = g}));
	MUST(d->ops->slots_fetch(d, &s));
	size_t vector = N * sizeof *host;
	if (size < 3 * vector + sizeof s.value)
		return 0;
	download(d, out, x, vector);
	download(d, (char *)out + vector, g, vector);
	MUST(d->ops->gather(d, &s, &(struct gather){
		.set = images, .element = ELEMENT_U8, .c = 3, .h = 32, .w = 32, .per_channel = true, .scale = {1, 2, 3},
		.shift = {3, 2, 1}, .format = {.block = 0}, .channels = 3, .augment = AUGMENT_CROP_FLIP, .stream = STREAM_AUGMENT,
		.n = N / 3072, .out = g}));
	download(d, (char *)out + 2 * vector, g, vector);
	memcpy((char *)out + 3 * vector, s.value, sizeof s.value);
	d->ops->slots_close(d, &s);
	d->ops->free(d, x);
	d->ops->free(d, g);
	d->ops->free(d, square);
	d->ops->free(d, classes);
	d->ops->free(d, images);
	free(host);
	free(label);
	return 3 * vector + sizeof s.value;
}
