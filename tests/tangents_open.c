/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What a network that is opened for products with the Hessian takes, and what it refuses. */
#include <stdlib.h>
#include <string.h>

#include "tests/device_vec.h"
#include "tests/net_case.h"
#include "tests/tap.h"

enum { ROWS = 23, INPUTS = 6, OUTPUTS = 3 };

static struct device *open_device(void)
{
	struct device *d;
	MUST(backend_open("cpu", 1, &d));
	return d;
}

static struct net_options options_of(const struct net_case *q)
{
	struct net_options o = {.model = &q->model, .data = &q->data, .normalize = &q->normalize, .batch = ROWS, .tangents = true};
	MUST(likelihood_find("categorical", &o.likelihood));
	return o;
}

static struct device *open_case(struct net_case *q, const char *model, struct net_options *o)
{
	net_case_data(q, ROWS, INPUTS, OUTPUTS, LOSS_CATEGORICAL);
	net_case_open(q, model, "relu", "categorical", 1, ROWS, NULL);
	*o = options_of(q);
	return q->d;
}

static void says(status s, const char *words, const char *what)
{
	ok(s == ERR_USAGE && strcmp(fail_words(s, "--"), words) == 0, "refused: %s", what);
	if (s != ERR_USAGE || strcmp(fail_words(s, "--"), words) != 0)
		note("%s", fail_words(s, "--"));
}

static void refusals(void)
{
	struct net_case q = {0};
	struct potential *p;
	struct net_options o;
	struct device *d = open_case(&q, "mlp:6-8-3", &o);
	o.infer_only = true;
	says(net_open(&o, d, &p), "a network for prediction only has no products with the Hessian", "prediction only");
	o = options_of(&q);
	o.precision = PRECISION_BF16;
	says(net_open(&o, d, &p), "--precision bf16: products with the Hessian are made in fp32", "bf16");
	o = options_of(&q);
	o.augment = AUGMENT_CROP_FLIP;
	says(net_open(&o, d, &p), "--augment: products with the Hessian are of the data as they are", "augmentation");
	o = options_of(&q);
	const struct backend *real = d->ops;
	struct backend fake = *real;
	struct layer_ops plain = *real->layers[LAYER_ACTIVATION];
	const struct layer_ops *const layers[LAYER_KINDS] = {[LAYER_LINEAR] = real->layers[LAYER_LINEAR], [LAYER_ACTIVATION] = &plain};
	fake.name = "other";
	fake.loss_dot = NULL;
	d->ops = &fake;
	says(net_open(&o, d, &p), "--device other: has no exact products with the Hessian yet; --device cpu has", "a device without");
	fake.loss_dot = real->loss_dot;
	fake.layers = layers;
	plain.jvp = plain.hvp = NULL;
	says(net_open(&o, d, &p), "--device other: has no exact products with the Hessian yet; --device cpu has",
	     "one without those of a layer");
	d->ops = real;
	o.tangents = false;
	MUST(net_open(&o, d, &p));
	ok(!p->ops->hvp, "other networks have no products");
	potential_close(p);
	net_case_close(&q);
}

/* ---- a device that is too small ---- */

enum { ROOM = 64 << 20 };
static const struct backend *real_cpu;

static status small_alloc(struct device *d, size_t bytes, void **out)
{
	*out = NULL;
	return real_cpu->held(d) + bytes <= ROOM ? real_cpu->alloc(d, bytes, out) : fail(ERR_MEMORY, "out of memory");
}

static size_t small_room(const struct device *d)
{
	return ROOM - real_cpu->held(d);
}

/* The batch that is said to fit where one of 100000 does not. */
static int fitting(struct net_options *o, struct device *d)
{
	struct potential *p;
	o->batch = 100000;
	const status s = net_open(o, d, &p);
	const char *words = fail_words(s, "--"), *batch = strstr(words, "--batch ");
	ok(s == ERR_MEMORY && strstr(words, " would fit") && batch, "%s: %s", o->tangents ? "with tangents" : "without", words);
	return batch ? atoi(batch + strlen("--batch ")) : 0;
}

/* It does, also when the product is made; tangents take as much again. */
static void too_small(void)
{
	struct net_case q = {0};
	struct potential *p;
	struct net_options o;
	struct device *d = open_case(&q, "mlp:6-80-80-3", &o);
	struct backend fake = *d->ops;
	real_cpu = d->ops;
	fake.alloc = small_alloc;
	fake.room = small_room;
	d->ops = &fake;
	const int fits = fitting(&o, d);
	o.batch = fits;
	MUST(net_open(&o, d, &p));
	struct gradient_request r = net_case_request(&q, 0, fits);
	uint32_t *rows = host_take((size_t)fits * sizeof *rows);
	r.batch.index = rows;
	const size_t held = fake.held(d);
	ok(p->ops->hvp(p, &q.slots, &r, q.theta) == OK, "a batch of %d does, and has products", fits);
	/* A linear layer's term of each example would be 5 MB. */
	ok(fake.held(d) < held + (1 << 20), "whose memory was taken before");
	potential_close(p);
	free(rows);
	o.batch = fits * 5 / 4;
	ok(net_open(&o, d, &p) == ERR_MEMORY, "a batch of %d does not", o.batch);
	o.tangents = false;
	const int without = fitting(&o, d);
	ok(2 * fits < without && without < 6 * fits, "without tangents one of %d would", without);
	d->ops = real_cpu;
	net_case_close(&q);
}

int main(void)
{
	net_case_on(open_device);
	refusals();
	too_small();
	return done_testing();
}
