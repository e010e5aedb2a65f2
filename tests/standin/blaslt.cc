/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* cublasLt's handles and descriptors. */
#include "blaslt.h"
#include <set>

struct cublasLtContext { int unused; };
static std::set<cublasLtHandle_t> handles;

bool blas_handle_known(cublasLtHandle_t handle)
{
	return handles.count(handle) != 0;
}

bool standin_blas_leaks(void)
{
	if (!handles.empty())
		standin_tell("%zu handles of cublasLt were never destroyed", handles.size());
	return !handles.empty();
}

static const struct blas_attribute *find(const struct blas_attribute *list, int id)
{
	while (list->id >= 0 && list->id != id)
		list++;
	return list->id >= 0 ? list : NULL;
}

cublasStatus_t blas_set(const char *call, void *to, const struct blas_attribute *list, int id, const void *from,
                        size_t bytes)
{
	const struct blas_attribute *a = find(list, id);
	if (!a) {
		standin_tell("%s: attribute %d is not here", call, id);
		return CUBLAS_STATUS_INVALID_VALUE;
	}
	if (!to || !from || bytes != a->bytes) {
		standin_tell("%s: attribute %d has %zu bytes, not %zu", call, id, a->bytes, bytes);
		return CUBLAS_STATUS_INVALID_VALUE;
	}
	memcpy((char *)to + a->at, from, bytes);
	return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t blas_get(const char *call, const void *from, const struct blas_attribute *list, int id, void *to,
                        size_t bytes, size_t *written)
{
	const struct blas_attribute *a = find(list, id);
	if (!a || !from || (bytes == 0 ? !written : !to || bytes != a->bytes)) {
		standin_tell("%s: attribute %d is not here, or has not %zu bytes", call, id, bytes);
		return CUBLAS_STATUS_INVALID_VALUE;
	}
	if (bytes)
		memcpy(to, (const char *)from + a->at, bytes);
	if (written)
		*written = a->bytes;
	return CUBLAS_STATUS_SUCCESS;
}

static const struct blas_attribute layout_list[] = {
	BLAS_ATTRIBUTE(CUBLASLT_MATRIX_LAYOUT_TYPE, struct blas_layout, type),
	BLAS_ATTRIBUTE(CUBLASLT_MATRIX_LAYOUT_ORDER, struct blas_layout, order),
	BLAS_ATTRIBUTE(CUBLASLT_MATRIX_LAYOUT_ROWS, struct blas_layout, rows),
	BLAS_ATTRIBUTE(CUBLASLT_MATRIX_LAYOUT_COLS, struct blas_layout, cols),
	BLAS_ATTRIBUTE(CUBLASLT_MATRIX_LAYOUT_LD, struct blas_layout, ld),
	BLAS_ATTRIBUTE(CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, struct blas_layout, batches),
	BLAS_ATTRIBUTE(CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, struct blas_layout, batch_stride),
	BLAS_END,
};

static const struct blas_attribute desc_list[] = {
	BLAS_ATTRIBUTE(CUBLASLT_MATMUL_DESC_COMPUTE_TYPE, struct blas_desc, compute),
	BLAS_ATTRIBUTE(CUBLASLT_MATMUL_DESC_SCALE_TYPE, struct blas_desc, scale),
	BLAS_ATTRIBUTE(CUBLASLT_MATMUL_DESC_POINTER_MODE, struct blas_desc, pointer_mode),
	BLAS_ATTRIBUTE(CUBLASLT_MATMUL_DESC_TRANSA, struct blas_desc, transpose_a),
	BLAS_ATTRIBUTE(CUBLASLT_MATMUL_DESC_TRANSB, struct blas_desc, transpose_b),
	BLAS_ATTRIBUTE(CUBLASLT_MATMUL_DESC_EPILOGUE, struct blas_desc, epilogue),
	BLAS_ATTRIBUTE(CUBLASLT_MATMUL_DESC_BIAS_POINTER, struct blas_desc, bias),
	BLAS_ATTRIBUTE(CUBLASLT_MATMUL_DESC_BIAS_BATCH_STRIDE, struct blas_desc, bias_batch_stride),
	BLAS_ATTRIBUTE(CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, struct blas_desc, bias_type),
	BLAS_END,
};

static const struct blas_attribute preference_list[] = {
	BLAS_ATTRIBUTE(CUBLASLT_MATMUL_PREF_SEARCH_MODE, struct blas_preference, search),
	BLAS_ATTRIBUTE(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, struct blas_preference, workspace),
	BLAS_ATTRIBUTE(CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, struct blas_preference, reductions),
	BLAS_ATTRIBUTE(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, struct blas_preference, align_a),
	BLAS_ATTRIBUTE(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, struct blas_preference, align_b),
	BLAS_ATTRIBUTE(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, struct blas_preference, align_c),
	BLAS_ATTRIBUTE(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, struct blas_preference, align_d),
	BLAS_END,
};

/* A new opaque structure that begins with *from. */
template <typename OPAQUE, typename T>
static cublasStatus_t create(OPAQUE **out, const T &from)
{
	*out = new OPAQUE();
	memcpy((void *)*out, &from, sizeof from);
	return CUBLAS_STATUS_SUCCESS;
}

extern "C" {

cublasStatus_t cublasLtCreate(cublasLtHandle_t *out)
{
	BLAS_CALL_OR_FAIL();
	*out = NULL;
	if (standin_device_count() <= 0)
		return CUBLAS_STATUS_NOT_INITIALIZED;
	*out = new cublasLtContext();
	handles.insert(*out);
	return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle)
{
	BLAS_CALL();
	if (!handles.erase(handle))
		return CUBLAS_STATUS_NOT_INITIALIZED;
	delete handle;
	return forced;
}

size_t cublasLtGetVersion(void)
{
	return CUBLAS_VERSION;
}

cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t *out, cudaDataType type, uint64_t rows,
                                          uint64_t cols, int64_t ld)
{
	BLAS_CALL_OR_FAIL();
	struct blas_layout l = {};
	l.type = type;
	l.order = CUBLASLT_ORDER_COL;
	l.rows = rows;
	l.cols = cols;
	l.ld = ld;
	l.batches = 1;
	return create(out, l);
}

cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t l)
{
	BLAS_CALL();
	delete l;
	return forced;
}

cublasStatus_t cublasLtMatrixLayoutSetAttribute(cublasLtMatrixLayout_t l, cublasLtMatrixLayoutAttribute_t id,
                                                const void *from, size_t bytes)
{
	BLAS_CALL_OR_FAIL();
	return blas_set(__func__, l, layout_list, id, from, bytes);
}

cublasStatus_t cublasLtMatrixLayoutGetAttribute(cublasLtMatrixLayout_t l, cublasLtMatrixLayoutAttribute_t id,
                                                void *to, size_t bytes, size_t *written)
{
	BLAS_CALL_OR_FAIL();
	return blas_get(__func__, l, layout_list, id, to, bytes, written);
}

cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t *out, cublasComputeType_t compute, cudaDataType_t scale)
{
	BLAS_CALL_OR_FAIL();
	struct blas_desc d = {};
	d.compute = compute;
	d.scale = scale;
	d.epilogue = CUBLASLT_EPILOGUE_DEFAULT;
	d.bias_type = -1;
	return create(out, d);
}

cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t d)
{
	BLAS_CALL();
	delete d;
	return forced;
}

cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t d, cublasLtMatmulDescAttributes_t id,
                                              const void *from, size_t bytes)
{
	BLAS_CALL_OR_FAIL();
	return blas_set(__func__, d, desc_list, id, from, bytes);
}

cublasStatus_t cublasLtMatmulDescGetAttribute(cublasLtMatmulDesc_t d, cublasLtMatmulDescAttributes_t id, void *to,
                                              size_t bytes, size_t *written)
{
	BLAS_CALL_OR_FAIL();
	return blas_get(__func__, d, desc_list, id, to, bytes, written);
}

cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t *out)
{
	BLAS_CALL_OR_FAIL();
	struct blas_preference p = {};
	p.reductions = CUBLASLT_REDUCTION_SCHEME_MASK;
	p.align_a = p.align_b = p.align_c = p.align_d = 256;
	return create(out, p);
}

cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t p)
{
	BLAS_CALL();
	delete p;
	return forced;
}

cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t p, cublasLtMatmulPreferenceAttributes_t id,
						    const void *from, size_t bytes)
{
	BLAS_CALL_OR_FAIL();
	return blas_set(__func__, p, preference_list, id, from, bytes);
}

cublasStatus_t cublasLtMatmulPreferenceGetAttribute(cublasLtMatmulPreference_t p,
                                                    cublasLtMatmulPreferenceAttributes_t id, void *to, size_t bytes,
                                                    size_t *written)
{
	BLAS_CALL_OR_FAIL();
	return blas_get(__func__, p, preference_list, id, to, bytes, written);
}

#define STATUSES(X)                                                                                                 \
	X(CUBLAS_STATUS_SUCCESS, "success")                                                                         \
	X(CUBLAS_STATUS_NOT_INITIALIZED, "the library was not initialized")                                         \
	X(CUBLAS_STATUS_ALLOC_FAILED, "the resource allocation failed")                                             \
	X(CUBLAS_STATUS_INVALID_VALUE, "an unsupported value or parameter was passed to the function")              \
	X(CUBLAS_STATUS_ARCH_MISMATCH, "the function requires an architectural feature absent from the device")     \
	X(CUBLAS_STATUS_MAPPING_ERROR, "an access to GPU memory space failed")                                      \
	X(CUBLAS_STATUS_EXECUTION_FAILED, "the GPU program failed to execute")                                      \
	X(CUBLAS_STATUS_INTERNAL_ERROR, "an internal operation failed")                                             \
	X(CUBLAS_STATUS_NOT_SUPPORTED, "the functionality requested is not supported")

const char *cublasLtGetStatusName(cublasStatus_t s)
{
#define NAME(status, meaning) if (s == status) return #status;
	STATUSES(NAME)
	return "CUBLAS_STATUS_UNKNOWN";
}

const char *cublasLtGetStatusString(cublasStatus_t s)
{
#define MEANING(status, meaning) if (s == status) return meaning;
	STATUSES(MEANING)
	return "unknown status";
}

}
