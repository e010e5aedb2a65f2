/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A network on small images, augmented, and what methods make of it in a few steps. */
#ifndef BASIN_TESTS_ASCENT_BENCH_H
#define BASIN_TESTS_ASCENT_BENCH_H

#include "tests/sampler_bench.h"

enum { ASCENT_ROWS = 10, ASCENT_BATCH = 5 };
extern const struct rng_key ascent_key;
extern const double ascent_lr, ascent_decay;

struct ascent {
	struct device *d;
	struct dataset data;
	struct normalize normalize;
	struct model model;
	struct potential *p;
	size_t n;
	float *start;            /* host, n */
};

/* False where the device has not the model's layers, or the precision. */
bool ascent_open(struct ascent *q, struct device *d, const char *spec, enum precision precision, const char *freeze);
void ascent_close(struct ascent *q);

/* A state of a method at the start, with a weight decay. */
void ascent_begin(struct bench *b, const struct ascent *q, const char *method, const char *const *extra, double delta);

/* θ and the running statistics after so many steps; the caller's to free. */
struct outcome {
	float *theta, *stats;
};
struct outcome ascent_after(const struct ascent *q, const char *method, const char *const *extra, int steps);
bool outcome_same(const struct ascent *q, const struct outcome *a, const struct outcome *b);
void outcome_free(struct outcome *o);

/* The gradient of a part of the step's batch at a point, host to host. */
void ascent_gradient(struct sampler_state *s, size_t n, const float *theta, size_t first, int count, float *g);

#endif
