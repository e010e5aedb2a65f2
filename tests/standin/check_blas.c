/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "tests/standin/check_blas.h"

#include <cublasLt.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { M = 12, N = 8, K = 20, BATCHES = 3, ROOM = 4096, ALGORITHMS = 8 };

static cublasLtHandle_t handle;
static cublasLtMatmulDesc_t desc;
static cublasLtMatrixLayout_t a, b, c;
static void *da, *db, *dc, *bias, *workspace;
static cudaStream_t stream;

static void must(bool good, const char *what)
{
	if (good)
		return;
	printf("not ok: %s\n", what);
	exit(1);
}
#define MUST(call) must((call) == 0, #call)

struct shape { bool bf16, bf16_out, transpose_a, transpose_b, by_rows, bias; int batches; };

static float element(const unsigned char *x, bool bf16, size_t i)
{
	float value;
	uint32_t bits;
	uint16_t half;
	if (!bf16) {
		memcpy(&value, x + 4 * i, 4);
		return value;
	}
	memcpy(&half, x + 2 * i, 2);
	bits = (uint32_t)half << 16;
	memcpy(&value, &bits, 4);
	return value;
}

/* Small multiples of 1/8: exact in bfloat16. */
static void fill(unsigned char *x, bool bf16, int seed)
{
	for (size_t i = 0; i < ROOM / 4; i++) {
		const float v = (float)((int)(i * 7 + (size_t)seed) % 31 - 15) / 8;
		uint32_t bits;
		memcpy(&bits, &v, 4);
		const uint16_t half = (uint16_t)(bits >> 16);
		memcpy(x + (bf16 ? 2 : 4) * i, bf16 ? (const void *)&half : &v, bf16 ? 2 : 4);
	}
}

static unsigned char host[3][ROOM], out[ROOM], bias_host[ROOM];

static size_t place(bool by_rows, int rows, int cols, int i, int j, int batch)
{
	return (size_t)(batch * rows * cols + (by_rows ? i * cols + j : j * rows + i));
}

static cublasLtMatrixLayout_t layout(const struct shape *s, bool bf16, int rows, int cols)
{
	cublasLtMatrixLayout_t l;
	const cublasLtOrder_t order = CUBLASLT_ORDER_ROW;
	const int64_t stride = rows * cols;
	const int32_t batches = s->batches;
	MUST(cublasLtMatrixLayoutCreate(&l, bf16 ? CUDA_R_16BF : CUDA_R_32F, (uint64_t)rows, (uint64_t)cols,
	                                s->by_rows ? cols : rows));
	if (s->by_rows)
		MUST(cublasLtMatrixLayoutSetAttribute(l, CUBLASLT_MATRIX_LAYOUT_ORDER, &order, sizeof order));
	MUST(cublasLtMatrixLayoutSetAttribute(l, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &batches, sizeof batches));
	MUST(cublasLtMatrixLayoutSetAttribute(l, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, &stride, sizeof stride));
	return l;
}

static void describe(const struct shape *s)
{
	const cublasOperation_t t = CUBLAS_OP_T;
	const cublasLtEpilogue_t epilogue = CUBLASLT_EPILOGUE_RELU_BIAS;
	MUST(cublasLtMatmulDescCreate(&desc, CUBLAS_COMPUTE_32F, CUDA_R_32F));
	if (s->transpose_a)
		MUST(cublasLtMatmulDescSetAttribute(desc, CUBLASLT_MATMUL_DESC_TRANSA, &t, sizeof t));
	if (s->transpose_b)
		MUST(cublasLtMatmulDescSetAttribute(desc, CUBLASLT_MATMUL_DESC_TRANSB, &t, sizeof t));
	if (s->bias) {
		MUST(cublasLtMatmulDescSetAttribute(desc, CUBLASLT_MATMUL_DESC_EPILOGUE, &epilogue, sizeof epilogue));
		MUST(cublasLtMatmulDescSetAttribute(desc, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &bias, sizeof bias));
	}
	a = layout(s, s->bf16, s->transpose_a ? K : M, s->transpose_a ? M : K);
	b = layout(s, s->bf16, s->transpose_b ? N : K, s->transpose_b ? K : N);
	c = layout(s, s->bf16_out, M, N);
}

static void describe_end(void)
{
	MUST(cublasLtMatrixLayoutDestroy(a));
	MUST(cublasLtMatrixLayoutDestroy(b));
	MUST(cublasLtMatrixLayoutDestroy(c));
	MUST(cublasLtMatmulDescDestroy(desc));
}

/* alpha 2, beta −1 */
static double wanted(const struct shape *s, int i, int j, int batch)
{
	double sum = 0;
	for (int p = 0; p < K; p++) {
		const size_t at_a =
			s->transpose_a ? place(s->by_rows, K, M, p, i, batch) : place(s->by_rows, M, K, i, p, batch);
		const size_t at_b =
			s->transpose_b ? place(s->by_rows, N, K, j, p, batch) : place(s->by_rows, K, N, p, j, batch);
		sum += (double)element(host[0], s->bf16, at_a) * (double)element(host[1], s->bf16, at_b);
	}
	sum = 2 * sum - (double)element(host[2], s->bf16_out, place(s->by_rows, M, N, i, j, batch));
	if (s->bias)
		sum = fmax(0, sum + (double)element(bias_host, s->bf16_out, (size_t)i));
	return sum;
}

static cublasStatus_t multiply(const cublasLtMatmulAlgo_t *algo, size_t workspace_bytes)
{
	const float alpha = 2, beta = -1;
	return cublasLtMatmul(handle, desc, &alpha, da, a, db, b, &beta, dc, c, dc, c, algo, workspace,
	                      workspace_bytes, stream);
}

static void check_one(const struct shape *s, const cublasLtMatmulHeuristicResult_t *by)
{
	MUST(cudaMemcpyAsync(dc, host[2], ROOM, cudaMemcpyHostToDevice, stream));
	MUST(multiply(&by->algo, by->workspaceSize));
	MUST(cudaMemcpyAsync(out, dc, ROOM, cudaMemcpyDeviceToHost, stream));
	for (int batch = 0; batch < s->batches; batch++)
		for (int i = 0; i < M; i++)
			for (int j = 0; j < N; j++) {
				const double want = wanted(s, i, j, batch);
				const double got = (double)element(out, s->bf16_out, place(s->by_rows, M, N, i, j, batch));
				must(fabs(got - want) <= fabs(want) * (s->bf16_out ? 0.004 : 1e-6), "a product");
			}
}

static int proposed(cublasLtMatmulHeuristicResult_t *found, uint64_t room, uint32_t reductions)
{
	cublasLtMatmulPreference_t p;
	int n;
	MUST(cublasLtMatmulPreferenceCreate(&p));
	MUST(cublasLtMatmulPreferenceSetAttribute(p, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &room, sizeof room));
	MUST(cublasLtMatmulPreferenceSetAttribute(p, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, &reductions,
	                                          sizeof reductions));
	MUST(cublasLtMatmulAlgoGetHeuristic(handle, desc, a, b, c, c, p, ALGORITHMS, found, &n));
	MUST(cublasLtMatmulPreferenceDestroy(p));
	return n;
}

static void check_shape(const struct shape *s)
{
	cublasLtMatmulHeuristicResult_t found[ALGORITHMS];
	describe(s);
	fill(host[0], s->bf16, 1);
	fill(host[1], s->bf16, 2);
	fill(host[2], s->bf16_out, 3);
	fill(bias_host, s->bf16_out, 4);
	MUST(cudaMemcpyAsync(da, host[0], ROOM, cudaMemcpyHostToDevice, stream));
	MUST(cudaMemcpyAsync(db, host[1], ROOM, cudaMemcpyHostToDevice, stream));
	MUST(cudaMemcpyAsync(bias, bias_host, ROOM, cudaMemcpyHostToDevice, stream));
	const int n = proposed(found, 1 << 20, CUBLASLT_REDUCTION_SCHEME_MASK);
	must(n >= 3, "several algorithms");
	for (int i = 0; i < n; i++)
		check_one(s, &found[i]);
	describe_end();
}

static void open_all(cudaStream_t s)
{
	void **all[] = {&da, &db, &dc, &bias};
	stream = s;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		MUST(cudaMalloc(all[i], ROOM));
	MUST(cudaMalloc(&workspace, 1 << 20));
	MUST(cublasLtCreate(&handle));
}

static void close_all(void)
{
	void *all[] = {da, db, dc, bias, workspace};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		MUST(cudaFree(all[i]));
	MUST(cublasLtDestroy(handle));
}

void check_blas_good(cudaStream_t s)
{
	open_all(s);
	for (int i = 0; i < 32; i++) {
		const struct shape shape = {
			i & 1, (i & 1) && (i & 2), i & 4, i & 8, i & 16, !(i & 16) && (i & 2), i & 2 ? BATCHES : 1};
		check_shape(&shape);
	}
	close_all();
}

static void said(const char *what, cublasStatus_t e)
{
	printf("%s: %s\n", what, cublasLtGetStatusName(e));
}

/* One attribute of a layout is wrong for one product. */
static void wrong(const char *what, cublasLtMatrixLayout_t l, cublasLtMatrixLayoutAttribute_t id, int64_t value,
                  const cublasLtMatmulAlgo_t *algo)
{
	int64_t before;
	MUST(cublasLtMatrixLayoutGetAttribute(l, id, &before, sizeof before, NULL));
	MUST(cublasLtMatrixLayoutSetAttribute(l, id, &value, sizeof value));
	said(what, multiply(algo, 1 << 20));
	MUST(cublasLtMatrixLayoutSetAttribute(l, id, &before, sizeof before));
}

void check_blas_refuses(cudaStream_t s)
{
	static const struct shape shape = {.batches = BATCHES};
	cublasLtMatmulHeuristicResult_t found[ALGORITHMS];
	const int32_t split = 4;
	open_all(s);
	describe(&shape);
	int n = proposed(found, 0, CUBLASLT_REDUCTION_SCHEME_NONE);
	must(n == 2, "two algorithms do without workspace and without parts of k");
	cublasLtMatmulAlgo_t plain = found[0].algo;
	wrong("a leading dimension that is too small", a, CUBLASLT_MATRIX_LAYOUT_LD, M - 1, &plain);
	wrong("a leading dimension beyond the block", a, CUBLASLT_MATRIX_LAYOUT_LD, 40, &plain);
	wrong("a stride beyond the block", b, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, 1000, &plain);
	wrong("other shapes", b, CUBLASLT_MATRIX_LAYOUT_ROWS, K - 1, &plain);
	n = proposed(found, 1 << 20, CUBLASLT_REDUCTION_SCHEME_NONE);
	int roomy = 0;
	while (roomy < n && !found[roomy].workspaceSize)
		roomy++;
	must(roomy < n, "one wants a workspace");
	said("a workspace that is too small", multiply(&found[roomy].algo, found[roomy].workspaceSize - 1));
	void *const mine = db;
	db = (char *)db + 2;
	said("a misaligned factor", multiply(&plain, 0));
	db = host[0];
	said("a factor on the host", multiply(&plain, 0));
	db = dc;
	said("a result over a factor", multiply(&plain, 0));
	db = mine;
	MUST(cublasLtMatmulAlgoConfigSetAttribute(&plain, CUBLASLT_ALGO_CONFIG_SPLITK_NUM, &split, sizeof split));
	said("parts of k where there are none", multiply(&plain, 1 << 20));
	describe_end();
	close_all();
}
