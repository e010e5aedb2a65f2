/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Convolutions' loops: reordering weights and pixels, and sums by channel. */
#include "kernels.h"
#include "lanes.h"

void KERNEL(permute)(const float *from, const int32_t *index, size_t n, float *out)
{
	for (size_t i = 0; i < n; i++)
		out[i] = from[index[i]];
}

void KERNEL(permute_bf16)(const float *from, const int32_t *index, size_t n, uint16_t *out)
{
	float t[LANES];
	for (size_t i = 0; i < n; i += LANES) {
		size_t here = n - i < LANES ? n - i : LANES;
		for (size_t j = 0; j < here; j++)
			t[j] = from[index[i + j]];
		if (here == LANES)
			store_bf16(out + i, load(t));
		else
			store_bf16_part(out + i, load_part(t, here, 0), here);
	}
}

void KERNEL(untile)(const struct untile_kernel *u, const float *from, const int32_t *index, float *out)
{
	for (int r = 0; r < u->rows; r++) {
		const int32_t *at = index + r * u->pitch;
		float *to = out + (ptrdiff_t)r * u->stride;
		if (u->add)
			for (int c = 0; c < u->columns; c++)
				to[c] += from[at[c]];
		else
			for (int c = 0; c < u->columns; c++)
				to[c] = from[at[c]];
	}
}

/* NULL lanes of a short last vector are zeros. */
static inline vf channels(const void *p, size_t at, size_t n, bool bf16)
{
	if (bf16)
		return n < LANES ? load_bf16_part((const uint16_t *)p + at, n, 0) : load_bf16((const uint16_t *)p + at);
	return n < LANES ? load_part((const float *)p + at, n, 0) : load((const float *)p + at);
}

void KERNEL(channel_sums)(const void *m, bool bf16, size_t rows, size_t stride, size_t n, double *sums)
{
	for (size_t j = 0; j < n; j += LANES) {
		size_t width = n - j < LANES ? n - j : LANES;
		for (size_t row = 0; row < rows; row += ROW_BLOCK) {
			size_t last = rows - row < ROW_BLOCK ? rows : row + ROW_BLOCK;
			vf block = {0};
			for (size_t i = row; i < last; i++)
				block += channels(m, i * stride + j, width, bf16);
			for (size_t l = 0; l < width; l++)
				sums[j + l] += (double)block[l];
		}
	}
}

void KERNEL(narrow)(const float *from, size_t n, uint16_t *out)
{
	size_t i = 0;
	for (; i + LANES <= n; i += LANES)
		store_bf16(out + i, load(from + i));
	if (i < n)
		store_bf16_part(out + i, load_part(from + i, n - i, 0), n - i);
}

void KERNEL(widen)(const uint16_t *from, size_t n, float *out)
{
	size_t i = 0;
	for (; i + LANES <= n; i += LANES)
		store(out + i, load_bf16(from + i));
	if (i < n)
		store_part(out + i, load_bf16_part(from + i, n - i, 0), n - i);
}
