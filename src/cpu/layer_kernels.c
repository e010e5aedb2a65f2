/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The layers' own loops; what oneDNN has no call for, or not the right one. */
#include "src/cpu/kernels.h"
#include "src/cpu/lanes.h"

void KERNEL(sum)(const float *a, const float *b, float *out, size_t n)
{
	size_t i = 0;
	for (; i + LANES <= n; i += LANES)
		store(out + i, load(a + i) + load(b + i));
	if (i < n)
		store_part(out + i, load_part(a + i, n - i, 0) + load_part(b + i, n - i, 0), n - i);
}

void KERNEL(sum_bf16)(const uint16_t *a, const uint16_t *b, uint16_t *out, size_t n)
{
	size_t i = 0;
	for (; i + LANES <= n; i += LANES)
		store_bf16(out + i, load_bf16(a + i) + load_bf16(b + i));
	if (i < n)
		store_bf16_part(out + i, load_bf16_part(a + i, n - i, 0) + load_bf16_part(b + i, n - i, 0), n - i);
}

static inline __attribute__((always_inline)) void sums_typed(const void *m, const bool bf16, size_t rows, size_t stride, size_t n,
                                                             double *sums)
{
	for (size_t j = 0; j < n; j += LANES) {
		size_t width = n - j < LANES ? n - j : LANES;
		for (size_t row = 0; row < rows; row += ROW_BLOCK) {
			size_t last = rows - row < ROW_BLOCK ? rows : row + ROW_BLOCK;
			vf block = {0};
			if (width == LANES)
				for (size_t i = row; i < last; i++)
					block += load_typed(m, i * stride + j, LANES, bf16);
			else
				for (size_t i = row; i < last; i++)
					block += load_typed(m, i * stride + j, width, bf16);
			for (size_t l = 0; l < width; l++)
				sums[j + l] += (double)block[l];
		}
	}
}

void KERNEL(column_sums)(const void *m, bool bf16, size_t rows, size_t stride, size_t n, double *sums)
{
	if (bf16)
		sums_typed(m, true, rows, stride, n, sums);
	else
		sums_typed(m, false, rows, stride, n, sums);
}
