/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/cpu/onednn.h"

#include <omp.h>
#include <stdlib.h>

/* Multiplications below which waking other threads costs more than they save. */
enum { ALONE_PRODUCT = 1 << 20 };

status onednn_check(dnnl_status_t r, const char *what)
{
	if (r == dnnl_success)
		return OK;
	if (r == dnnl_out_of_memory)
		return fail(ERR_MEMORY, "oneDNN: %s: out of memory", what);
	return fail(ERR_LIBRARY, "oneDNN %d.%d: %s failed (status %d)", DNNL_VERSION_MAJOR, DNNL_VERSION_MINOR, what, (int)r);
}

int onednn_offer_threads(bool alone)
{
	int threads = omp_get_max_threads();
	if (alone && threads > 1)
		omp_set_num_threads(1);
	return threads;
}

void onednn_restore_threads(bool alone, int threads)
{
	if (alone && threads > 1)
		omp_set_num_threads(threads);
}

bool onednn_has_avx512(void)
{
	return (dnnl_get_effective_cpu_isa() & dnnl_cpu_isa_avx512_core) == dnnl_cpu_isa_avx512_core;
}

int onednn_block(void)
{
	if (onednn_has_avx512())
		return 16;
	return (dnnl_get_effective_cpu_isa() & dnnl_cpu_isa_avx2) == dnnl_cpu_isa_avx2 ? 8 : 0;
}

status onednn_open(struct onednn *o)
{
	*o = (struct onednn){0};
	TRY(onednn_check(dnnl_engine_create(&o->engine, dnnl_cpu, 0), "opening the CPU engine"));
	status s = onednn_check(dnnl_stream_create(&o->stream, o->engine, dnnl_stream_default_flags), "opening a stream");
	if (s != OK)
		onednn_close(o);
	return s;
}

void onednn_close(struct onednn *o)
{
	if (o->stream)
		dnnl_stream_destroy(o->stream);
	if (o->engine)
		dnnl_engine_destroy(o->engine);
	*o = (struct onednn){0};
}

status onednn_make(const struct onednn *o, dnnl_primitive_desc_t pd, int n, const int *meaning, const api_view *shape,
                   bool alone, const char *what, struct onednn_op *op)
{
	op->alone = alone;
	status s = onednn_check(dnnl_primitive_create(&op->primitive, pd), what);
	for (int i = 0; s == OK && i < n; i++) {
		op->arg[i].arg = meaning[i];
		s = onednn_check(dnnl_memory_create(&op->arg[i].memory, shape[i], o->engine, DNNL_MEMORY_NONE), "describing memory");
		op->n = i + (s == OK);
	}
	/* Not before: shapes may be views of its own. */
	dnnl_primitive_desc_destroy(pd);
	if (s != OK)
		onednn_op_close(op);
	return s;
}

status onednn_product(const struct onednn *o, const struct onednn_product *p, struct onednn_op *op)
{
	enum { A, B, C, BIAS };
	static const int meaning[] = {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST, DNNL_ARG_BIAS};
	const dnnl_dims_t dims[] = {{p->m, p->k}, {p->k, p->n}, {p->m, p->n}, {1, p->n}};
	const dnnl_dims_t strides[] = {
		{p->transpose_a ? 1 : p->k, p->transpose_a ? p->m : 1},
		{p->transpose_b ? 1 : p->n, p->transpose_b ? p->k : 1},
		{p->n, 1},
		{p->n, 1},
	};
	const dnnl_data_type_t factor = p->bf16 ? dnnl_bf16 : dnnl_f32;
	const dnnl_data_type_t type[] = {factor, factor, p->bf16_c ? dnnl_bf16 : dnnl_f32, dnnl_f32};
	api_desc shape[ONEDNN_ARGS] = {NULL};
	dnnl_primitive_attr_t attr = NULL;
	dnnl_post_ops_t post = NULL;
	dnnl_primitive_desc_t pd = NULL;
	dnnl_status_t r = dnnl_success;
	for (int i = 0; r == dnnl_success && i < ONEDNN_ARGS; i++)
		r = api_strides(&shape[i], 2, dims[i], type[i], strides[i]);
	if (r == dnnl_success && p->add) {
		r = dnnl_primitive_attr_create(&attr);
		if (r == dnnl_success)
			r = dnnl_post_ops_create(&post);
		if (r == dnnl_success)
			r = api_append_sum(post);
		if (r == dnnl_success)
			r = dnnl_primitive_attr_set_post_ops(attr, post);
	}
	bool alone = p->m * p->n * p->k < ALONE_PRODUCT;
	int threads = onednn_offer_threads(alone);
	if (r == dnnl_success)
		r = api_matmul(&pd, o->engine, shape[A], shape[B], p->bias ? shape[BIAS] : NULL, shape[C], attr);
	status s = onednn_check(r, "preparing a matrix product");
	if (s == OK)
		s = onednn_make(o, pd, p->bias ? 4 : 3, meaning, (const api_view[]){shape[A], shape[B], shape[C], shape[BIAS]}, alone,
		                "making a matrix product", op);
	onednn_restore_threads(alone, threads);
	if (post)
		dnnl_post_ops_destroy(post);
	if (attr)
		dnnl_primitive_attr_destroy(attr);
	for (int i = 0; i < ONEDNN_ARGS; i++)
		api_drop(shape[i]);
	return s;
}

void onednn_op_close(struct onednn_op *op)
{
	for (int i = 0; i < op->n; i++)
		dnnl_memory_destroy(op->arg[i].memory);
	if (op->primitive)
		dnnl_primitive_destroy(op->primitive);
	*op = (struct onednn_op){0};
}

status onednn_run(const struct onednn *o, struct onednn_op *op, const void *const *at)
{
	for (int i = 0; i < op->n; i++) {
		if (op->at[i] == at[i])
			continue;
		/* oneDNN takes inputs without const as well. */
		TRY(onednn_check(dnnl_memory_set_data_handle(op->arg[i].memory, (void *)at[i]), "pointing at memory"));
		op->at[i] = at[i];
	}
	int threads = onednn_offer_threads(op->alone);
	dnnl_status_t r = dnnl_primitive_execute(op->primitive, o->stream, op->n, op->arg);
	onednn_restore_threads(op->alone, threads);
	return onednn_check(r, "running a primitive");
}
