/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* oneDNN's C API as one: the calls that differ between its versions 2 and 3, and nothing else. */
#ifndef BASIN_CPU_ONEDNN_API_H
#define BASIN_CPU_ONEDNN_API_H

#include <stdbool.h>

#include <dnnl.h>

/* A description of memory: owned, and looked at. */
#if DNNL_VERSION_MAJOR >= 3
typedef dnnl_memory_desc_t api_desc;
typedef const_dnnl_memory_desc_t api_view;
#else
typedef dnnl_memory_desc_t *api_desc;
typedef const dnnl_memory_desc_t *api_view;
#endif

/* NULL strides: the library chooses. api_drop takes NULL. */
dnnl_status_t api_strides(api_desc *d, int ndim, const dnnl_dims_t dims, dnnl_data_type_t type, const dnnl_dims_t strides);
dnnl_status_t api_tag(api_desc *d, int ndim, const dnnl_dims_t dims, dnnl_data_type_t type, dnnl_format_tag_t tag);
void api_drop(api_desc d);

/* Where the element (x₀, x₁, …) lies: at Σ strides[k]·⌊x_k / all blocks of k⌋, and within the innermost blocks
 * block[0] × block[1] × …, the last one contiguous, of the dimensions `of`. */
struct api_layout {
	bool known;                /* false: a layout of the library's own that has no such form */
	int ndim, blocks;
	dnnl_dims_t padded, strides, block, of;
};

void api_layout(api_view d, struct api_layout *out);

dnnl_status_t api_append_sum(dnnl_post_ops_t p);
dnnl_status_t api_append_eltwise(dnnl_post_ops_t p, dnnl_alg_kind_t algorithm, float alpha);

dnnl_status_t api_matmul(dnnl_primitive_desc_t *out, dnnl_engine_t e, api_view a, api_view b, api_view bias, api_view c,
                         const_dnnl_primitive_attr_t attr);

enum api_direction { API_FORWARD, API_DATA, API_WEIGHTS };

struct api_convolution {
	enum api_direction direction;
	bool inference;
	dnnl_alg_kind_t algorithm;
	api_view x, weight, bias, y;  /* or their gradients; bias may be NULL */
	api_view hint;                /* of backward: the weights as a forward pass would have them */
	dnnl_dims_t stride, left, right;
};

dnnl_status_t api_convolution(dnnl_primitive_desc_t *out, dnnl_engine_t e, const struct api_convolution *c,
                              const_dnnl_primitive_attr_t attr);

#endif
