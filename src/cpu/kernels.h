/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The hot loops of the CPU backend, compiled once for each instruction set with ISA and LANES defined on the command
 * line; isa.c picks a set at start. Ranges and threads are the callers'; a kernel sees plain arrays. An element's bits never
 * depend on where an array ends: the rest of a vector is computed in padding. */
#ifndef BASIN_KERNELS_H
#define BASIN_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "src/backend.h"
#include "src/cpu/conv_planes_kernels.h"
#include "src/cpu/conv_winograd_kernels.h"
#include "src/cpu/pool.h"
#include "src/cpu/product_kernels.h"
#include "src/layer.h"

enum {
	NOISE_GROUP = 64,                    /* elements: the largest number of normals made at a time */
	AFFINE_TERMS = AFFINE_INPUTS + 2,    /* the inputs, the prior and the noise */
	ROW_BLOCK = 64                       /* rows of a loss, or of a column, summed together */
};

/* y[o] = base[o] + Σ coef[o][j]·term[o][j] */
struct affine_kernel {
	const float *term[AFFINE_OUTPUTS][AFFINE_TERMS];
	float coef[AFFINE_OUTPUTS][AFFINE_TERMS];
	const float *base[AFFINE_OUTPUTS];
	float *y[AFFINE_OUTPUTS];
};

/* A row's inputs, the gradient of its prior, its variates. */
enum { POINTWISE_SEEN = POINTWISE_INPUTS + 1 + POINTWISE_VARIATES };

struct pointwise_kernel {
	const float *x[POINTWISE_SEEN];
	float *y[POINTWISE_OUTPUTS];
	float c[POINTWISE_COEFS], rest[POINTWISE_COEFS];  /* rest = 1 − c, rounded once */
	float decay;                                      /* on the prior's gradient */
};

/* One row of pixels: out[i·stride + j] = scale[j]·in[j·plane + i·step] + shift[j] for i < n, j < channels. */
struct row_kernel {
	int n, channels, stride, step;
	size_t plane;
	const float *scale, *shift;
};

/* A tile's elements into rows: out[r·stride + c] = from[index[r·pitch + c]], set or added. */
struct untile_kernel {
	int rows, columns, pitch, stride;
	bool add;
};

/* What a block of rows adds up to. */
struct loss_sums {
	double weighted, plain, correct;  /* with the class's factor cᵢ: Σ wᵢcᵢℓᵢ, Σ cᵢℓᵢ; right answers */
};

/* A tensor of a norm; at = NULL: absent. */
struct norm_tensor {
	void *at;
	bool bf16;
};

enum norm_slope {
	SLOPE_OF_SUM,    /* the activation's derivative follows from z = scale·x + shift (+ r) */
	SLOPE_OF_OUTPUT, /* from y */
	SLOPE_ONE        /* dy is the gradient before the activation already */
};

enum { NORM_SUMS = 4 };

/* A norm's pass over `panels` panels, `stride` elements apart, of `rows` rows of `width` channels. */
struct norm_kernel {
	enum activation activation;
	enum norm_slope slope;
	size_t panels, stride, rows, width;
	struct norm_tensor x, r, y, dy[2], dx, dr;
	const float *scale, *shift;          /* by channel, as all below */
	const float *threshold;              /* the activation is max(·, threshold) unless it is SiLU or tanh */
	const float *center;
	const float *of_g, *of_x, *rest;
	/* Tangents; all tensors are float32 then, and absent ones are 0, or not wanted. */
	struct norm_tensor x_dot, r_dot, y_dot, dy_dot[2], dx_dot, dr_dot;
	const float *scale_dot, *shift_dot, *threshold_dot, *of_x_dot;
	double *sum[NORM_SUMS];              /* added to; NULL: not wanted, and then none is */
};

struct kernels {
	const char *name;                    /* "x86-64-v4" */
	int lanes;                           /* float32 numbers of a vector */
	/* out[i] = normal number `element + i`, i < n; element and n are multiples of NOISE_GROUP. */
	void (*normals)(struct rng_key key, enum stream stream, uint64_t step, uint64_t element, size_t n, float *out);
	/* The same of uniform variates, rng_fraction's. */
	void (*fractions)(struct rng_key key, enum stream stream, uint64_t step, uint64_t element, size_t n, float *out);
	/* The normals that NOISE_GROUP given words turn into. */
	void (*normals_of_words)(const uint32_t *words, float *out);
	void (*affine)(const struct affine_kernel *a, int outputs, int terms, size_t n);
	/* out = the gradient of a prior at x. */
	void (*prior)(const struct prior_curve *c, const float *x, float *out, size_t n);
	/* Σ w·x·y in double; w may be NULL. */
	double (*dot)(const float *x, const float *y, const float *w, size_t n);
	void (*pointwise)(enum pointwise_fn fn, const struct pointwise_kernel *p, size_t n);
	void (*row_u8)(const struct row_kernel *r, const uint8_t *in, float *out);
	void (*row_f32)(const struct row_kernel *r, const float *in, float *out);
	/* Rows first … first + n − 1 of the batch, which begins at l->offset. */
	void (*loss)(const struct loss *l, int first, int n, struct loss_sums *sums);
	/* dparams from all rows of the batch, in their order. */
	void (*loss_params)(const struct loss *l);
	/* y = f(x); dx = f′·dy, f′ from `of`: y for ReLU and tanh, x for SiLU. dx may be dy, and y x, of one type. */
	void (*activate)(enum activation kind, const void *x, bool x_bf16, void *y, bool y_bf16, size_t n);
	void (*activate_backward)(enum activation kind, const void *of, const void *dy, void *dx, bool x_bf16, bool y_bf16, size_t n);
	/* dx_dot = f′·dy_dot + f″·x_dot·dy of SiLU, `of` being x, or tanh, `of` being y; dy_dot may be NULL for 0. All float32. */
	void (*activate_bend)(enum activation kind, const float *of, const float *x_dot, const float *dy, const float *dy_dot,
	                      float *dx_dot, size_t n);
	void (*sum)(const float *a, const float *b, float *out, size_t n);
	void (*sum_bf16)(const uint16_t *a, const uint16_t *b, uint16_t *out, size_t n);
	/* n elements from one type to the other, or copied. */
	void (*convert)(const void *from, bool from_bf16, void *to, bool to_bf16, size_t n);
	/* (rows, columns) to (columns, rows), converted. */
	void (*transpose)(const void *from, bool from_bf16, void *to, bool to_bf16, size_t rows, size_t columns);
	void (*product)(const struct product_kernel *p);
	void (*turn)(const struct turn_kernel *t, const float *from, float *to);
	/* Rows first … end − 1 of all images' y, and of all images' dx. */
	void (*pool)(const struct pool_kernel *p, size_t first, size_t end);
	void (*pool_backward)(const struct pool_kernel *p, size_t first, size_t end);
	/* Both of windows of 2 × 2 side by side in planes, all float32: rows of all images' y. */
	void (*pool_pairs)(const struct pool_kernel *p, size_t first, size_t end);
	void (*pool_pairs_backward)(const struct pool_kernel *p, size_t first, size_t end);
	/* sums[j] += Σ m[row·stride + j] over the rows, j < n: blocks of ROW_BLOCK rows in float32, their sum in double, so
	 * that long batches lose nothing. */
	void (*column_sums)(const void *m, bool bf16, size_t rows, size_t stride, size_t n, double *sums);
	/* out[i] = from[index[i]], rounded to bf16 */
	void (*permute)(const float *from, const int32_t *index, size_t n, float *out);
	void (*permute_bf16)(const float *from, const int32_t *index, size_t n, uint16_t *out);
	void (*untile)(const struct untile_kernel *u, const float *from, const int32_t *index, float *out);
	/* sums: Σ x − center, Σ (x − center)². */
	void (*norm_moments)(const struct norm_kernel *k);
	/* y = activation(scale·x + shift + r) */
	void (*norm_forward)(const struct norm_kernel *k);
	/* g = (dy[0] + dy[1])·activation′, stored as dr where there is one. sums: Σ g, Σ g·(x − center), and the Σ of dy
	 * where the threshold was taken. */
	void (*norm_sums)(const struct norm_kernel *k);
	/* dx = of_g·g + of_x·x + rest */
	void (*norm_backward)(const struct norm_kernel *k);
	/* sum: Σ x·x_dot. */
	void (*norm_products)(const struct norm_kernel *k);
	/* y_dot = activation′·z_dot, z_dot = scale·x_dot + scale_dot·(x − center) + shift_dot + r_dot; threshold_dot where the
	 * threshold was taken. What y tells of an activation is read there. */
	void (*norm_jvp)(const struct norm_kernel *k);
	/* With g as above, g_dot = activation′·(dy_dot[0] + dy_dot[1]) + activation″·z_dot·(dy[0] + dy[1]), stored as dr_dot where
	 * there is one: dx_dot = scale·g_dot + scale_dot·g + of_x·x + of_x_dot·x_dot where there is one. sums: Σ g_dot,
	 * Σ g·(x − center), Σ g_dot·(x − center) + g·x_dot, and the Σ of dy_dot where the threshold was taken. */
	void (*norm_hvp)(const struct norm_kernel *k);
	/* Planes of an example to where they have margins. */
	void (*planes_spread)(const struct planes *p, const float *from, float *to);
	/* bias may be NULL. */
	void (*planes_conv)(const struct planes_kernel *p, const float *x, const float *weight, const float *bias, float *y);
	/* Tasks first … end − 1, added to the sums; g says how dy lies, without margins. */
	void (*planes_gradient)(const struct planes_kernel *p, const struct planes *g, const struct planes_batch *b, int first,
	                        int end, float *sums);
	/* The same of LANES examples at a time: tensors are (planes, rows, columns, LANES), x with its margins. */
	void (*examples_conv)(const struct planes_kernel *p, const float *x, const float *weight, const float *bias, float *y);
	void (*examples_gradient)(const struct planes_kernel *p, const float *x, const float *dy, int first, int end, float *sums);
	/* out[i] = the sum of the lanes of vector first + i, i < n. */
	void (*lane_sums)(const float *v, size_t first, size_t n, float *out);
	/* Winograd's: of the strips first … first + n − 1, rows of tiles, tile t is row t of the matrices. Windows of x, tiles of dy; a row of matrices of the
	 * weights (3, 3, rows, columns), turned by 180° or not; y from the sums; a row of the gradient (rows, 3, 3, columns). */
	void (*winograd_windows)(const struct winograd_images *s, const float *x, size_t first, size_t n,
	                         const struct winograd_matrices *m, float *to);
	void (*winograd_tiles)(const struct winograd_images *s, const float *dy, size_t first, size_t n,
	                       const struct winograd_matrices *m, float *to);
	void (*winograd_weights)(const float *from, size_t rows, size_t columns, size_t row, bool turned,
	                         const struct winograd_matrices *m, float *to);
	void (*winograd_finish)(const struct winograd_images *s, const struct winograd_matrices *m, const float *from, size_t first,
	                        size_t n, const struct winograd_finish *f, float *y);
	void (*winograd_gradient)(const struct winograd_matrices *m, const float *from, size_t row, size_t columns, bool add,
	                          float *gradient);
};

#define KERNEL_PASTE_(name, isa) name##_##isa
#define KERNEL_PASTE(name, isa) KERNEL_PASTE_(name, isa)
#define KERNEL(name) KERNEL_PASTE(name, ISA)  /* the name that this compilation gives to its own copy */

#ifdef ISA
void KERNEL(normals)(struct rng_key key, enum stream stream, uint64_t step, uint64_t element, size_t n, float *out);
void KERNEL(fractions)(struct rng_key key, enum stream stream, uint64_t step, uint64_t element, size_t n, float *out);
void KERNEL(normals_of_words)(const uint32_t *words, float *out);
void KERNEL(affine)(const struct affine_kernel *a, int outputs, int terms, size_t n);
void KERNEL(prior)(const struct prior_curve *c, const float *x, float *out, size_t n);
double KERNEL(dot)(const float *x, const float *y, const float *w, size_t n);
void KERNEL(pointwise)(enum pointwise_fn fn, const struct pointwise_kernel *p, size_t n);
void KERNEL(row_u8)(const struct row_kernel *r, const uint8_t *in, float *out);
void KERNEL(row_f32)(const struct row_kernel *r, const float *in, float *out);
void KERNEL(loss)(const struct loss *l, int first, int n, struct loss_sums *sums);
void KERNEL(loss_params)(const struct loss *l);
void KERNEL(activate)(enum activation kind, const void *x, bool x_bf16, void *y, bool y_bf16, size_t n);
void KERNEL(activate_backward)(enum activation kind, const void *of, const void *dy, void *dx, bool x_bf16, bool y_bf16, size_t n);
void KERNEL(activate_bend)(enum activation kind, const float *of, const float *x_dot, const float *dy, const float *dy_dot,
                           float *dx_dot, size_t n);
void KERNEL(sum)(const float *a, const float *b, float *out, size_t n);
void KERNEL(sum_bf16)(const uint16_t *a, const uint16_t *b, uint16_t *out, size_t n);
void KERNEL(convert)(const void *from, bool from_bf16, void *to, bool to_bf16, size_t n);
void KERNEL(transpose)(const void *from, bool from_bf16, void *to, bool to_bf16, size_t rows, size_t columns);
void KERNEL(product)(const struct product_kernel *p);
void KERNEL(turn)(const struct turn_kernel *t, const float *from, float *to);
void KERNEL(pool)(const struct pool_kernel *p, size_t first, size_t end);
void KERNEL(pool_backward)(const struct pool_kernel *p, size_t first, size_t end);
void KERNEL(pool_pairs)(const struct pool_kernel *p, size_t first, size_t end);
void KERNEL(pool_pairs_backward)(const struct pool_kernel *p, size_t first, size_t end);
void KERNEL(column_sums)(const void *m, bool bf16, size_t rows, size_t stride, size_t n, double *sums);
void KERNEL(permute)(const float *from, const int32_t *index, size_t n, float *out);
void KERNEL(permute_bf16)(const float *from, const int32_t *index, size_t n, uint16_t *out);
void KERNEL(untile)(const struct untile_kernel *u, const float *from, const int32_t *index, float *out);
void KERNEL(norm_moments)(const struct norm_kernel *k);
void KERNEL(norm_forward)(const struct norm_kernel *k);
void KERNEL(norm_sums)(const struct norm_kernel *k);
void KERNEL(norm_backward)(const struct norm_kernel *k);
void KERNEL(norm_products)(const struct norm_kernel *k);
void KERNEL(norm_jvp)(const struct norm_kernel *k);
void KERNEL(norm_hvp)(const struct norm_kernel *k);
void KERNEL(planes_spread)(const struct planes *p, const float *from, float *to);
void KERNEL(planes_conv)(const struct planes_kernel *p, const float *x, const float *weight, const float *bias, float *y);
void KERNEL(planes_gradient)(const struct planes_kernel *p, const struct planes *g, const struct planes_batch *b, int first,
                             int end, float *sums);
void KERNEL(examples_conv)(const struct planes_kernel *p, const float *x, const float *weight, const float *bias, float *y);
void KERNEL(examples_gradient)(const struct planes_kernel *p, const float *x, const float *dy, int first, int end, float *sums);
void KERNEL(lane_sums)(const float *v, size_t first, size_t n, float *out);
void KERNEL(winograd_windows)(const struct winograd_images *s, const float *x, size_t first, size_t n,
                              const struct winograd_matrices *m, float *to);
void KERNEL(winograd_tiles)(const struct winograd_images *s, const float *dy, size_t first, size_t n,
                            const struct winograd_matrices *m, float *to);
void KERNEL(winograd_weights)(const float *from, size_t rows, size_t columns, size_t row, bool turned,
                              const struct winograd_matrices *m, float *to);
void KERNEL(winograd_finish)(const struct winograd_images *s, const struct winograd_matrices *m, const float *from, size_t first,
                             size_t n, const struct winograd_finish *f, float *y);
void KERNEL(winograd_gradient)(const struct winograd_matrices *m, const float *from, size_t row, size_t columns, bool add,
                               float *gradient);
#endif

/* Every set of this build, best first, NULL-terminated. */
extern const struct kernels *const kernels_all[];
/* Whether this processor can run it. */
int kernels_usable(const struct kernels *k);
/* The best one here, or the one that the environment variable BASIN_ISA names (v2, v3, v4, plain).
 * Errors: ERR_USAGE when it names none, or one that this processor cannot run. */
status kernels_pick(const struct kernels **out);

#endif
