/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cpu/onednn.h"

#include <omp.h>
#include <stdlib.h>

/* Multiplications, and elements, below which waking other threads costs more than they save. */
enum { ALONE_PRODUCT = 1 << 20, ALONE_ELTWISE = 1 << 14 };

/* ---- the two C APIs ---- */

#if DNNL_VERSION_MAJOR >= 3

typedef dnnl_memory_desc_t desc;

static dnnl_status_t desc_make(desc *d, int ndim, const dnnl_dims_t dims, const dnnl_dims_t strides)
{
	return dnnl_memory_desc_create_with_strides(d, ndim, dims, dnnl_f32, strides);
}

static void desc_drop(desc d)
{
	dnnl_memory_desc_destroy(d);
}

static dnnl_status_t append_sum(dnnl_post_ops_t p)
{
	return dnnl_post_ops_append_sum(p, 1.0f, 0, dnnl_data_type_undef);
}

static dnnl_status_t matmul_desc(dnnl_primitive_desc_t *out, dnnl_engine_t e, desc a, desc b, desc bias, desc c,
                                 const_dnnl_primitive_attr_t attr)
{
	return dnnl_matmul_primitive_desc_create(out, e, a, b, bias, c, attr);
}

static dnnl_status_t eltwise_desc(dnnl_primitive_desc_t *out, dnnl_engine_t e, const struct onednn_eltwise *s, desc d)
{
	dnnl_primitive_desc_t forward;
	dnnl_status_t r = dnnl_eltwise_forward_primitive_desc_create(&forward, e, dnnl_forward_training, s->algorithm, d,
	                                                             d, s->alpha, 0.0f, NULL);
	if (r != dnnl_success || !s->backward) {
		*out = forward;
		return r;
	}
	r = dnnl_eltwise_backward_primitive_desc_create(out, e, s->algorithm, d, d, d, s->alpha, 0.0f, forward, NULL);
	dnnl_primitive_desc_destroy(forward);
	return r;
}

#else

typedef dnnl_memory_desc_t *desc;

static dnnl_status_t desc_make(desc *d, int ndim, const dnnl_dims_t dims, const dnnl_dims_t strides)
{
	*d = malloc(sizeof **d);
	if (!*d)
		return dnnl_out_of_memory;
	dnnl_status_t r = dnnl_memory_desc_init_by_strides(*d, ndim, dims, dnnl_f32, strides);
	if (r != dnnl_success) {
		free(*d);
		*d = NULL;
	}
	return r;
}

static void desc_drop(desc d)
{
	free(d);
}

static dnnl_status_t append_sum(dnnl_post_ops_t p)
{
	return dnnl_post_ops_append_sum(p, 1.0f);
}

static dnnl_status_t matmul_desc(dnnl_primitive_desc_t *out, dnnl_engine_t e, desc a, desc b, desc bias, desc c,
                                 const_dnnl_primitive_attr_t attr)
{
	dnnl_matmul_desc_t m;
	dnnl_status_t r = dnnl_matmul_desc_init(&m, a, b, bias, c);
	return r != dnnl_success ? r : dnnl_primitive_desc_create(out, &m, attr, e, NULL);
}

static dnnl_status_t eltwise_desc(dnnl_primitive_desc_t *out, dnnl_engine_t e, const struct onednn_eltwise *s, desc d)
{
	dnnl_eltwise_desc_t op;
	dnnl_primitive_desc_t forward;
	dnnl_status_t r = dnnl_eltwise_forward_desc_init(&op, dnnl_forward_training, s->algorithm, d, s->alpha, 0.0f);
	if (r == dnnl_success)
		r = dnnl_primitive_desc_create(&forward, &op, NULL, e, NULL);
	if (r != dnnl_success || !s->backward) {
		*out = r == dnnl_success ? forward : NULL;
		return r;
	}
	r = dnnl_eltwise_backward_desc_init(&op, s->algorithm, d, d, s->alpha, 0.0f);
	if (r == dnnl_success)
		r = dnnl_primitive_desc_create(out, &op, NULL, e, forward);
	dnnl_primitive_desc_destroy(forward);
	return r;
}

#endif

/* ---- what is the same in both ---- */

static status check(dnnl_status_t r, const char *what)
{
	if (r == dnnl_success)
		return OK;
	if (r == dnnl_out_of_memory)
		return fail(ERR_MEMORY, "oneDNN: %s: out of memory", what);
	return fail(ERR_LIBRARY, "oneDNN %d.%d: %s failed (status %d)", DNNL_VERSION_MAJOR, DNNL_VERSION_MINOR, what, (int)r);
}

/* oneDNN takes as many threads as OpenMP offers, when it makes a primitive and when it runs one: with `alone`, one is
 * offered. Returns the number to give back to omp_set_num_threads. */
static int offer_threads(bool alone)
{
	int threads = omp_get_max_threads();
	if (alone && threads > 1)
		omp_set_num_threads(1);
	return threads;
}

static void restore_threads(bool alone, int threads)
{
	if (alone && threads > 1)
		omp_set_num_threads(threads);
}

bool onednn_has_avx512(void)
{
	return (dnnl_get_effective_cpu_isa() & dnnl_cpu_isa_avx512_core) == dnnl_cpu_isa_avx512_core;
}

status onednn_open(struct onednn *o)
{
	*o = (struct onednn){0};
	TRY(check(dnnl_engine_create(&o->engine, dnnl_cpu, 0), "opening the CPU engine"));
	status s = check(dnnl_stream_create(&o->stream, o->engine, dnnl_stream_default_flags), "opening a stream");
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

/* Turns a primitive's description (freed here) into an operation whose arguments have the given meanings and shapes. */
static status make(const struct onednn *o, dnnl_primitive_desc_t pd, int n, const int *meaning, const desc *shape,
                   bool alone, const char *what, struct onednn_op *op)
{
	op->alone = alone;
	status s = check(dnnl_primitive_create(&op->primitive, pd), what);
	dnnl_primitive_desc_destroy(pd);
	for (int i = 0; s == OK && i < n; i++) {
		op->arg[i].arg = meaning[i];
		s = check(dnnl_memory_create(&op->arg[i].memory, shape[i], o->engine, DNNL_MEMORY_NONE), "describing memory");
		op->n = i + (s == OK);
	}
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
	desc shape[ONEDNN_ARGS] = {NULL};
	dnnl_primitive_attr_t attr = NULL;
	dnnl_post_ops_t post = NULL;
	dnnl_primitive_desc_t pd = NULL;
	dnnl_status_t r = dnnl_success;
	for (int i = 0; r == dnnl_success && i < ONEDNN_ARGS; i++)
		r = desc_make(&shape[i], 2, dims[i], strides[i]);
	if (r == dnnl_success && p->add) {
		r = dnnl_primitive_attr_create(&attr);
		if (r == dnnl_success)
			r = dnnl_post_ops_create(&post);
		if (r == dnnl_success)
			r = append_sum(post);
		if (r == dnnl_success)
			r = dnnl_primitive_attr_set_post_ops(attr, post);
	}
	bool alone = p->m * p->n * p->k < ALONE_PRODUCT;
	int threads = offer_threads(alone);
	if (r == dnnl_success)
		r = matmul_desc(&pd, o->engine, shape[A], shape[B], p->bias ? shape[BIAS] : NULL, shape[C], attr);
	status s = check(r, "preparing a matrix product");
	if (s == OK)
		s = make(o, pd, p->bias ? 4 : 3, meaning, shape, alone, "making a matrix product", op);
	restore_threads(alone, threads);
	if (post)
		dnnl_post_ops_destroy(post);
	if (attr)
		dnnl_primitive_attr_destroy(attr);
	for (int i = 0; i < ONEDNN_ARGS; i++)
		if (shape[i])
			desc_drop(shape[i]);
	return s;
}

status onednn_eltwise(const struct onednn *o, const struct onednn_eltwise *e, struct onednn_op *op)
{
	const int forward[] = {DNNL_ARG_SRC, DNNL_ARG_DST};
	const int backward[] = {e->use_dst ? DNNL_ARG_DST : DNNL_ARG_SRC, DNNL_ARG_DIFF_DST, DNNL_ARG_DIFF_SRC};
	desc flat;
	TRY(check(desc_make(&flat, 1, (const dnnl_dims_t){e->n}, (const dnnl_dims_t){1}), "describing memory"));
	const desc shape[] = {flat, flat, flat};
	dnnl_primitive_desc_t pd = NULL;
	bool alone = e->n < ALONE_ELTWISE;
	int threads = offer_threads(alone);
	status s = check(eltwise_desc(&pd, o->engine, e, flat), "preparing an elementwise function");
	if (s == OK)
		s = make(o, pd, e->backward ? 3 : 2, e->backward ? backward : forward, shape, alone,
		         "making an elementwise function", op);
	restore_threads(alone, threads);
	desc_drop(flat);
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
		TRY(check(dnnl_memory_set_data_handle(op->arg[i].memory, (void *)at[i]), "pointing at memory"));
		op->at[i] = at[i];
	}
	int threads = offer_threads(op->alone);
	dnnl_status_t r = dnnl_primitive_execute(op->primitive, o->stream, op->n, op->arg);
	restore_threads(op->alone, threads);
	return check(r, "running a primitive");
}
