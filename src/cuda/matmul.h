/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Products of row-major matrices by cuBLAS: c (m, n) = a (m, k) · b (k, n), summed in float32 by one algorithm, which is the
 * shape's for good: it is among the device's choices, {"matmul fp32 nt 128x10x784 of …": "id=20 tile=15 …"}. Rows follow one another
 * without gaps. Where cuBLAS adds no bias to a product, a kernel does, with the same bits. */
#ifndef BASIN_CUDA_MATMUL_H
#define BASIN_CUDA_MATMUL_H

#include "src/cuda/matmul_choose.h"

/* Errors: ERR_MEMORY, ERR_LIBRARY; `out` is then closed. A known choice that cuBLAS refuses is told by a warning, and made
 * anew. */
status matmul_open(struct cuda_device *cuda, const struct matmul_shape *shape, struct matmul *out);
/* The device must have forgotten the calls that name it (cuda_forget). A zeroed one is fine. */
void matmul_close(struct cuda_device *cuda, struct matmul *m);

/* The product, put off; `what` as in cuda_later. a, b, bias, c: device; bias is NULL where the shape has none; c is set, or added
 * to. Errors: as of matmul_open, where addresses are aligned as none were before, and of cuda_later. */
status matmul_later(struct cuda_device *cuda, struct matmul *m, const char *what, const void *a, const void *b,
                    const float *bias, bool add, void *c);

#endif
