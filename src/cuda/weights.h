/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The parameters of a point, θ + c·v + σξ, on their way to the layers: as they lie, or as working weights in a layer's own type and
 * width, with a norm folded in. Calls that follow one another are one launch, and all networks need few. */
#ifndef BASIN_CUDA_WEIGHTS_H
#define BASIN_CUDA_WEIGHTS_H

#include "src/cuda/kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How a layer's weights lie: (rows, taps, padded), of the flat vector's (rows, taps, in). */
struct cuda_weights {
	size_t rows;               /* outputs */
	size_t taps;               /* of a convolution: kernel²; a linear layer has 1 */
	size_t in, padded;         /* channels of a tap there and here, where those beyond `in` are 0 */
	bool bf16;                 /* rounded to the nearest; else float32 */
	bool folded;               /* each row is times γ/√(variance + NORM_BATCH_EPSILON) of the norm that is folded in */
};

/* Bytes in all: the weights and, where a norm is folded in, behind them at a multiple of 16, which cuda_weights_bias_at is, (rows)
 * float32: β − mean·γ/√(variance + ε). */
size_t cuda_weights_bytes(const struct cuda_weights *w);
size_t cuda_weights_bias_at(const struct cuda_weights *w);

/* Makes them in `working` (device, aligned to 16 bytes) from PARAM_WEIGHT of `from`, and its `folded` and `stats`; put off. Errors:
 * of cuda_later. */
status cuda_weights_later(struct device *d, const struct cuda_weights *w, const struct weight_source *from, void *working);

/* ---- the launch ---- */

/* One range of the flat vector, taken as rows of taps. */
struct cuda_weights_part {
	size_t offset;             /* of its first element */
	void *out;                 /* device */
	const float *stats;        /* device: means (rows), variances (rows); NULL: nothing is folded in */
	size_t gamma, beta;        /* offsets of (rows) elements */
	uint32_t rows, row;        /* rows; elements of one: taps·in */
	uint32_t in, padded;
	uint32_t block;            /* the launch's first for this part */
	bool bf16, wide;           /* wide: what lies here is what lies there, and quads are aligned in both */
	unsigned char frozen;      /* CUDA_FROZEN_…: θ alone */
};

enum { CUDA_FROZEN_WEIGHT = 1, CUDA_FROZEN_GAMMA = 2, CUDA_FROZEN_BETA = 4 };
enum { CUDA_WEIGHTS_PARTS = 62, CUDA_WEIGHTS_THREADS = 256, CUDA_WEIGHTS_QUADS = 2 };  /* quads: a thread's */

/* Passed by value, at most 4 KB. */
struct cuda_weights_args {
	const struct cuda_slots *slots;  /* NULL where neither v nor noise counts */
	const float *theta, *v;    /* v: NULL where it does not count */
	int v_coef, sigma;
	enum stream stream;
	bool aligned;              /* theta and v: to 16 bytes */
	bool folded;               /* some part has a norm folded in */
	int n;
	uint32_t blocks;
	struct cuda_weights_part part[CUDA_WEIGHTS_PARTS];
};

cudaError_t cuda_launch_weights(const struct cuda_weights_args *a, cudaStream_t stream);

#ifdef __cplusplus
}
#endif

#endif
