/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Convolutions' loops: reordering weights and pixels. */
#include "src/cpu/kernels.h"
#include "src/cpu/lanes.h"

/* LANES elements from anywhere. */
static inline vf collect(const float *from, const int32_t *index)
{
#if !defined PORTABLE && LANES == 16
	return (vf)_mm512_i32gather_ps(_mm512_loadu_si512(index), from, sizeof *from);
#elif !defined PORTABLE && LANES == 8
	return (vf)_mm256_i32gather_ps(from, _mm256_loadu_si256((const __m256i_u *)index), sizeof *from);
#else
	vf v;
	for (int i = 0; i < LANES; i++)
		v[i] = from[index[i]];
	return v;
#endif
}

/* The first n < LANES of them; the other lanes are zeros. */
static inline vf collect_part(const float *from, const int32_t *index, size_t n)
{
	float t[LANES] = {0};
	for (size_t i = 0; i < n; i++)
		t[i] = from[index[i]];
	return load(t);
}

void KERNEL(permute)(const float *from, const int32_t *index, size_t n, float *out)
{
	size_t i = 0;
	for (; i + LANES <= n; i += LANES)
		store(out + i, collect(from, index + i));
	if (i < n)
		store_part(out + i, collect_part(from, index + i, n - i), n - i);
}

void KERNEL(permute_bf16)(const float *from, const int32_t *index, size_t n, uint16_t *out)
{
	size_t i = 0;
	for (; i + LANES <= n; i += LANES)
		store_bf16(out + i, collect(from, index + i));
	if (i < n)
		store_bf16_part(out + i, collect_part(from, index + i, n - i), n - i);
}

void KERNEL(untile)(const struct untile_kernel *u, const float *from, const int32_t *index, float *out)
{
	size_t columns = (size_t)u->columns;
	for (int r = 0; r < u->rows; r++) {
		const int32_t *at = index + r * u->pitch;
		float *to = out + (ptrdiff_t)r * u->stride;
		size_t c = 0;
		for (; c + LANES <= columns; c += LANES)
			store(to + c, u->add ? load(to + c) + collect(from, at + c) : collect(from, at + c));
		for (; c < columns; c++)
			to[c] = u->add ? to[c] + from[at[c]] : from[at[c]];
	}
}
