/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What products there are, and by which algorithms. These are invented so that a careful choice shows: the fastest in
 * its own opinion splits k, the next one wants a workspace, the next aligned pointers; each sums in another order, so
 * its bits differ; and the order in which they are proposed depends on the batch count. */
#include "blaslt.h"

enum { SPLIT = 9, ROOMY = 17, WIDE = 24, PLAIN = 31 };   /* ids */
enum { MADE = 0x62617369, WIDE_BYTES = 16, SPLITS = 4, MOST_SPLITS = 32 };

static const struct blas_attribute config_list[] = {
	BLAS_ATTRIBUTE(CUBLASLT_ALGO_CONFIG_ID, struct blas_algo, id),
	BLAS_ATTRIBUTE(CUBLASLT_ALGO_CONFIG_TILE_ID, struct blas_algo, tile),
	BLAS_ATTRIBUTE(CUBLASLT_ALGO_CONFIG_SPLITK_NUM, struct blas_algo, split_k),
	BLAS_ATTRIBUTE(CUBLASLT_ALGO_CONFIG_REDUCTION_SCHEME, struct blas_algo, reduction),
	BLAS_ATTRIBUTE(CUBLASLT_ALGO_CONFIG_CTA_SWIZZLING, struct blas_algo, swizzle),
	BLAS_ATTRIBUTE(CUBLASLT_ALGO_CONFIG_CUSTOM_OPTION, struct blas_algo, custom),
	BLAS_ATTRIBUTE(CUBLASLT_ALGO_CONFIG_STAGES_ID, struct blas_algo, stages),
	BLAS_ATTRIBUTE(CUBLASLT_ALGO_CONFIG_INNER_SHAPE_ID, struct blas_algo, inner),
	BLAS_ATTRIBUTE(CUBLASLT_ALGO_CONFIG_CLUSTER_SHAPE_ID, struct blas_algo, cluster),
	BLAS_END,
};

static uint32_t types_of(uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
	return a | b << 8 | c << 16 | d << 24;
}

/* float32 throughout, or bfloat16 factors with either result. */
static bool types_there(uint32_t compute, uint32_t scale, uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
	if ((compute != CUBLAS_COMPUTE_32F && compute != CUBLAS_COMPUTE_32F_PEDANTIC) || scale != CUDA_R_32F ||
	    a != b || c != d)
		return false;
	return (a == CUDA_R_32F && c == CUDA_R_32F) || (a == CUDA_R_16BF && (c == CUDA_R_16BF || c == CUDA_R_32F));
}

uint64_t blas_extent(const struct blas_layout *l)
{
	const bool by_rows = l->order == CUBLASLT_ORDER_ROW;
	const uint64_t inner = by_rows ? l->cols : l->rows, outer = by_rows ? l->rows : l->cols;
	return (uint64_t)(l->batches - 1) * (uint64_t)l->batch_stride + (outer - 1) * (uint64_t)l->ld + inner;
}

static bool layout_good(const char *call, const char *name, const struct blas_layout *l, int batches)
{
	const bool by_rows = l->order == CUBLASLT_ORDER_ROW;
	const int64_t inner = (int64_t)(by_rows ? l->cols : l->rows);
	if (l->order != CUBLASLT_ORDER_COL && !by_rows)
		standin_tell("%s: %s: order %u is not here", call, name, l->order);
	else if (l->rows == 0 || l->cols == 0)
		standin_tell("%s: %s has no elements", call, name);
	else if (l->ld < inner)
		standin_tell("%s: %s: a leading dimension of %lld is too small for %s of %lld", call, name,
		             (long long)l->ld, by_rows ? "rows" : "columns", (long long)inner);
	else if (l->batches != batches || batches < 1)
		standin_tell("%s: %s has %d batches, A has %d", call, name, l->batches, batches);
	else if (batches > 1 && l->batch_stride < 0)
		standin_tell("%s: %s: a negative stride between batches", call, name);
	else
		return true;
	return false;
}

static bool epilogue_good(const char *call, const struct blas_product *p)
{
	const uint32_t e = p->desc.epilogue, bias_type = p->desc.bias_type < 0 ? p->d.type : (uint32_t)p->desc.bias_type;
	if (e != CUBLASLT_EPILOGUE_DEFAULT && e != CUBLASLT_EPILOGUE_BIAS && e != CUBLASLT_EPILOGUE_RELU &&
	    e != CUBLASLT_EPILOGUE_RELU_BIAS)
		standin_tell("%s: epilogue %u is not here", call, e);
	else if (e & CUBLASLT_EPILOGUE_BIAS && (bias_type != p->d.type || p->d.order != CUBLASLT_ORDER_COL))
		standin_tell("%s: a bias has D's type, and D's columns are in order", call);
	else if (p->desc.pointer_mode != CUBLASLT_POINTER_MODE_HOST)
		standin_tell("%s: alpha and beta are on the host here", call);
	else
		return true;
	return false;
}

cublasStatus_t blas_product_of(const char *call, cublasLtHandle_t handle, cublasLtMatmulDesc_t desc,
                               cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b, cublasLtMatrixLayout_t c,
                               cublasLtMatrixLayout_t d, struct blas_product *p)
{
	if (!blas_handle_known(handle))
		return CUBLAS_STATUS_NOT_INITIALIZED;
	if (!desc || !a || !b || !c || !d)
		return CUBLAS_STATUS_INVALID_VALUE;
	memcpy(&p->desc, desc, sizeof p->desc);
	memcpy(&p->a, a, sizeof p->a);
	memcpy(&p->b, b, sizeof p->b);
	memcpy(&p->c, c, sizeof p->c);
	memcpy(&p->d, d, sizeof p->d);
	const struct blas_desc *e = &p->desc;
	if (!types_there(e->compute, e->scale, p->a.type, p->b.type, p->c.type, p->d.type)) {
		standin_tell("%s: types %u·%u + %u → %u computed in %u are not here", call, p->a.type, p->b.type,
		             p->c.type, p->d.type, e->compute);
		return CUBLAS_STATUS_NOT_SUPPORTED;
	}
	const int batches = p->a.batches;
	if (!layout_good(call, "A", &p->a, batches) || !layout_good(call, "B", &p->b, batches) ||
	    !layout_good(call, "C", &p->c, batches) || !layout_good(call, "D", &p->d, batches) || !epilogue_good(call, p))
		return CUBLAS_STATUS_INVALID_VALUE;
	p->m = e->transpose_a == CUBLAS_OP_N ? p->a.rows : p->a.cols;
	p->k = e->transpose_a == CUBLAS_OP_N ? p->a.cols : p->a.rows;
	p->n = e->transpose_b == CUBLAS_OP_N ? p->b.cols : p->b.rows;
	const uint64_t k = e->transpose_b == CUBLAS_OP_N ? p->b.rows : p->b.cols;
	if (k == p->k && p->d.rows == p->m && p->d.cols == p->n && p->c.rows == p->m && p->c.cols == p->n)
		return CUBLAS_STATUS_SUCCESS;
	standin_tell("%s: %llux%llu times %llux%llu does not give %llux%llu", call, (unsigned long long)p->m,
	             (unsigned long long)p->k, (unsigned long long)k, (unsigned long long)p->n,
	             (unsigned long long)p->d.rows, (unsigned long long)p->d.cols);
	return CUBLAS_STATUS_INVALID_VALUE;
}

unsigned blas_algo_parts(const struct blas_algo *algo)
{
	/* The smaller numbers have a part in the order too. */
	const unsigned rest = algo->tile + algo->stages + algo->swizzle + algo->custom + algo->inner + algo->cluster;
	return algo->id == SPLIT ? (unsigned)algo->split_k : rest % 16 + (algo->id == ROOMY ? 2 : algo->id == WIDE ? 8 : 1);
}

unsigned blas_algo_alignment(const struct blas_algo *algo)
{
	return algo->id == WIDE ? WIDE_BYTES : 1;
}

static bool lines_up(const struct blas_layout *l)
{
	return (uint64_t)l->ld * blas_size(l->type) % WIDE_BYTES == 0 &&
	       (uint64_t)l->batch_stride * blas_size(l->type) % WIDE_BYTES == 0;
}

cublasStatus_t blas_algo_check(const char *call, const struct blas_algo *algo, const struct blas_product *p,
                               size_t *workspace)
{
	const size_t sums = sizeof(float) * p->m * p->n * (size_t)p->d.batches;
	*workspace = 0;
	if (algo->made != MADE) {
		standin_tell("%s: an algorithm that cublasLtMatmulAlgoInit has never seen", call);
		return CUBLAS_STATUS_INVALID_VALUE;
	}
	if (algo->types != types_of(p->a.type, p->b.type, p->c.type, p->d.type)) {
		standin_tell("%s: an algorithm that was made for other types", call);
		return CUBLAS_STATUS_INVALID_VALUE;
	}
	const bool splits = algo->split_k > 1;
	if (algo->split_k < 1 || algo->split_k > MOST_SPLITS || (splits && algo->id != SPLIT) ||
	    splits != (algo->reduction != CUBLASLT_REDUCTION_SCHEME_NONE)) {
		standin_tell("%s: algorithm %d with %d parts of k and reduction scheme %u", call, algo->id,
		             algo->split_k, algo->reduction);
		return CUBLAS_STATUS_NOT_SUPPORTED;
	}
	if (algo->id == WIDE && (!lines_up(&p->a) || !lines_up(&p->b) || !lines_up(&p->c) || !lines_up(&p->d)))
		return CUBLAS_STATUS_NOT_SUPPORTED;
	*workspace = algo->id == ROOMY ? sums : splits ? sums * (size_t)algo->split_k : 0;
	return CUBLAS_STATUS_SUCCESS;
}

static cublasStatus_t make(uint32_t types, int id, struct blas_algo *out)
{
	memset(out, 0, sizeof *out);
	if (id != SPLIT && id != ROOMY && id != WIDE && id != PLAIN)
		return CUBLAS_STATUS_INVALID_VALUE;
	out->made = MADE;
	out->types = types;
	out->id = id;
	out->split_k = 1;
	return CUBLAS_STATUS_SUCCESS;
}

static bool aligned_enough(const struct blas_preference *w)
{
	return w->align_a >= WIDE_BYTES && w->align_b >= WIDE_BYTES && w->align_c >= WIDE_BYTES && w->align_d >= WIDE_BYTES;
}

int blas_algos_for(const struct blas_product *p, const struct blas_preference *wish, int most,
                   cublasLtMatmulHeuristicResult_t *out)
{
	static const int one[] = {SPLIT, ROOMY, WIDE, PLAIN}, many[] = {ROOMY, PLAIN, WIDE, SPLIT};
	int n = 0;
	/* What was considered and can't be comes along, and its state says so. */
	if (most > 1 && !aligned_enough(wish)) {
		memset((void *)&out[n], 0, sizeof out[n]);
		out[n++].state = CUBLAS_STATUS_NOT_SUPPORTED;
	}
	for (int i = 0; i < 4 && n < most; i++) {
		struct blas_algo a;
		size_t workspace;
		make(types_of(p->a.type, p->b.type, p->c.type, p->d.type), p->a.batches > 1 ? many[i] : one[i], &a);
		if (a.id == SPLIT) {
			a.split_k = SPLITS;
			a.reduction = CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE;
		}
		if ((a.reduction & ~wish->reductions) || (a.id == WIDE && !aligned_enough(wish)) ||
		    (a.id == SPLIT && p->k < 2 * SPLITS) ||
		    blas_algo_check("heuristic", &a, p, &workspace) != CUBLAS_STATUS_SUCCESS ||
		    workspace > wish->workspace)
			continue;
		memset(&out[n], 0, sizeof out[n]);
		memcpy(&out[n].algo, &a, sizeof a);
		out[n].workspaceSize = workspace;
		out[n].state = CUBLAS_STATUS_SUCCESS;
		out[n++].wavesCount = 1;
	}
	return n;
}

extern "C" {

cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t handle, cublasLtMatmulDesc_t desc,
                                              cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                              cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                                              cublasLtMatmulPreference_t preference, int most,
                                              cublasLtMatmulHeuristicResult_t out[], int *n)
{
	BLAS_CALL_OR_FAIL();
	struct blas_product p;
	struct blas_preference wish;
	*n = 0;
	cublasStatus_t e = blas_product_of(__func__, handle, desc, a, b, c, d, &p);
	if (e != CUBLAS_STATUS_SUCCESS)
		return e;
	if (!preference || most < 1)
		return CUBLAS_STATUS_INVALID_VALUE;
	memcpy(&wish, preference, sizeof wish);
	*n = wish.search == CUBLASLT_SEARCH_BEST_FIT ? blas_algos_for(&p, &wish, most, out) : 0;
	return *n ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_NOT_SUPPORTED;
}

cublasStatus_t cublasLtMatmulAlgoGetIds(cublasLtHandle_t handle, cublasComputeType_t compute, cudaDataType_t scale,
                                        cudaDataType_t a, cudaDataType_t b, cudaDataType_t c, cudaDataType_t d,
                                        int most, int ids[], int *n)
{
	static const int all[] = {SPLIT, ROOMY, WIDE, PLAIN};
	BLAS_CALL_OR_FAIL();
	*n = 0;
	if (!blas_handle_known(handle))
		return CUBLAS_STATUS_NOT_INITIALIZED;
	if (most < 1)
		return CUBLAS_STATUS_INVALID_VALUE;
	if (types_there(compute, scale, a, b, c, d))
		for (int i = 0; i < 4 && i < most; i++)
			ids[(*n)++] = all[i];
	return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulAlgoInit(cublasLtHandle_t handle, cublasComputeType_t compute, cudaDataType_t scale,
                                      cudaDataType_t a, cudaDataType_t b, cudaDataType_t c, cudaDataType_t d, int id,
                                      cublasLtMatmulAlgo_t *out)
{
	BLAS_CALL_OR_FAIL();
	struct blas_algo algo;
	if (!blas_handle_known(handle))
		return CUBLAS_STATUS_NOT_INITIALIZED;
	if (!types_there(compute, scale, a, b, c, d))
		return CUBLAS_STATUS_NOT_SUPPORTED;
	cublasStatus_t e = make(types_of(a, b, c, d), id, &algo);
	memset(out, 0, sizeof *out);
	memcpy(out, &algo, sizeof algo);
	return e;
}

cublasStatus_t cublasLtMatmulAlgoCheck(cublasLtHandle_t handle, cublasLtMatmulDesc_t desc, cublasLtMatrixLayout_t a,
				       cublasLtMatrixLayout_t b, cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
				       const cublasLtMatmulAlgo_t *algo, cublasLtMatmulHeuristicResult_t *result)
{
	BLAS_CALL_OR_FAIL();
	struct blas_product p;
	struct blas_algo mine;
	cublasStatus_t e = blas_product_of(__func__, handle, desc, a, b, c, d, &p);
	if (e != CUBLAS_STATUS_SUCCESS)
		return e;
	memcpy(&mine, algo, sizeof mine);
	result->state = blas_algo_check(__func__, &mine, &p, &result->workspaceSize);
	result->wavesCount = 1;
	return result->state;
}

cublasStatus_t cublasLtMatmulAlgoConfigSetAttribute(cublasLtMatmulAlgo_t *algo,
                                                    cublasLtMatmulAlgoConfigAttributes_t id, const void *from,
                                                    size_t bytes)
{
	BLAS_CALL_OR_FAIL();
	if (id == CUBLASLT_ALGO_CONFIG_ID)   /* AlgoInit's alone */
		return CUBLAS_STATUS_INVALID_VALUE;
	return blas_set(__func__, algo, config_list, id, from, bytes);
}

cublasStatus_t cublasLtMatmulAlgoConfigGetAttribute(const cublasLtMatmulAlgo_t *algo,
                                                    cublasLtMatmulAlgoConfigAttributes_t id, void *to, size_t bytes,
                                                    size_t *written)
{
	BLAS_CALL_OR_FAIL();
	return blas_get(__func__, algo, config_list, id, to, bytes, written);
}

cublasStatus_t cublasLtMatmulAlgoCapGetAttribute(const cublasLtMatmulAlgo_t *algo,
                                                 cublasLtMatmulAlgoCapAttributes_t id, void *to, size_t bytes,
                                                 size_t *written)
{
	struct capabilities { int32_t splits; uint32_t reductions; int32_t batches; uint64_t numbers; uint32_t align; } caps;
	static const struct blas_attribute list[] = {
		BLAS_ATTRIBUTE(CUBLASLT_ALGO_CAP_SPLITK_SUPPORT, struct capabilities, splits),
		BLAS_ATTRIBUTE(CUBLASLT_ALGO_CAP_REDUCTION_SCHEME_MASK, struct capabilities, reductions),
		BLAS_ATTRIBUTE(CUBLASLT_ALGO_CAP_STRIDED_BATCH_SUPPORT, struct capabilities, batches),
		BLAS_ATTRIBUTE(CUBLASLT_ALGO_CAP_NUMERICAL_IMPL_FLAGS, struct capabilities, numbers),
		BLAS_ATTRIBUTE(CUBLASLT_ALGO_CAP_MIN_ALIGNMENT_A_BYTES, struct capabilities, align),
		BLAS_ATTRIBUTE(CUBLASLT_ALGO_CAP_MIN_ALIGNMENT_B_BYTES, struct capabilities, align),
		BLAS_ATTRIBUTE(CUBLASLT_ALGO_CAP_MIN_ALIGNMENT_C_BYTES, struct capabilities, align),
		BLAS_ATTRIBUTE(CUBLASLT_ALGO_CAP_MIN_ALIGNMENT_D_BYTES, struct capabilities, align),
		BLAS_END,
	};
	BLAS_CALL_OR_FAIL();
	struct blas_algo a;
	memcpy(&a, algo, sizeof a);
	const bool bf16 = (a.types & 0xff) == CUDA_R_16BF;
	caps = {a.id == SPLIT, a.id == SPLIT ? (uint32_t)CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE : 0, 1,
		CUBLASLT_NUMERICAL_IMPL_FLAGS_ACCUMULATOR_32F | (bf16 ? CUBLASLT_NUMERICAL_IMPL_FLAGS_INPUT_16BF | CUBLASLT_NUMERICAL_IMPL_FLAGS_HMMA
			: CUBLASLT_NUMERICAL_IMPL_FLAGS_INPUT_32F | CUBLASLT_NUMERICAL_IMPL_FLAGS_FMA),
		a.id == WIDE ? (uint32_t)WIDE_BYTES : bf16 ? 2u : 4u};
	return blas_get(__func__, &caps, list, id, to, bytes, written);
}

}
