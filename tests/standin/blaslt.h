/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What is in cublasLt's opaque structures here. */
#ifndef BASIN_TESTS_STANDIN_BLASLT_H
#define BASIN_TESTS_STANDIN_BLASLT_H

#include "inside.h"
#include <cublasLt.h>

struct blas_layout {
	uint32_t type, order;
	uint64_t rows, cols;
	int64_t ld, batch_stride;
	int32_t batches;
};

struct blas_desc {
	uint32_t compute, scale, pointer_mode;
	int32_t transpose_a, transpose_b;
	uint32_t epilogue;
	int32_t bias_type;               /* −1: that of D */
	const void *bias;
	int64_t bias_batch_stride;
};

struct blas_preference {
	uint32_t search, reductions;
	uint64_t workspace;
	uint32_t align_a, align_b, align_c, align_d;
};

struct blas_algo {
	uint32_t made;                   /* that AlgoInit has seen it */
	uint32_t types;                  /* what it was made for */
	int32_t id, split_k;
	uint32_t reduction, tile, stages, swizzle, custom;
	uint16_t inner, cluster;
};
static_assert(sizeof(struct blas_layout) <= sizeof(cublasLtMatrixLayoutOpaque_t), "");
static_assert(sizeof(struct blas_desc) <= sizeof(cublasLtMatmulDescOpaque_t), "");
static_assert(sizeof(struct blas_preference) <= sizeof(cublasLtMatmulPreferenceOpaque_t), "");
static_assert(sizeof(struct blas_algo) <= sizeof(cublasLtMatmulAlgo_t), "");

#define BLAS_CALL()                                                                                                 \
	std::lock_guard<std::recursive_mutex> standin_held(standin_lock);                                           \
	const cublasStatus_t forced = (cublasStatus_t)standin_called(__func__, false)
#define BLAS_CALL_OR_FAIL()                                                                                         \
	BLAS_CALL();                                                                                                \
	if (forced != CUBLAS_STATUS_SUCCESS)                                                                        \
		return forced

/* The attributes of a structure: a name of the interface, and where it lies. */
struct blas_attribute { int id; size_t at, bytes; };
cublasStatus_t blas_set(const char *call, void *to, const struct blas_attribute *list, int id, const void *from,
                        size_t bytes);
cublasStatus_t blas_get(const char *call, const void *from, const struct blas_attribute *list, int id, void *to,
                        size_t bytes, size_t *written);
#define BLAS_ATTRIBUTE(id, type, field) {id, offsetof(type, field), sizeof(((type *)0)->field)}
#define BLAS_END {-1, 0, 0}

/* A product: D = alpha·op(A)·op(B) + beta·C. */
struct blas_product {
	struct blas_desc desc;
	struct blas_layout a, b, c, d;
	uint64_t m, n, k;
};
static inline size_t blas_size(uint32_t type)
{
	return type == CUDA_R_16BF ? 2 : 4;
}
/* Elements from the first to behind the last. */
uint64_t blas_extent(const struct blas_layout *l);
bool blas_handle_known(cublasLtHandle_t handle);
/* Fills p, or says why not: types, shapes, leading dimensions, batches, epilogue. */
cublasStatus_t blas_product_of(const char *call, cublasLtHandle_t handle, cublasLtMatmulDesc_t desc,
                               cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b, cublasLtMatrixLayout_t c,
                               cublasLtMatrixLayout_t d, struct blas_product *p);
/* The algorithm can do the product; the bytes of workspace that it wants then. */
cublasStatus_t blas_algo_check(const char *call, const struct blas_algo *algo, const struct blas_product *p,
                               size_t *workspace);
/* In how many parts it sums over k, and how pointers must be aligned. */
unsigned blas_algo_parts(const struct blas_algo *algo);
unsigned blas_algo_alignment(const struct blas_algo *algo);
/* The n best algorithms; how many there are. */
int blas_algos_for(const struct blas_product *p, const struct blas_preference *wish, int n,
                   cublasLtMatmulHeuristicResult_t *out);

#endif
