/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* cublasLt has columns where we have rows, and sees each matrix as its own transpose: it is asked for cᵀ = bᵀ·aᵀ. */
#include "src/cuda/matmul.h"

#include <string.h>

#include "src/cuda/tensors.h"

/* A matrix of so many rows, as it lies. */
static status make_layout(cublasLtMatrixLayout_t *layout, bool bf16, int rows, int columns)
{
	const cudaDataType_t type = bf16 ? CUDA_R_16BF : CUDA_R_32F;
	BLAS_TRY(cublasLtMatrixLayoutCreate(layout, type, (uint64_t)columns, (uint64_t)rows, columns));
	return OK;
}

static status make_parts(const struct matmul_shape *s, struct matmul *m)
{
	const cublasOperation_t first = s->transpose_b ? CUBLAS_OP_T : CUBLAS_OP_N;
	const cublasOperation_t second = s->transpose_a ? CUBLAS_OP_T : CUBLAS_OP_N;
	/* Of float32 factors too: TF32 would have to be asked for. */
	BLAS_TRY(cublasLtMatmulDescCreate(&m->desc, CUBLAS_COMPUTE_32F, CUDA_R_32F));
	BLAS_TRY(cublasLtMatmulDescSetAttribute(m->desc, CUBLASLT_MATMUL_DESC_TRANSA, &first, sizeof first));
	BLAS_TRY(cublasLtMatmulDescSetAttribute(m->desc, CUBLASLT_MATMUL_DESC_TRANSB, &second, sizeof second));
	TRY(make_layout(&m->a, s->bf16, s->transpose_a ? s->k : s->m, s->transpose_a ? s->m : s->k));
	TRY(make_layout(&m->b, s->bf16, s->transpose_b ? s->n : s->k, s->transpose_b ? s->k : s->n));
	return make_layout(&m->c, s->bf16_c, s->m, s->n);
}

/* Chooses where nothing was chosen before. */
static status make_ready(struct cuda_device *cuda, struct matmul *m, unsigned aligned)
{
	struct matmul_algorithm *at = &m->at[aligned];
	if (!at->chosen)
		TRY(matmul_choose(cuda, m, aligned, at));
	at->chosen = true;
	return OK;
}

status matmul_open(struct cuda_device *cuda, const struct matmul_shape *shape, struct matmul *out)
{
	*out = (struct matmul){.shape = *shape};
	status s = make_parts(shape, out);
	/* What most addresses are: that there is such a product shows here. */
	if (s == OK)
		s = make_ready(cuda, out, MATMUL_A | MATMUL_B | MATMUL_C);
	if (s != OK)
		matmul_close(cuda, out);
	return s;
}

void matmul_close(struct cuda_device *cuda, struct matmul *m)
{
	cublasLtMatrixLayout_t layouts[] = {m->a, m->b, m->c};
	for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++)
		if (layouts[i])
			cuda_keep(cuda, cuda_check_blas(cublasLtMatrixLayoutDestroy(layouts[i]), "cublasLtMatrixLayoutDestroy",
			                                __FILE__));
	if (m->desc)
		cuda_keep(cuda, cuda_check_blas(cublasLtMatmulDescDestroy(m->desc), "cublasLtMatmulDescDestroy", __FILE__));
	*m = (struct matmul){.desc = NULL};
}

struct matmul_args {
	const struct matmul *product;
	const void *a, *b;
	const float *bias;
	void *c;
	unsigned aligned;
	bool add;
};

static status run_matmul(struct cuda_device *cuda, const void *args)
{
	const struct matmul_args *g = args;
	const struct matmul *m = g->product;
	const struct matmul_algorithm *by = &m->at[g->aligned];
	const float one = 1, beta = g->add ? 1 : 0;
	if (g->bias)
		TRY(matmul_set_bias(m, by->apart, g->bias));
	BLAS_TRY(cublasLtMatmul(cuda->blas, m->desc, &one, g->b, m->b, g->a, m->a, &beta, g->c, m->c, g->c, m->c, &by->algo,
	                        cuda->workspace, CUDA_WORKSPACE, cuda->stream));
	if (by->apart)
		CUDA_TRY(cuda_launch_add_row(g->c, g->bias, (size_t)m->shape.m, (size_t)m->shape.n, cuda->stream));
	return OK;
}

static unsigned aligned_bit(const void *p, unsigned bit)
{
	return (uintptr_t)p % MATMUL_ALIGN ? 0 : bit;
}

status matmul_later(struct cuda_device *cuda, struct matmul *m, const char *what, const void *a, const void *b,
                    const float *bias, bool add, void *c)
{
	struct matmul_args g;
	memset(&g, 0, sizeof g);
	g.product = m;
	g.a = a;
	g.b = b;
	g.bias = bias;
	g.c = c;
	g.aligned = aligned_bit(a, MATMUL_A) | aligned_bit(b, MATMUL_B) | (aligned_bit(c, MATMUL_C) & aligned_bit(bias, MATMUL_C));
	g.add = add;
	/* Here, and not where the call runs: that may be within a capture. */
	status s = make_ready(cuda, m, g.aligned);
	return s == OK ? cuda_later(&cuda->device, what, run_matmul, &g, sizeof g) : fail_within(s, "%s: ", what);
}
