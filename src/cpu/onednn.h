/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* oneDNN's primitives as operations that are made once for a shape and then run on pointers. */
#ifndef BASIN_ONEDNN_H
#define BASIN_ONEDNN_H

#include <stdbool.h>

#include "src/cpu/onednn_api.h"
#include "src/err.h"

enum { ONEDNN_ARGS = 4 };

struct onednn {
	dnnl_engine_t engine;
	dnnl_stream_t stream;
};

/* A primitive with its memory objects. Zero-initialised: not made yet; onednn_op_close takes it back to that. */
struct onednn_op {
	dnnl_primitive_t primitive;
	bool alone;                   /* too small for a second thread */
	int n;
	dnnl_exec_arg_t arg[ONEDNN_ARGS];
	const void *at[ONEDNN_ARGS];  /* where each memory object points now */
};

/* C (m, n) = A (m, k) · B (k, n), row-major float32, or A and B bf16, or all three; `transpose` says that an operand is stored as (k, m)
 * or (n, k).
 * With `bias`, a vector of n is added to every row; with `add`, the product is added to what C holds.
 * Pointers of onednn_run: A, B, C, and the bias where there is one. */
struct onednn_product {
	dnnl_dim_t m, n, k;
	bool transpose_a, transpose_b, bias, add, bf16, bf16_c;
};

/* Whether oneDNN uses AVX-512 here, without which it has no bf16. */
bool onednn_has_avx512(void);
/* Channels of a block that its float32 convolutions are fast with here, forward and backward; 0 for channels last. */
int onednn_block(void);

/* Opens an engine and a stream on the CPU. Errors: ERR_LIBRARY. */
status onednn_open(struct onednn *o);
void onednn_close(struct onednn *o);

/* Makes an operation. Errors: ERR_LIBRARY. */
status onednn_product(const struct onednn *o, const struct onednn_product *shape, struct onednn_op *op);
void onednn_op_close(struct onednn_op *op);

/* For the files that make operations. Turns a primitive's description (freed here) into an operation whose arguments have
 * the given meanings and shapes. */
status onednn_make(const struct onednn *o, dnnl_primitive_desc_t pd, int n, const int *meaning, const api_view *shape,
                   bool alone, const char *what, struct onednn_op *op);
status onednn_check(dnnl_status_t r, const char *what);
/* oneDNN takes as many threads as OpenMP offers, when it makes a primitive and when it runs one: with `alone`, one is
 * offered. Returns the number to give back to onednn_restore_threads. */
int onednn_offer_threads(bool alone);
void onednn_restore_threads(bool alone, int threads);

/* Runs an operation on op->n pointers, in the order its shape gives. Errors: ERR_LIBRARY. */
status onednn_run(const struct onednn *o, struct onednn_op *op, const void *const *at);

#endif
