/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Named tensors as segments of one flat float32 vector: a model's parameters are one such vector, its batch-norm
 * statistics another. Segments follow one another without gaps; the vector is 64-byte aligned. */
#ifndef BASIN_TENSOR_H
#define BASIN_TENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/arena.h"
#include "src/prior.h"
#include "src/rng.h"

enum { TENSOR_DIMS = 4 };

/* How a segment gets its first values. */
enum init_kind {
	INIT_CONSTANT,  /* every element is `init_scale` */
	INIT_UNIFORM,   /* U(−init_scale, init_scale) */
	INIT_NORMAL     /* N(0, init_scale²) */
};

struct segment {
	const char *name;           /* PyTorch's: "fc1.weight" */
	int ndim;
	int64_t shape[TENSOR_DIMS]; /* PyTorch's order: (out, in), (out, in, height, width), (n) */
	size_t offset, count;       /* elements of the flat vector */
	enum init_kind init;
	double init_scale;
	double prior;               /* factor on the weight decay δ: the prior's variance is 1/(N·δ·prior) at T = 1 */
	bool frozen;                /* never updated, never perturbed */
	enum prior_kind kind;       /* of the prior, as prior.h has them */
	double nu;                  /* student-t's degrees of freedom, above 2 */
};

struct segments {
	struct segment *at;
	int n, capacity;
	size_t count;               /* elements in all */
};

/* Appends a segment (prior 1, not frozen) and returns its index in *index (may be NULL).
 * The name is copied. Errors: ERR_MEMORY. */
status segments_add(struct segments *s, struct arena *a, const char *name, int ndim, const int64_t *shape,
                    enum init_kind init, double init_scale, int *index);

/* The segment of that name, or NULL. */
const struct segment *segments_find(const struct segments *s, const char *name);

/* Marks the segments whose names match any of the comma-separated shell patterns (fnmatch) as frozen.
 * Errors: ERR_USAGE when a pattern matches nothing. */
status segments_freeze(struct segments *s, const char *patterns);

/* Reads --prior: "KIND[,PATTERN=FACTOR…]", KIND gaussian, laplace or student-t:NU with NU above 2, sets the kind of all segments
 * and the factor of matching ones, later patterns winning. Errors: ERR_USAGE for another kind, a NU that is not above 2, a
 * factor below 0, or a pattern that matches nothing. */
status segments_prior(struct segments *s, const char *text);

/* Fills x (host, s->count floats) with initial values, from stream STREAM_INIT at step 0, by flat element index. */
void segments_init(const struct segments *s, struct rng_key key, float *x);

/* One segment between the order of memory (OHWI for 4-D weights) and that of files (OIHW); a copy for all others.
 * `from` and `to` hold seg->count floats each and must not overlap. */
void segment_to_file(const struct segment *seg, const float *from, float *to);
void segment_from_file(const struct segment *seg, const float *from, float *to);

/* A maximal run of neighbouring segments that share prior and frozenness: what the vector verbs loop over. */
struct piece {
	size_t offset, count;  /* elements */
	double prior;          /* factor; this and the rest as in struct segment */
	bool frozen;
	enum prior_kind kind;
	double nu;
};

struct pieces {
	struct piece *at;
	int n;
	size_t count;          /* elements in all */
};

/* Errors: ERR_MEMORY. */
status pieces_of(const struct segments *s, struct arena *a, struct pieces *out);

/* Elements of those that move. */
size_t pieces_moving(const struct pieces *p);

/* Whether the priors of all that move are Gaussian. */
bool pieces_gaussian(const struct pieces *p);

/* The same twice: of segments whose name ends so, all others being frozen besides, and of the others, those being frozen. */
status pieces_ending(const struct segments *s, struct arena *a, const char *ending, struct pieces *those, struct pieces *others);

#endif
