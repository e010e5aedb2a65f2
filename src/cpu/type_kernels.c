/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tensors from one type and order to another. */
#include "kernels.h"
#include "lanes.h"

static inline __attribute__((always_inline)) void transpose_typed(const void *from, const bool from_bf16, void *to,
                                                                  const bool to_bf16, size_t rows, size_t columns)
{
	for (size_t c = 0; c < columns; c++)
		for (size_t r = 0; r < rows; r += LANES) {
			size_t n = rows - r < LANES ? rows - r : LANES;
			uint32_t t[LANES] = {0};
			for (size_t l = 0; l < n; l++)
				t[l] = from_bf16 ? (uint32_t)((const uint16_t *)from)[(r + l) * columns + c] << 16
				                 : ((const uint32_t *)from)[(r + l) * columns + c];
			vf v;
			memcpy(&v, t, sizeof v);
			store_typed(to, c * rows + r, n, to_bf16, v);
		}
}

void KERNEL(transpose)(const void *from, bool from_bf16, void *to, bool to_bf16, size_t rows, size_t columns)
{
	if (from_bf16 && to_bf16)
		transpose_typed(from, true, to, true, rows, columns);
	else if (from_bf16)
		transpose_typed(from, true, to, false, rows, columns);
	else if (to_bf16)
		transpose_typed(from, false, to, true, rows, columns);
	else
		transpose_typed(from, false, to, false, rows, columns);
}
