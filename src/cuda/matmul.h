/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Products of row-major matrices by cuBLAS: c (m, n) = a (m, k) · b (k, n), summed in float32 by one algorithm, which is the
 * shape's for good: it is among the device's choices, {"matmul fp32 nt 128x10x784": "id=20 tile=15 …"}. Rows follow one another
 * without gaps. Where cuBLAS adds no bias to a product, a kernel does, with the same bits. */
#ifndef BASIN_CUDA_MATMUL_H
#define BASIN_CUDA_MATMUL_H

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

/* Errors: ERR_MEMORY, ERR_LIBRARY; `out` is then closed. A known choice that cuBLAS refuses is told by a warning, and made
 * anew. */
status matmul_open(struct cuda_device *cuda, const struct matmul_shape *shape, struct matmul *out);
/* The device must have forgotten the calls that name it (cuda_forget). A zeroed one is fine. */
void matmul_close(struct cuda_device *cuda, struct matmul *m);

/* The product, put off; `what` as in cuda_later. a, b, bias, c: device; bias is NULL where the shape has none; c is set, or added
 * to. Errors: as of matmul_open, where addresses are aligned as none were before, and of cuda_later. */
status matmul_later(struct cuda_device *cuda, struct matmul *m, const char *what, const void *a, const void *b,
                    const float *bias, bool add, void *c);

/* Tells cuBLAS of the bias, which it adds or leaves alone. Errors: ERR_LIBRARY. */
status matmul_set_bias(const struct matmul *m, bool apart, const float *bias);

/* ---- matmul_choose.c ---- */

/* An algorithm for addresses of which these are aligned, from the device's choices or into them. Errors: ERR_MEMORY,
 * ERR_LIBRARY. */
status matmul_choose(struct cuda_device *cuda, const struct matmul *m, unsigned aligned, struct matmul_algorithm *out);

#endif
