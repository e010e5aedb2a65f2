/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The layers' own loops; what oneDNN has no call for, or not the right one. */
#include "kernels.h"
#include "lanes.h"

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

void KERNEL(column_sums)(const float *m, size_t rows, size_t columns, size_t first, size_t end, bool add, float *out)
{
	for (size_t j = first; j < end; j += LANES) {
		size_t width = end - j < LANES ? end - j : LANES;
		double total[LANES] = {0};
		for (size_t row = 0; row < rows; row += ROW_BLOCK) {
			size_t last = rows - row < ROW_BLOCK ? rows : row + ROW_BLOCK;
			vf block = {0};
			if (width == LANES)
				for (size_t i = row; i < last; i++)
					block += load(m + i * columns + j);
			else
				for (size_t i = row; i < last; i++)
					block += load_part(m + i * columns + j, width, 0);
			for (int l = 0; l < LANES; l++)
				total[l] += (double)block[l];
		}
		for (size_t l = 0; l < width; l++)
			out[j + l] = (float)(total[l] + (add ? (double)out[j + l] : 0));
	}
}
