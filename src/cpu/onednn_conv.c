/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/cpu/onednn_conv.h"

#include <string.h>

enum { ALONE_CONVOLUTION = 1 << 20 };  /* multiplications below which waking other threads costs more than they save */

bool onednn_conv_alone(const struct onednn_conv *c)
{
	return (double)c->n * c->out[0] * c->out[1] * c->out[2] * c->kernel * c->kernel * c->in[0] / c->groups < ALONE_CONVOLUTION;
}

static dnnl_format_tag_t tag_of(int block)
{
	return block == 16 ? dnnl_nChw16c : block == 8 ? dnnl_nChw8c : block == 1 ? dnnl_nchw : dnnl_nhwc;
}

enum { X, Y, WEIGHTS, HINT, BIAS, SHAPES };

static dnnl_status_t shapes(const struct onednn_conv *c, api_desc *shape)
{
	const dnnl_dim_t g = c->groups, k = c->kernel;
	const dnnl_dims_t x = {c->n, c->in[0], c->in[1], c->in[2]}, y = {c->n, c->out[0], c->out[1], c->out[2]};
	const dnnl_dims_t one = {c->out[0], c->in[0], k, k}, grouped = {g, c->out[0] / g, c->in[0] / g, k, k};
	const dnnl_data_type_t type = c->bf16 ? dnnl_bf16 : dnnl_f32;
	dnnl_status_t r = api_tag(&shape[X], 4, x, type, tag_of(c->x_block));
	if (r == dnnl_success)
		r = api_tag(&shape[Y], 4, y, type, tag_of(c->y_block));
	if (r == dnnl_success)
		r = api_tag(&shape[WEIGHTS], g > 1 ? 5 : 4, g > 1 ? grouped : one, c->direction == API_WEIGHTS ? dnnl_f32 : type,
		            dnnl_format_tag_any);
	if (r == dnnl_success)
		r = api_tag(&shape[HINT], g > 1 ? 5 : 4, g > 1 ? grouped : one, type, dnnl_format_tag_any);
	if (r == dnnl_success && c->bias)
		r = api_tag(&shape[BIAS], 1, (const dnnl_dims_t){c->out[0]}, dnnl_f32, dnnl_a);
	return r;
}

static dnnl_status_t post_ops(const struct onednn_conv *c, dnnl_primitive_attr_t *attr)
{
	static const dnnl_alg_kind_t kinds[] = {[ACTIVATION_RELU] = dnnl_eltwise_relu, [ACTIVATION_SILU] = dnnl_eltwise_swish,
	                                        [ACTIVATION_TANH] = dnnl_eltwise_tanh};
	dnnl_post_ops_t post = NULL;
	dnnl_status_t r = dnnl_primitive_attr_create(attr);
	if (r == dnnl_success)
		r = dnnl_post_ops_create(&post);
	if (r == dnnl_success && c->add)
		r = api_append_sum(post);
	if (r == dnnl_success && c->activation != ACTIVATION_NONE)
		r = api_append_eltwise(post, kinds[c->activation], c->activation == ACTIVATION_SILU ? 1.0f : 0.0f);
	if (r == dnnl_success)
		r = dnnl_primitive_attr_set_post_ops(*attr, post);
	if (post)
		dnnl_post_ops_destroy(post);
	return r;
}

/* Reads what became of the weights' layout, and makes the primitive; pd is freed. */
static status finish(const struct onednn *o, const struct onednn_conv *c, dnnl_primitive_desc_t pd, const api_desc *shape,
                     bool alone, struct onednn_op *op, struct onednn_weights *w)
{
	static const int meaning[][ONEDNN_ARGS] = {
		[API_FORWARD] = {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST, DNNL_ARG_BIAS},
		[API_DATA] = {DNNL_ARG_DIFF_DST, DNNL_ARG_WEIGHTS, DNNL_ARG_DIFF_SRC},
		[API_WEIGHTS] = {DNNL_ARG_SRC, DNNL_ARG_DIFF_DST, DNNL_ARG_DIFF_WEIGHTS},
	};
	const char *name = "";
	dnnl_primitive_desc_query(pd, dnnl_query_impl_info_str, 0, &name);
	w->reference = strncmp(name, "ref", 3) == 0;
	api_view weights = dnnl_primitive_desc_query_md(
		pd, c->direction == API_WEIGHTS ? dnnl_query_diff_weights_md : dnnl_query_weights_md, 0);
	api_layout(weights, &w->layout);
	w->bytes = dnnl_memory_desc_get_size(weights);
	if (!w->layout.known) {
		dnnl_primitive_desc_destroy(pd);
		return OK;
	}
	const api_view views[][ONEDNN_ARGS] = {
		[API_FORWARD] = {shape[X], weights, shape[Y], shape[BIAS]},
		[API_DATA] = {shape[Y], weights, shape[X]},
		[API_WEIGHTS] = {shape[X], shape[Y], weights},
	};
	return onednn_make(o, pd, c->bias ? 4 : 3, meaning[c->direction], views[c->direction], alone, "making a convolution", op);
}

status onednn_conv(const struct onednn *o, const struct onednn_conv *c, struct onednn_op *op, struct onednn_weights *w)
{
	api_desc shape[SHAPES] = {NULL};
	dnnl_primitive_attr_t attr = NULL;
	dnnl_primitive_desc_t pd = NULL;
	bool plain = !c->add && c->activation == ACTIVATION_NONE;
	*w = (struct onednn_weights){0};
	dnnl_status_t r = shapes(c, shape);
	if (r == dnnl_success && !plain)
		r = post_ops(c, &attr);
	status s = onednn_check(r, "describing a convolution");
	bool alone = onednn_conv_alone(c);
	int threads = onednn_offer_threads(alone);
	if (s == OK) {
		const struct api_convolution a = {
			.direction = c->direction,
			/* For inference Winograd would have its weights transformed beforehand, in a layout that nobody else can write. */
			.inference = c->inference && !c->winograd,
			.algorithm = c->winograd ? dnnl_convolution_winograd : dnnl_convolution_direct,
			.x = shape[X], .weight = shape[WEIGHTS], .hint = shape[HINT], .bias = shape[BIAS], .y = shape[Y],
			.stride = {c->stride, c->stride}, .left = {c->pad, c->pad}, .right = {c->pad, c->pad},
		};
		r = api_convolution(&pd, o->engine, &a, attr);
		if (r == dnnl_success)
			s = finish(o, c, pd, shape, alone, op, w);
		else if (r != dnnl_unimplemented && r != dnnl_invalid_arguments)
			s = onednn_check(r, "preparing a convolution");
	}
	onednn_restore_threads(alone, threads);
	if (attr)
		dnnl_primitive_attr_destroy(attr);
	for (int i = 0; i < SHAPES; i++)
		api_drop(shape[i]);
	return s;
}
