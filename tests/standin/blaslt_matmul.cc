/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* cublasLtMatmul: checked when it is called, done in plain loops when its stream comes to it. */
#include "blaslt.h"
#include <vector>

enum { WORKSPACE_ALIGN = 256 };

struct task {
	struct blas_product p;
	float alpha, beta;
	const void *a, *b, *c;
	void *d, *workspace;
	size_t workspace_bytes;
	unsigned parts;
};

static float value(const void *from, uint32_t type, uint64_t i)
{
	if (type == CUDA_R_32F)
		return ((const float *)from)[i];
	const uint32_t bits = (uint32_t)((const uint16_t *)from)[i] << 16;
	float x;
	memcpy(&x, &bits, sizeof x);
	return x;
}

static void put(void *to, uint32_t type, uint64_t i, float x)
{
	if (type == CUDA_R_32F) {
		((float *)to)[i] = x;
		return;
	}
	uint32_t bits;
	memcpy(&bits, &x, sizeof bits);
	const uint32_t nan = (bits & 0x7fffffffu) > 0x7f800000u;   /* the rounding below would make an infinity of some */
	((uint16_t *)to)[i] = nan ? (uint16_t)0x7fff : (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static uint64_t place(const struct blas_layout *l, int batch, uint64_t row, uint64_t col)
{
	const uint64_t ld = (uint64_t)l->ld, first = (uint64_t)batch * (uint64_t)l->batch_stride;
	return first + (l->order == CUBLASLT_ORDER_ROW ? row * ld + col : col * ld + row);
}

/* op(X) as float32, row by row. */
static std::vector<float> packed(const void *from, const struct blas_layout *l, int batch, bool transposed)
{
	const uint64_t rows = transposed ? l->cols : l->rows, cols = transposed ? l->rows : l->cols;
	std::vector<float> x(rows * cols);
	for (uint64_t i = 0; i < rows; i++)
		for (uint64_t j = 0; j < cols; j++)
			x[i * cols + j] = value(from, l->type, transposed ? place(l, batch, j, i) : place(l, batch, i, j));
	return x;
}

/* sum[j] = Σ over p of a[p]·b[p][j], the parts of k one by one and then together. */
static void row_times(const float *a, const float *b, uint64_t k, uint64_t n, unsigned parts, float *part, float *sum)
{
	for (uint64_t j = 0; j < n; j++)
		sum[j] = 0;
	for (uint64_t s = 0; s < parts; s++) {
		for (uint64_t j = 0; j < n; j++)
			part[j] = 0;
		for (uint64_t p = k * s / parts; p < k * (s + 1) / parts; p++)
			for (uint64_t j = 0; j < n; j++)
				part[j] += a[p] * b[p * n + j];
		for (uint64_t j = 0; j < n; j++)
			sum[j] += part[j];
	}
}

static void finish_row(const struct task *t, int batch, uint64_t i, const float *sum)
{
	const struct blas_product *p = &t->p;
	const uint32_t epilogue = p->desc.epilogue;
	for (uint64_t j = 0; j < p->n; j++) {
		float x = t->alpha * sum[j];
		if (t->beta != 0)
			x += t->beta * value(t->c, p->c.type, place(&p->c, batch, i, j));
		if (epilogue & CUBLASLT_EPILOGUE_BIAS)
			x += value(p->desc.bias, p->d.type, (uint64_t)batch * (uint64_t)p->desc.bias_batch_stride + i);
		if (epilogue & CUBLASLT_EPILOGUE_RELU && x < 0)
			x = 0;
		put(t->d, p->d.type, place(&p->d, batch, i, j), x);
	}
}

static void run(const struct task *t)
{
	const struct blas_product *p = &t->p;
	std::vector<float> part(p->n), sum(p->n);
	if (t->workspace_bytes)
		memset(t->workspace, 0xff, t->workspace_bytes);   /* nothing that somebody still wants may lie there */
	for (int batch = 0; batch < p->a.batches; batch++) {
		const std::vector<float> a = packed(t->a, &p->a, batch, p->desc.transpose_a != CUBLAS_OP_N);
		const std::vector<float> b = packed(t->b, &p->b, batch, p->desc.transpose_b != CUBLAS_OP_N);
		for (uint64_t i = 0; i < p->m; i++) {
			row_times(&a[i * p->k], b.data(), p->k, p->n, t->parts, part.data(), sum.data());
			finish_row(t, batch, i, sum.data());
		}
	}
}

/* ---- what is refused ---- */

static bool fits(const char *name, const void *p, uint64_t bytes, unsigned align)
{
	const struct standin_block *b = standin_block_at(p);
	if (!b || (const char *)p < b->first)
		standin_tell("cublasLtMatmul: %s is no device memory: %p", name, p);
	else if ((uint64_t)((const char *)p - b->first) + bytes > b->bytes)
		standin_tell("cublasLtMatmul: %s takes %llu bytes from byte %td of block %lu, which has %zu", name,
			     (unsigned long long)bytes, (const char *)p - b->first, b->serial, b->bytes);
	else if ((uintptr_t)p % align)
		standin_tell("cublasLtMatmul: %s is not aligned to %u bytes", name, align);
	else
		return true;
	return false;
}

static bool matrix_fits(const char *name, const void *p, const struct blas_layout *l, unsigned align)
{
	const unsigned own = (unsigned)blas_size(l->type);
	return fits(name, p, blas_extent(l) * own, align > own ? align : own);
}

static uint64_t bytes_of(const struct blas_layout *l)
{
	return blas_extent(l) * blas_size(l->type);
}

static bool overlap(const void *p, uint64_t n, const void *q, uint64_t m)
{
	return (const char *)p < (const char *)q + m && (const char *)q < (const char *)p + n;
}

static bool overlaps_good(const struct task *t)
{
	const struct blas_product *p = &t->p;
	const uint64_t d = bytes_of(&p->d);
	if (overlap(t->a, bytes_of(&p->a), t->d, d) || overlap(t->b, bytes_of(&p->b), t->d, d))
		standin_tell("cublasLtMatmul: D overlaps a factor");
	else if (t->beta != 0 && overlap(t->c, bytes_of(&p->c), t->d, d) &&
	         (t->c != t->d || memcmp(&p->c, &p->d, sizeof p->c) != 0))
		standin_tell("cublasLtMatmul: C overlaps D, but is not the same matrix");
	else
		return true;
	return false;
}

static bool task_good(const struct task *t, unsigned align, size_t given, bool reads_c)
{
	const struct blas_product *p = &t->p;
	if (!matrix_fits("A", t->a, &p->a, align) || !matrix_fits("B", t->b, &p->b, align) ||
	    !matrix_fits("D", t->d, &p->d, align) || (reads_c && !matrix_fits("C", t->c, &p->c, align)))
		return false;
	if (p->desc.epilogue & CUBLASLT_EPILOGUE_BIAS) {
		const uint64_t steps = (uint64_t)(p->d.batches - 1) * (uint64_t)p->desc.bias_batch_stride;
		if (!fits("the bias", p->desc.bias, (steps + p->m) * blas_size(p->d.type), (unsigned)blas_size(p->d.type)))
			return false;
	}
	if (t->workspace_bytes > given) {
		standin_tell("cublasLtMatmul: a workspace of %zu bytes is too small: the algorithm asks for %zu",
		             given, t->workspace_bytes);
		return false;
	}
	return (!t->workspace_bytes || fits("the workspace", t->workspace, t->workspace_bytes, WORKSPACE_ALIGN)) &&
	       overlaps_good(t);
}

static cublasStatus_t issue(const struct task *t, cudaStream_t stream)
{
	const struct blas_product *p = &t->p;
	std::unique_ptr<standin_work> w(new standin_work());
	w->name = "a matrix product";
	w->touches = {{(const char *)t->a, bytes_of(&p->a), STANDIN_READS},
		      {(const char *)t->b, bytes_of(&p->b), STANDIN_READS},
		      {(const char *)t->d, bytes_of(&p->d), STANDIN_WRITES}};
	if (t->beta != 0)
		w->touches.push_back({(const char *)t->c, bytes_of(&p->c), STANDIN_READS});
	if (t->workspace_bytes)
		w->touches.push_back({(const char *)t->workspace, t->workspace_bytes, STANDIN_WRITES});
	w->run = [task = *t](size_t) { run(&task); };
	w->counts = true;
	return standin_issue(stream, standin_work_ref(w.release())) == cudaSuccess ? CUBLAS_STATUS_SUCCESS
	                                                                           : CUBLAS_STATUS_EXECUTION_FAILED;
}

/* The first that the workspace allows, where the caller has left the choice. */
static cublasStatus_t choose(const struct blas_product *p, size_t workspace, cublasLtMatmulAlgo_t *out)
{
	const struct blas_preference wish = {
		CUBLASLT_SEARCH_BEST_FIT, CUBLASLT_REDUCTION_SCHEME_MASK, workspace, 1, 1, 1, 1};
	cublasLtMatmulHeuristicResult_t first;
	if (blas_algos_for(p, &wish, 1, &first) == 0)
		return CUBLAS_STATUS_NOT_SUPPORTED;
	*out = first.algo;
	return CUBLAS_STATUS_SUCCESS;
}

extern "C" cublasStatus_t cublasLtMatmul(cublasLtHandle_t handle, cublasLtMatmulDesc_t desc, const void *alpha,
                                         const void *a, cublasLtMatrixLayout_t a_layout, const void *b,
                                         cublasLtMatrixLayout_t b_layout, const void *beta, const void *c,
                                         cublasLtMatrixLayout_t c_layout, void *d, cublasLtMatrixLayout_t d_layout,
                                         const cublasLtMatmulAlgo_t *given, void *workspace, size_t workspace_bytes,
                                         cudaStream_t stream)
{
	BLAS_CALL_OR_FAIL();
	struct task t = {};
	cublasStatus_t e = blas_product_of(__func__, handle, desc, a_layout, b_layout, c_layout, d_layout, &t.p);
	if (e != CUBLAS_STATUS_SUCCESS)
		return e;
	if (!alpha || !beta || standin_stream_check(stream) != cudaSuccess)
		return CUBLAS_STATUS_INVALID_VALUE;
	cublasLtMatmulAlgo_t chosen = {};
	if (!given)
		e = choose(&t.p, workspace_bytes, &chosen);
	struct blas_algo algo;
	memcpy((void *)&algo, given ? given : &chosen, sizeof algo);
	if (e == CUBLAS_STATUS_SUCCESS)
		e = blas_algo_check(__func__, &algo, &t.p, &t.workspace_bytes);
	if (e != CUBLAS_STATUS_SUCCESS)
		return e;
	memcpy(&t.alpha, alpha, sizeof t.alpha);
	memcpy(&t.beta, beta, sizeof t.beta);
	t.a = a, t.b = b, t.c = c, t.d = d;
	t.workspace = workspace;
	t.parts = blas_algo_parts(&algo);
	if (!task_good(&t, blas_algo_alignment(&algo), workspace_bytes, t.beta != 0))
		return CUBLAS_STATUS_INVALID_VALUE;
	return issue(&t, stream);
}
