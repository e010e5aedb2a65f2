/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/cpu/onednn_api.h"

#include <stdlib.h>
#include <string.h>

#if DNNL_VERSION_MAJOR >= 3

dnnl_status_t api_strides(api_desc *d, int ndim, const dnnl_dims_t dims, dnnl_data_type_t type, const dnnl_dims_t strides)
{
	*d = NULL;
	return dnnl_memory_desc_create_with_strides(d, ndim, dims, type, strides);
}

dnnl_status_t api_tag(api_desc *d, int ndim, const dnnl_dims_t dims, dnnl_data_type_t type, dnnl_format_tag_t tag)
{
	*d = NULL;
	return dnnl_memory_desc_create_with_tag(d, ndim, dims, type, tag);
}

void api_drop(api_desc d)
{
	if (d)
		dnnl_memory_desc_destroy(d);
}

void api_layout(api_view d, struct api_layout *out)
{
	dnnl_format_kind_t kind;
	const dnnl_dims_t *padded, *strides, *block, *of;
	*out = (struct api_layout){0};
	if (dnnl_memory_desc_query(d, dnnl_query_format_kind, &kind) != dnnl_success || kind != dnnl_blocked ||
	    dnnl_memory_desc_query(d, dnnl_query_ndims_s32, &out->ndim) != dnnl_success ||
	    dnnl_memory_desc_query(d, dnnl_query_inner_nblks_s32, &out->blocks) != dnnl_success ||
	    dnnl_memory_desc_query(d, dnnl_query_padded_dims, &padded) != dnnl_success ||
	    dnnl_memory_desc_query(d, dnnl_query_strides, &strides) != dnnl_success ||
	    dnnl_memory_desc_query(d, dnnl_query_inner_blks, &block) != dnnl_success ||
	    dnnl_memory_desc_query(d, dnnl_query_inner_idxs, &of) != dnnl_success)
		return;
	out->known = true;
	memcpy(out->padded, *padded, (size_t)out->ndim * sizeof out->padded[0]);
	memcpy(out->strides, *strides, (size_t)out->ndim * sizeof out->strides[0]);
	memcpy(out->block, *block, (size_t)out->blocks * sizeof out->block[0]);
	memcpy(out->of, *of, (size_t)out->blocks * sizeof out->of[0]);
}

dnnl_status_t api_append_sum(dnnl_post_ops_t p)
{
	return dnnl_post_ops_append_sum(p, 1.0f, 0, dnnl_data_type_undef);
}

dnnl_status_t api_append_eltwise(dnnl_post_ops_t p, dnnl_alg_kind_t algorithm, float alpha)
{
	return dnnl_post_ops_append_eltwise(p, algorithm, alpha, 0.0f);
}

dnnl_status_t api_matmul(dnnl_primitive_desc_t *out, dnnl_engine_t e, api_view a, api_view b, api_view bias, api_view c,
                         const_dnnl_primitive_attr_t attr)
{
	*out = NULL;
	return dnnl_matmul_primitive_desc_create(out, e, a, b, bias, c, attr);
}

static const dnnl_dims_t undilated = {0};

static dnnl_status_t convolution_forward(dnnl_primitive_desc_t *out, dnnl_engine_t e, const struct api_convolution *c,
                                         const_dnnl_primitive_attr_t attr)
{
	return dnnl_convolution_forward_primitive_desc_create(out, e, c->inference ? dnnl_forward_inference : dnnl_forward_training,
	                                                      c->algorithm, c->x, c->weight, c->bias, c->y, c->stride, undilated,
	                                                      c->left, c->right, attr);
}

static dnnl_status_t convolution_backward(dnnl_primitive_desc_t *out, dnnl_engine_t e, const struct api_convolution *c,
                                          const_dnnl_primitive_desc_t forward)
{
	if (c->direction == API_DATA)
		return dnnl_convolution_backward_data_primitive_desc_create(out, e, c->algorithm, c->x, c->weight, c->y, c->stride,
		                                                            undilated, c->left, c->right, forward, NULL);
	return dnnl_convolution_backward_weights_primitive_desc_create(out, e, c->algorithm, c->x, c->weight, c->bias, c->y,
	                                                               c->stride, undilated, c->left, c->right, forward, NULL);
}

#else

dnnl_status_t api_strides(api_desc *d, int ndim, const dnnl_dims_t dims, dnnl_data_type_t type, const dnnl_dims_t strides)
{
	*d = malloc(sizeof **d);
	return *d ? dnnl_memory_desc_init_by_strides(*d, ndim, dims, type, strides) : dnnl_out_of_memory;
}

dnnl_status_t api_tag(api_desc *d, int ndim, const dnnl_dims_t dims, dnnl_data_type_t type, dnnl_format_tag_t tag)
{
	*d = malloc(sizeof **d);
	return *d ? dnnl_memory_desc_init_by_tag(*d, ndim, dims, type, tag) : dnnl_out_of_memory;
}

void api_drop(api_desc d)
{
	free(d);
}

void api_layout(api_view d, struct api_layout *out)
{
	*out = (struct api_layout){.known = d->format_kind == dnnl_blocked, .ndim = d->ndims};
	if (!out->known)
		return;
	const dnnl_blocking_desc_t *b = &d->format_desc.blocking;
	out->blocks = b->inner_nblks;
	memcpy(out->padded, d->padded_dims, sizeof out->padded);
	memcpy(out->strides, b->strides, sizeof out->strides);
	memcpy(out->block, b->inner_blks, sizeof out->block);
	memcpy(out->of, b->inner_idxs, sizeof out->of);
}

dnnl_status_t api_append_sum(dnnl_post_ops_t p)
{
	return dnnl_post_ops_append_sum(p, 1.0f);
}

dnnl_status_t api_append_eltwise(dnnl_post_ops_t p, dnnl_alg_kind_t algorithm, float alpha)
{
	return dnnl_post_ops_append_eltwise(p, 1.0f, algorithm, alpha, 0.0f);
}

dnnl_status_t api_matmul(dnnl_primitive_desc_t *out, dnnl_engine_t e, api_view a, api_view b, api_view bias, api_view c,
                         const_dnnl_primitive_attr_t attr)
{
	dnnl_matmul_desc_t m;
	*out = NULL;
	dnnl_status_t r = dnnl_matmul_desc_init(&m, a, b, bias, c);
	return r != dnnl_success ? r : dnnl_primitive_desc_create(out, &m, attr, e, NULL);
}

static dnnl_status_t convolution_forward(dnnl_primitive_desc_t *out, dnnl_engine_t e, const struct api_convolution *c,
                                         const_dnnl_primitive_attr_t attr)
{
	dnnl_convolution_desc_t op;
	dnnl_status_t r = dnnl_convolution_forward_desc_init(&op, c->inference ? dnnl_forward_inference : dnnl_forward_training,
	                                                     c->algorithm, c->x, c->weight, c->bias, c->y, c->stride, c->left,
	                                                     c->right);
	return r != dnnl_success ? r : dnnl_primitive_desc_create(out, &op, attr, e, NULL);
}

static dnnl_status_t convolution_backward(dnnl_primitive_desc_t *out, dnnl_engine_t e, const struct api_convolution *c,
                                          const_dnnl_primitive_desc_t forward)
{
	dnnl_convolution_desc_t op;
	dnnl_status_t r;
	if (c->direction == API_DATA)
		r = dnnl_convolution_backward_data_desc_init(&op, c->algorithm, c->x, c->weight, c->y, c->stride, c->left, c->right);
	else
		r = dnnl_convolution_backward_weights_desc_init(&op, c->algorithm, c->x, c->weight, c->bias, c->y, c->stride, c->left,
		                                                c->right);
	return r != dnnl_success ? r : dnnl_primitive_desc_create(out, &op, NULL, e, forward);
}

#endif

/* ---- what both versions do with the calls above ---- */

dnnl_status_t api_convolution(dnnl_primitive_desc_t *out, dnnl_engine_t e, const struct api_convolution *c,
                              const_dnnl_primitive_attr_t attr)
{
	*out = NULL;
	if (c->direction == API_FORWARD)
		return convolution_forward(out, e, c, attr);
	/* Backward primitives ask for a forward one as a hint; the layouts that it would like do not bind them. */
	struct api_convolution hint = *c;
	hint.algorithm = dnnl_convolution_direct;
	hint.bias = NULL;
	hint.weight = c->hint;
	dnnl_primitive_desc_t forward = NULL;
	dnnl_status_t r = convolution_forward(&forward, e, &hint, NULL);
	if (r != dnnl_success)
		return r;
	r = convolution_backward(out, e, c, forward);
	dnnl_primitive_desc_destroy(forward);
	return r;
}
