/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Batch-norm statistics of a residual network: the pass against single batches put together by hand, and what chains keep.
 * One convolution algorithm throughout: what is measured may differ from one opening of the network to the next.
 * chain_stats.c has the same chains on a stand-in whose arithmetic is all in the test. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chains/bn_pass.h"
#include "tests/chain_runs.h"
#include "src/data/npy.h"
#include "tests/device_vec.h"
#include "tests/tap.h"

enum { ROWS = 60, SIDE = 16, SIZE = 24, STEP = 5 };   /* batches of 24, 24 and 12 */

static char data[1024];   /* --data */

#define NETWORK "--data", data, "--model", "resnet20", "--augment", "crop-flip", "--batch", "24", \
	"--lr", "0.05", "--temperature", "1e-4", "--threads", "2", "--conv-algo", "direct"

static void write_images(void)
{
	static uint8_t pixel[ROWS * 3 * SIDE * SIDE], label[ROWS];
	const int64_t shape[] = {ROWS, 3, SIDE, SIDE};
	char images[400], labels[400];
	for (size_t i = 0; i < sizeof pixel; i++)
		pixel[i] = (uint8_t)(256 * rng_uniform((struct rng_key){5, 0}, STREAM_DATA, 0, i));
	for (size_t i = 0; i < ROWS; i++)
		label[i] = (uint8_t)(i % 10);
	snprintf(images, sizeof images, "%s/images.npy", scratch_folder());
	snprintf(labels, sizeof labels, "%s/labels.npy", scratch_folder());
	MUST(npy_write(images, NPY_U1, 4, shape, pixel));
	MUST(npy_write(labels, NPY_U1, 1, shape, label));
	snprintf(data, sizeof data, "npy:%s,%s", images, labels);
}

static bool ends(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);
	return n >= m && strcmp(name + n - m, end) == 0;
}

struct bed {
	struct opts *o;
	struct problem p;
	float *theta, *stats, *host;
	struct rng_key key;
};

static void bed_open(struct bed *b, const char *const *words)
{
	b->o = parse_all(words);
	MUST(problem_open(b->o, NULL, NULL, &b->p));
	struct potential *q = b->p.potential;
	struct device *d = q->device;
	b->key = (struct rng_key){1, 0};
	b->theta = device_take(d, q->n_params * sizeof(float));
	b->stats = device_take(d, q->n_stats * sizeof(float));
	b->host = calloc(q->n_params, sizeof(float));
	segments_init(q->params, b->key, b->host);
	MUST(d->ops->put(d, b->theta, b->host, q->n_params * sizeof(float)));
}

static void bed_close(struct bed *b)
{
	struct device *d = b->p.device;
	d->ops->free(d, b->theta);
	d->ops->free(d, b->stats);
	free(b->host);
	problem_close(&b->p);
	opts_free(b->o);
}

/* One batch in training from fresh statistics leaves 0.1·mean and 0.9 + 0.1·variance: its own moments follow. */
static void add_batch(struct bed *b, struct slots *s, size_t first, int n, double *sum)
{
	struct potential *q = b->p.potential;
	struct device *d = q->device;
	segments_init(q->stats, b->key, b->host);
	MUST(d->ops->put(d, b->stats, b->host, q->n_stats * sizeof(float)));
	const struct gradient_request r = {
		.at = {.theta = b->theta}, .batch = {.offset = first, .n = n, .scale = 1.0 / n}, .policy = STATS_RUN,
		.stats = b->stats, .augment = STREAM_BN_PASS,
	};
	MUST(q->ops->value_grad(q, s, &r));
	MUST(d->ops->get(d, b->host, b->stats, q->n_stats * sizeof(float)));
	for (int i = 0; i < q->stats->n; i++) {
		const struct segment *g = &q->stats->at[i];
		double start = ends(g->name, "running_var") ? 0.9 : 0;
		for (size_t e = g->offset; e < g->offset + g->count; e++)
			sum[e] += ends(g->name, "num_batches_tracked") ? (double)b->host[e] : ((double)b->host[e] - start) / 0.1;
	}
}

static void check_pass(void)
{
	struct bed b;
	bed_open(&b, (const char *[]){NETWORK, "--steps", "1", NULL});
	struct potential *q = b.p.potential;
	struct device *d = q->device;
	struct slots s = {.key = b.key, .step = STEP};
	double *sum = calloc(q->n_stats, sizeof *sum), worst = 0, moved = 0;
	float *got = calloc(q->n_stats, sizeof *got);
	ok(q->n == ROWS && q->n_stats > 0 && !q->fixed, "a residual network has statistics, and is not a fixed model");
	ok(json_is_false(json_object_get(b.p.facts, "fixed")) && strstr(b.p.target.at, "--norm frn --augment none"),
	   "which its facts and its target say");
	MUST(d->ops->slots_open(d, &s));
	MUST(d->ops->slots_send(d, &s));
	int batches = 0;
	for (size_t first = 0; first < q->n; first += SIZE, batches++)
		add_batch(&b, &s, first, q->n - first < SIZE ? (int)(q->n - first) : SIZE, sum);
	MUST(bn_pass(q, b.key, STEP, SIZE, b.theta, got, b.stats));
	MUST(d->ops->get(d, got, b.stats, q->n_stats * sizeof(float)));
	bool counted = true;
	for (int i = 0; i < q->stats->n; i++) {
		const struct segment *g = &q->stats->at[i];
		for (size_t e = g->offset; e < g->offset + g->count; e++)
			if (ends(g->name, "num_batches_tracked")) {
				counted = counted && sum[e] == batches && got[e] == (float)batches;
			} else {
				double want = sum[e] / batches;
				worst = fmax(worst, fabs((double)got[e] - want) / (1 + fabs(want)));
				moved = fmax(moved, fabs(want - (ends(g->name, "running_var") ? 1 : 0)));
			}
	}
	near(worst, 0, 2e-5, "a pass has the mean of its batches' means and unbiased variances");
	ok(moved > 0.1, "which are not where they started (%g)", moved);
	ok(counted, "and counts its batches");
	d->ops->slots_close(d, &s);
	free(sum);
	free(got);
	bed_close(&b);
}

static bool same(const float *a, const float *b, size_t n)
{
	return memcmp(a, b, n * sizeof *a) == 0;
}

/* What a pass at a kept state gives is, bit for bit, what it was kept with. */
static bool kept_from_pass(struct bed *b, const struct snaps_record *r, float *got)
{
	struct potential *q = b->p.potential;
	struct device *d = q->device;
	MUST(d->ops->put(d, b->theta, r->params, q->n_params * sizeof(float)));
	MUST(bn_pass(q, b->key, r->step, SIZE, b->theta, got, b->stats));
	MUST(d->ops->get(d, got, b->stats, q->n_stats * sizeof(float)));
	return same(got, r->stats, q->n_stats);
}

static void check_chains(void)
{
	struct bed b;
	char pair[256], own[256], again[256];
	struct snaps_record x, y;
	bed_open(&b, (const char *[]){NETWORK, "--steps", "1", NULL});
	size_t n = b.p.potential->n_params, m = b.p.potential->n_stats;
	float *theta = calloc(m, sizeof *theta), *got = calloc(m, sizeof *got);
	sample_with("pair", parse_all((const char *[]){NETWORK, "--steps", "4", "--keep-every", "2", "--sampler", "entropy-mcmc",
	            "--coupling", "1", NULL}), pair, sizeof pair);
	struct snaps_reader *r = open_chain(pair, 0);
	bool differ = snaps_count(r) == 4, anchors = true, run = true;
	for (size_t i = 0; i < snaps_count(r); i += 2) {
		MUST(snaps_read(r, i, &x));
		memcpy(theta, x.stats, m * sizeof *theta);
		run = run && !kept_from_pass(&b, &x, got);
		MUST(snaps_read(r, i + 1, &x));
		differ = differ && !same(theta, x.stats, m);
		anchors = anchors && strcmp(x.role, "anchor") == 0 && kept_from_pass(&b, &x, got);
	}
	ok(anchors, "anchors are kept with the statistics of a pass at them");
	ok(differ && run, "θ with other ones, which no pass at it gives");
	snaps_reader_close(r);

	sample_with("own", parse_all((const char *[]){NETWORK, "--steps", "4", "--keep-every", "2", NULL}), own, sizeof own);
	sample_with("again", parse_all((const char *[]){NETWORK, "--steps", "4", "--keep-every", "2", "--bn-stats", "recompute",
	            NULL}), again, sizeof again);
	struct snaps_reader *ra = open_chain(own, 0), *rb = open_chain(again, 0);
	bool params = snaps_count(ra) == 2 && snaps_count(rb) == 2, passes = true;
	for (size_t i = 0; params && i < 2; i++) {
		MUST(snaps_read(ra, i, &x));
		MUST(snaps_read(rb, i, &y));
		params = same(x.params, y.params, n) && x.nll == y.nll && !same(x.stats, y.stats, m);
		passes = passes && kept_from_pass(&b, &y, got);
	}
	ok(params, "recomputing leaves the chain's parameters and losses as they are, to the bit");
	ok(passes, "and gives those of a pass at θ");
	snaps_reader_close(ra);
	snaps_reader_close(rb);
	free(theta);
	free(got);
	bed_close(&b);
}

int main(void)
{
	write_images();
	check_pass();
	check_chains();
	return done_testing();
}
