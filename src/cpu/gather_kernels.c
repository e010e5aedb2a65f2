/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Rows of pixels to floats. */
#include "src/cpu/kernels.h"

#include <string.h>

/* A row of one channel goes by so many pixels at a time, the last ones once more where they do not fill that up: rows of
 * images are short, and what is left over would take as long as the rest. */
enum { CHUNK = 16 };

#define ROW_LOOP(i_, body)                         \
	_Pragma("omp simd")                        \
	for (int i_ = 0; i_ < n; i_++) {           \
		body                               \
	}

/* The common shapes (one channel, or three interleaved, forwards or mirrored) have loops of their own, so that the
 * compiler sees their strides. */
#define ROW_KERNEL(name, type)                                                                                        \
	static inline __attribute__((always_inline)) void name##_chunk(const type *in, float *out, const int step,   \
	                                                               float scale, float shift)                       \
	{                                                                                                             \
		const int n = CHUNK;                                                                                  \
		ROW_LOOP(i, out[i] = scale * (float)in[i * step] + shift;)                                            \
	}                                                                                                             \
	static inline __attribute__((always_inline)) void name##_one(const struct row_kernel *r, const type *in,      \
	                                                             float *out, const int step)                      \
	{                                                                                                             \
		const float scale = r->scale[0], shift = r->shift[0];                                                 \
		int i = 0;                                                                                            \
		for (; i + CHUNK <= r->n; i += CHUNK)                                                                 \
			name##_chunk(in + i * step, out + i, step, scale, shift);                                     \
		if (i < r->n && r->n >= CHUNK)                                                                        \
			name##_chunk(in + (r->n - CHUNK) * step, out + r->n - CHUNK, step, scale, shift);             \
		else                                                                                                  \
			for (; i < r->n; i++)                                                                         \
				out[i] = scale * (float)in[i * step] + shift;                                         \
	}                                                                                                             \
	static inline __attribute__((always_inline)) void name##_three(const struct row_kernel *r, const type *in,    \
	                                                               float *out, const int step)                    \
	{                                                                                                             \
		const int n = r->n;                                                                                   \
		const type *a = in, *b = in + r->plane, *c = in + 2 * r->plane;                                       \
		const float s0 = r->scale[0], s1 = r->scale[1], s2 = r->scale[2];                                     \
		const float t0 = r->shift[0], t1 = r->shift[1], t2 = r->shift[2];                                     \
		ROW_LOOP(i, out[3 * i] = s0 * (float)a[i * step] + t0;                                                \
		         out[3 * i + 1] = s1 * (float)b[i * step] + t1;                                               \
		         out[3 * i + 2] = s2 * (float)c[i * step] + t2;)                                              \
	}                                                                                                             \
	void KERNEL(name)(const struct row_kernel *r, const type *in, float *out)                                     \
	{                                                                                                             \
		if (r->channels == 1 && r->stride == 1 && r->step == 1) {                                             \
			name##_one(r, in, out, 1);                                                                    \
		} else if (r->channels == 1 && r->stride == 1 && r->step == -1) {                                     \
			name##_one(r, in, out, -1);                                                                   \
		} else if (r->channels == 3 && r->stride == 3 && r->step == 1) {                                      \
			name##_three(r, in, out, 1);                                                                  \
		} else if (r->channels == 3 && r->stride == 3 && r->step == -1) {                                     \
			name##_three(r, in, out, -1);                                                                 \
		} else {                                                                                              \
			for (int j = 0; j < r->channels; j++)                                                         \
				for (int i = 0; i < r->n; i++)                                                        \
					out[(ptrdiff_t)i * r->stride + j] =                                           \
						r->scale[j] * (float)in[j * (ptrdiff_t)r->plane + i * r->step] + r->shift[j]; \
		}                                                                                                     \
	}

ROW_KERNEL(row_u8, uint8_t)
ROW_KERNEL(row_f32, float)
