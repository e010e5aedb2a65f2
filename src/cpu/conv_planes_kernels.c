/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Convolutions of few channels: a vector holds pixels of a row, weights are the same in all lanes. */
#include "src/cpu/kernels.h"
#include "src/cpu/lanes_across.h"

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 8")  /* so that arrays of vectors become registers */

/* Vectors that stay in registers as sums: of 32 registers, or of 16. */
enum { STRIPS = 2, NARROW_OUTS = LANES == 16 ? PLANE_OUTS : 6, NARROW_GRADIENTS = LANES == 16 ? PLANE_GRADIENTS : 2 };

void KERNEL(planes_spread)(const struct planes *p, const float *from, float *to)
{
	const size_t pitch = (size_t)p->pitch, w = (size_t)p->w, margin = (size_t)p->pad * pitch;
	const vf zero = {0};
	for (int plane = 0; plane < p->n; plane++) {
		for (size_t i = 0; i < margin; i += LANES, to += LANES)
			store(to, zero);
		for (int row = 0; row < p->h; row++, from += w, to += pitch) {
			size_t i = 0;
			for (; i < pitch; i += LANES)
				store(to + i, zero);
			for (i = 0; i + LANES <= w; i += LANES)
				store(to + p->pad + i, load(from + i));
			if (i < w)
				store_part(to + p->pad + i, load_part(from + i, w - i, 0), w - i);
		}
		for (size_t i = 0; i < margin; i += LANES, to += LANES)
			store(to, zero);
	}
	store(to, zero);
}

/* ---- y ---- */

/* Outs o … of `strips` vectors of y's pixels from number `strip` on. */
INLINE void conv_tile(const struct planes_kernel *p, const float *x, const float *weight, const float *bias, int o, int strip,
                      float *y, const int outs, const int strips)
{
	const int across = (p->ow + LANES - 1) / LANES, kernel = p->kernel;
	const size_t pitch = (size_t)p->x.pitch, plane = (size_t)(p->x.h + 2 * p->x.pad) * pitch;
	const float *at[STRIPS];
	vf sum[PLANE_OUTS][STRIPS];
	UNROLL
	for (int s = 0; s < strips; s++)
		at[s] = x + (size_t)((strip + s) / across) * pitch + (size_t)((strip + s) % across * LANES);
	UNROLL
	for (int i = 0; i < outs; i++)
		UNROLL
		for (int s = 0; s < strips; s++)
			sum[i][s] = (vf){0} + (bias && o + i < p->out ? bias[o + i] : 0);
	for (int c = 0; c < p->x.n; c++)
		for (int row = 0; row < kernel; row++) {
			const size_t line = (size_t)c * plane + (size_t)row * pitch;
			for (int column = 0; column < kernel; column++, weight += outs) {
				vf v[STRIPS];
				UNROLL
				for (int s = 0; s < strips; s++)
					v[s] = load(at[s] + line + column);
				UNROLL
				for (int i = 0; i < outs; i++)
					UNROLL
					for (int s = 0; s < strips; s++)
						sum[i][s] += v[s] * weight[i];
			}
		}
	UNROLL
	for (int s = 0; s < strips; s++) {
		const size_t column = (size_t)((strip + s) % across * LANES), n = (size_t)p->ow - column;
		float *to = y + (size_t)((strip + s) / across) * (size_t)p->ow + column;
		UNROLL
		for (int i = 0; i < outs; i++) {
			if (o + i >= p->out)
				break;
			if (n >= LANES)
				store(to + (size_t)(o + i) * (size_t)(p->oh * p->ow), sum[i][s]);
			else
				store_part(to + (size_t)(o + i) * (size_t)(p->oh * p->ow), sum[i][s], n);
		}
	}
}

INLINE void conv_outs(const struct planes_kernel *p, const float *x, const float *weight, const float *bias, float *y, const int outs)
{
	const int strips = p->oh * ((p->ow + LANES - 1) / LANES), together = outs > NARROW_OUTS ? 1 : STRIPS;
	for (int o = 0; o < p->out; o += outs, weight += outs * p->x.n * p->kernel * p->kernel) {
		int s = 0;
		for (; s + together <= strips; s += together)
			conv_tile(p, x, weight, bias, o, s, y, outs, together);
		for (; s < strips; s++)
			conv_tile(p, x, weight, bias, o, s, y, outs, 1);
	}
}

void KERNEL(planes_conv)(const struct planes_kernel *p, const float *x, const float *weight, const float *bias, float *y)
{
	switch (p->wide) {
	case 1: conv_outs(p, x, weight, bias, y, 1); return;
	case 2: conv_outs(p, x, weight, bias, y, 2); return;
	case 3: conv_outs(p, x, weight, bias, y, 3); return;
	case 4: conv_outs(p, x, weight, bias, y, 4); return;
	case 5: conv_outs(p, x, weight, bias, y, 5); return;
	case 6: conv_outs(p, x, weight, bias, y, 6); return;
	case 7: conv_outs(p, x, weight, bias, y, 7); return;
	default: conv_outs(p, x, weight, bias, y, PLANE_OUTS);
	}
}

/* ---- dW ---- */

/* The vector from number k on of two that lie together at p. Loads across cache lines are what this pass waits for. */
INLINE vf shift(const float *p, vf low, vf high, const int k)
{
#if !defined PORTABLE && LANES == 16
	(void)p;
	switch (k) {
	case 0: return low;
	case 1: return (vf)_mm512_alignr_epi32((__m512i)high, (__m512i)low, 1);
	case 2: return (vf)_mm512_alignr_epi32((__m512i)high, (__m512i)low, 2);
	case 3: return (vf)_mm512_alignr_epi32((__m512i)high, (__m512i)low, 3);
	default: return (vf)_mm512_alignr_epi32((__m512i)high, (__m512i)low, 4);
	}
#else
	(void)low, (void)high;
	return load(p + k);
#endif
}

/* b.x starts in the first row that meets the task's row of weights, b.dy in the first of its planes; the sums of an out lie
 * `step` floats after those of the one before. dy's lanes beyond a row are zeros. */
INLINE void gradient_outs(const struct planes_kernel *p, const struct planes *g, struct planes_batch b, float *sums,
                          size_t step, const int outs, const int kernel)
{
	const size_t plane = (size_t)g->h * (size_t)g->pitch;
	vf sum[PLANE_GRADIENTS][KERNEL_MAX];
	UNROLL
	for (int o = 0; o < outs; o++)
		UNROLL
		for (int k = 0; k < kernel; k++)
			sum[o][k] = load(sums + (size_t)o * step + (size_t)k * LANES);
	for (; b.n; b.n--, b.x += b.x_step, b.dy += b.dy_step) {
		const float *x = b.x, *dy = b.dy;
		for (int row = 0; row < g->h; row++, x += p->x.pitch, dy += g->pitch)
			for (int i = 0; i < g->w; i += LANES) {
				const vf low = load(x + i), high = load(x + i + LANES);
				vf v[KERNEL_MAX];
				UNROLL
				for (int k = 0; k < kernel; k++)
					v[k] = shift(x + i, low, high, k);
				UNROLL
				for (int o = 0; o < outs; o++) {
					const vf d = load(dy + (size_t)o * plane + i);
					UNROLL
					for (int k = 0; k < kernel; k++)
						sum[o][k] += d * v[k];
				}
			}
	}
	UNROLL
	for (int o = 0; o < outs; o++)
		UNROLL
		for (int k = 0; k < kernel; k++)
			store(sums + (size_t)o * step + (size_t)k * LANES, sum[o][k]);
}

static void gradient_of(const struct planes_kernel *p, const struct planes *g, struct planes_batch b, float *sums, size_t step,
                        int outs)
{
	switch (outs << 3 | p->kernel) {
	case 1 << 3 | 3: gradient_outs(p, g, b, sums, step, 1, 3); return;
	case 1 << 3 | 5: gradient_outs(p, g, b, sums, step, 1, 5); return;
	case 2 << 3 | 3: gradient_outs(p, g, b, sums, step, 2, 3); return;
	case 2 << 3 | 5: gradient_outs(p, g, b, sums, step, 2, 5); return;
	case 3 << 3 | 3: gradient_outs(p, g, b, sums, step, 3, 3); return;
	case 3 << 3 | 5: gradient_outs(p, g, b, sums, step, 3, 5); return;
	case 4 << 3 | 3: gradient_outs(p, g, b, sums, step, 4, 3); return;
	default: gradient_outs(p, g, b, sums, step, 4, 5);
	}
}

/* Everything of one plane of each dy, onto a vector. */
static void add_planes(struct planes_batch b, size_t n, float *sum)
{
	vf s = load(sum);
	for (; b.n; b.n--, b.dy += b.dy_step)
		for (size_t i = 0; i < n; i += LANES)
			s += load(b.dy + i);
	store(sum, s);
}

void KERNEL(planes_gradient)(const struct planes_kernel *p, const struct planes *g, const struct planes_batch *b, int first,
                             int end, float *sums)
{
	const size_t plane = (size_t)g->h * (size_t)g->pitch, step = planes_sum_at(p, 1, 0, 0) * LANES;
	for (int task = first; task < end; task++) {
		const struct planes_task t = planes_task(p, task);
		struct planes_batch here = *b;
		here.x += (size_t)(t.in * (p->x.h + 2 * p->x.pad) + t.row) * (size_t)p->x.pitch;
		for (int o = t.first; o < t.end; o += NARROW_GRADIENTS) {
			here.dy = b->dy + (size_t)o * plane;
			gradient_of(p, g, here, sums + planes_sum_at(p, o, t.in, t.row) * LANES, step,
			            t.end - o < NARROW_GRADIENTS ? t.end - o : NARROW_GRADIENTS);
		}
		for (int o = t.first; !t.in && !t.row && o < t.end; o++) {
			here.dy = b->dy + (size_t)o * plane;
			add_planes(here, plane, sums + planes_bias_at(p, o) * LANES);
		}
	}
}

void KERNEL(lane_sums)(const float *v, size_t first, size_t n, float *out)
{
	for (size_t i = 0; i < n; i++)
		out[i] = lane_total(load(v + (first + i) * LANES));
}
