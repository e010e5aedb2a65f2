/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A product as cuBLAS is told of it, and the algorithm that does it. */
#ifndef BASIN_CUDA_MATMUL_CHOOSE_H
#define BASIN_CUDA_MATMUL_CHOOSE_H

#include "src/cuda/cuda.h"

struct matmul_shape {
	int m, n, k;
	bool transpose_a, transpose_b;     /* a lies as (k, m), b as (n, k) */
	bool bf16;                         /* the factors are; else float32 */
	bool bf16_c;                       /* c is */
	bool bias;                         /* float32 (n), added to each row; c is float32 too */
};

/* Addresses that are multiples of MATMUL_ALIGN: of these operands all that a call names; the others are of their type's size,
 * as slices of a parameter vector are. */
enum { MATMUL_A = 1, MATMUL_B = 2, MATMUL_C = 4, MATMUL_ALIGNED = 8, MATMUL_ALIGN = 16 };

struct matmul_algorithm {
	bool chosen;
	bool apart;                        /* the bias is added behind the product */
	cublasLtMatmulAlgo_t algo;
};

/* A product made ready: it stays where it is until it is closed. */
struct matmul {
	struct matmul_shape shape;
	cublasLtMatmulDesc_t desc;
	cublasLtMatrixLayout_t a, b, c;
	struct matmul_algorithm at[MATMUL_ALIGNED];  /* by what is aligned */
};

/* Tells cuBLAS of the bias, which it adds or leaves alone. Errors: ERR_LIBRARY. */
status matmul_set_bias(const struct matmul *m, bool apart, const float *bias);

/* An algorithm for addresses of which these are aligned, from the device's choices or into them. Errors: ERR_MEMORY,
 * ERR_LIBRARY. */
status matmul_choose(struct cuda_device *cuda, const struct matmul *m, unsigned aligned, struct matmul_algorithm *out);

#endif
