/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Winograd's minimal filtering F(4×4, 3×3) (Lavin & Gray 2016), channels in the lanes of vectors: to the points, and back.
 * A row of pixels and a row of weights are polynomials; their product has degree 5 and follows from its values at 0, ±√½, ±√2
 * and ∞. With d of x, g of the weights and y of the result, along each of the two dimensions,
 *     y = Aᵀ[(G g) ⊙ (Bᵀ d)], and the gradient of g is Gᵀ[(A dy) ⊙ (Bᵀ d)].
 * These points lose less to rounding than the common 0, ±1, ±2: the constants of Bᵀ, M(t)/(t − p) of M = t(t² − ½)(t² − 2),
 * stay near 1. */
#include "src/cpu/act_lanes.h"
#include "src/cpu/kernels.h"

#define UNROLL _Pragma("GCC unroll 8")  /* so that arrays of vectors become registers */

enum { SIDE = WINOGRAD_SIDE, TILE = WINOGRAD_TILE, LINE = 16 };    /* floats of a cache line */
static const float NEAR = 0x1.6a09e6p-1f, FAR = 0x1.6a09e6p0f;      /* √½, √2 */
static const float OF_NEAR = -1 / 1.5f, OF_FAR = 1 / 6.0f;          /* 1 / M′ of either */

/* A polynomial's values at a point and at its negative, from the sums of even and of odd powers. */
FLAT void set_pair(vf even, vf odd, vf p[2])
{
	p[0] = even + odd;
	p[1] = even - odd;
}

/* Bᵀ d */
FLAT void window_at_points(const vf d[SIDE], vf p[SIDE])
{
	const vf near = d[4] - 2.0f * d[2], near_odd = NEAR * (d[3] - 2.0f * d[1]);
	const vf far = d[4] - 0.5f * d[2], far_odd = FAR * (d[3] - 0.5f * d[1]);
	p[0] = d[0] - 2.5f * d[2] + d[4];
	set_pair(near, near_odd, p + 1);
	set_pair(far, far_odd, p + 3);
	p[5] = d[1] - 2.5f * d[3] + d[5];
}

/* A e */
FLAT void tile_at_points(const vf e[TILE], vf p[SIDE])
{
	const vf near = e[0] + 0.5f * e[2], near_odd = NEAR * (e[1] + 0.5f * e[3]);
	const vf far = e[0] + 2.0f * e[2], far_odd = FAR * (e[1] + 2.0f * e[3]);
	p[0] = e[0];
	set_pair(near, near_odd, p + 1);
	set_pair(far, far_odd, p + 3);
	p[5] = e[3];
}

/* Aᵀ p */
FLAT void points_to_tile(const vf p[SIDE], vf y[TILE])
{
	const vf near = p[1] + p[2], near_odd = NEAR * (p[1] - p[2]), far = p[3] + p[4], far_odd = FAR * (p[3] - p[4]);
	y[0] = p[0] + near + far;
	y[1] = near_odd + far_odd;
	y[2] = 0.5f * near + 2.0f * far;
	y[3] = 0.5f * near_odd + 2.0f * far_odd + p[5];
}

/* G g */
FLAT void weights_at_points(const vf g[3], vf p[SIDE])
{
	const vf near = OF_NEAR * (g[0] + 0.5f * g[2]), near_odd = OF_NEAR * NEAR * g[1];
	const vf far = OF_FAR * (g[0] + 2.0f * g[2]), far_odd = OF_FAR * FAR * g[1];
	p[0] = g[0];
	set_pair(near, near_odd, p + 1);
	set_pair(far, far_odd, p + 3);
	p[5] = g[2];
}

/* Gᵀ p */
FLAT void points_to_weights(const vf p[SIDE], vf g[3])
{
	const vf near = OF_NEAR * (p[1] + p[2]), far = OF_FAR * (p[3] + p[4]);
	g[0] = p[0] + near + far;
	g[1] = OF_NEAR * NEAR * (p[1] - p[2]) + OF_FAR * FAR * (p[3] - p[4]);
	g[2] = 0.5f * near + 2.0f * far + p[5];
}

/* ---- images ---- */

/* Elements from an image's first to channel c of its first pixel, and from one pixel to the next. */
FLAT size_t channel_at(const struct winograd_images *s, size_t c)
{
	const size_t block = (size_t)s->block;
	return block ? c / block * block * (size_t)s->height * (size_t)s->width + c % block : c;
}

FLAT ptrdiff_t pixel_step(const struct winograd_images *s)
{
	return s->block ? s->block : s->channels;
}

FLAT size_t image_size(const struct winograd_images *s)
{
	return (size_t)s->channels * (size_t)s->height * (size_t)s->width;
}

FLAT size_t matrix_channel(const struct winograd_matrices *m, size_t c)
{
	return c / m->wide * m->panel + c % m->wide;
}

/* Asks for a tile's pixels, which lie in rows far apart: without it half the time is waiting for memory. */
FLAT void fetch_tile(const float *x, ptrdiff_t line, ptrdiff_t step, const int write)
{
	UNROLL
	for (int i = 0; i < TILE; i++)
		for (int j = 0; j < TILE; j += step < LINE ? 2 : 1)
			if (write)
				__builtin_prefetch(x + i * line + j * step, 1);
			else
				__builtin_prefetch(x + i * line + j * step, 0);
}

/* A strip of windows (side 6: Bᵀ d B) or of tiles (side 4: A e Aᵀ), from image row `row` on, of a vector of channels: first along the
 * columns, whose results neighbouring windows share, then along the rows. `next` has the rows of the strip that follows. */
FLAT void strip_to_points(const struct winograd_images *s, const float *x, int row, const float *next, float *to, size_t to_row,
                          size_t point, const int side)
{
	static const float zeros[LANES];
	vf half[SIDE][WINOGRAD_WIDTH], v[SIDE], p[SIDE];
	const ptrdiff_t step = pixel_step(s), line = s->width * step;
	const int tiles = s->columns, pad = s->pad, end = pad + s->width, width = tiles * TILE + side - TILE;
	const float *at[SIDE];
	ptrdiff_t move[SIDE];
	UNROLL
	for (int i = 0; i < side; i++) {
		const bool inside = row + i >= 0 && row + i < s->height;
		at[i] = inside ? x + (row + i) * line : zeros;
		move[i] = inside ? step : 0;
	}
	for (int i = 0; i < SIDE; i++) {
		for (int j = 0; j < pad; j++)
			half[i][j] = (vf){0};
		for (int j = end; j < width; j++)
			half[i][j] = (vf){0};
	}
	for (int j = pad; j < end; j++) {
		UNROLL
		for (int i = 0; i < side; i++) {
			v[i] = load(at[i]);
			at[i] += move[i];
		}
		side == SIDE ? window_at_points(v, p) : tile_at_points(v, p);
		UNROLL
		for (int i = 0; i < SIDE; i++)
			half[i][j] = p[i];
	}
	for (int t = 0; t < tiles; t++, to += to_row) {
		fetch_tile(next + t * TILE * step, line, step, 0);
		UNROLL
		for (int i = 0; i < SIDE; i++) {
			side == SIDE ? window_at_points(half[i] + t * TILE, p) : tile_at_points(half[i] + t * TILE, p);
			UNROLL
			for (int j = 0; j < SIDE; j++)
				store(to + (size_t)(i * SIDE + j) * point, p[j]);
		}
	}
}

FLAT void strips_to_points(const struct winograd_images *s, const float *from, size_t first, size_t n,
                           const struct winograd_matrices *m, float *to, const int side)
{
	const size_t rows = (size_t)s->rows, line = (size_t)(s->width * pixel_step(s));
	for (size_t strip = first; strip < first + n; strip++, to += (size_t)s->columns * m->row) {
		const int row = (int)(strip % rows) * TILE - s->pad;
		for (size_t c = 0; c < (size_t)s->channels; c += LANES) {
			const float *x = from + strip / rows * image_size(s) + channel_at(s, c);
			const float *next = (strip + 1) % rows ? x + (row + side) * (ptrdiff_t)line : x + image_size(s);
			strip_to_points(s, x, row, next, to + matrix_channel(m, c), m->row, m->point, side);
		}
	}
}

void KERNEL(winograd_windows)(const struct winograd_images *s, const float *x, size_t first, size_t n,
                              const struct winograd_matrices *m, float *to)
{
	strips_to_points(s, x, first, n, m, to, SIDE);
}

void KERNEL(winograd_tiles)(const struct winograd_images *s, const float *dy, size_t first, size_t n,
                            const struct winograd_matrices *m, float *to)
{
	strips_to_points(s, dy, first, n, m, to, TILE);
}

/* A tile of a vector of channels, of which rows × columns pixels lie in the image. */
FLAT void points_to_pixels(const float *from, size_t point, const struct winograd_finish f, vf bias, float *y, ptrdiff_t line,
                           ptrdiff_t step, int rows, int columns)
{
	vf half[SIDE][TILE], v[SIDE], e[TILE];
	UNROLL
	for (int i = 0; i < SIDE; i++) {
		UNROLL
		for (int j = 0; j < SIDE; j++)
			v[j] = load(from + (size_t)(i * SIDE + j) * point);
		points_to_tile(v, half[i]);
	}
	UNROLL
	for (int j = 0; j < TILE; j++) {
		UNROLL
		for (int i = 0; i < SIDE; i++)
			v[i] = half[i][j];
		points_to_tile(v, e);
		UNROLL
		for (int i = 0; i < TILE; i++) {
			float *to = y + i * line + j * step;
			if (i >= rows || j >= columns)
				continue;
			e[i] += bias;
			if (f.add)
				e[i] += load(to);
			store(to, f.activation == ACTIVATION_NONE ? e[i] : activated(f.activation, e[i]));
		}
	}
}

void KERNEL(winograd_finish)(const struct winograd_images *s, const struct winograd_matrices *m, const float *from, size_t first,
                             size_t n, const struct winograd_finish *f, float *y)
{
	const struct winograd_finish how = *f;
	const bool plain = !how.add && how.activation == ACTIVATION_NONE;
	const ptrdiff_t step = pixel_step(s), line = s->width * step;
	const size_t rows = (size_t)s->rows, point = m->point, from_row = m->row;
	const int tiles = s->columns, width = s->width;
	for (size_t strip = first; strip < first + n; strip++, from += (size_t)tiles * from_row) {
		const int row = (int)(strip % rows) * TILE, high = s->height - row < TILE ? s->height - row : TILE;
		for (size_t c = 0; c < (size_t)s->channels; c += LANES) {
			const vf bias = how.bias ? load(how.bias + c) : (vf){0};
			const float *sums = from + matrix_channel(m, c);
			float *to = y + strip / rows * image_size(s) + channel_at(s, c) + (size_t)row * (size_t)line;
			for (int t = 0; t < tiles; t++, sums += from_row, to += TILE * step) {
				const int wide = width - t * TILE < TILE ? width - t * TILE : TILE;
				fetch_tile(to + 2 * TILE * step, line, step, 1);
				if (plain && high == TILE && wide == TILE)
					points_to_pixels(sums, point, (struct winograd_finish){.activation = ACTIVATION_NONE}, bias, to, line,
					                 step, TILE, TILE);
				else
					points_to_pixels(sums, point, how, bias, to, line, step, high, wide);
			}
		}
	}
}

/* ---- weights ---- */

void KERNEL(winograd_weights)(const float *from, size_t rows, size_t columns, size_t row, bool turned,
                              const struct winograd_matrices *m, float *to)
{
	const size_t place = rows * columns;
	for (size_t c = 0; c < columns; c += LANES) {
		const float *w = from + row * columns + c;
		float *here = to + row * m->row + matrix_channel(m, c);
		vf half[SIDE][3], v[3], p[SIDE];
		UNROLL
		for (int j = 0; j < 3; j++) {
			UNROLL
			for (int i = 0; i < 3; i++)
				v[i] = load(w + (size_t)(turned ? 8 - 3 * i - j : 3 * i + j) * place);
			weights_at_points(v, p);
			UNROLL
			for (int i = 0; i < SIDE; i++)
				half[i][j] = p[i];
		}
		UNROLL
		for (int i = 0; i < SIDE; i++) {
			weights_at_points(half[i], p);
			UNROLL
			for (int j = 0; j < SIDE; j++)
				store(here + (size_t)(i * SIDE + j) * m->point, p[j]);
		}
	}
}

void KERNEL(winograd_gradient)(const struct winograd_matrices *m, const float *from, size_t row, size_t columns, bool add,
                               float *gradient)
{
	for (size_t c = 0; c < columns; c += LANES) {
		const float *here = from + row * m->row + matrix_channel(m, c);
		float *to = gradient + row * 9 * columns + c;
		vf half[3][SIDE], v[SIDE], g[3];
		UNROLL
		for (int j = 0; j < SIDE; j++) {
			UNROLL
			for (int i = 0; i < SIDE; i++)
				v[i] = load(here + (size_t)(i * SIDE + j) * m->point);
			points_to_weights(v, g);
			UNROLL
			for (int i = 0; i < 3; i++)
				half[i][j] = g[i];
		}
		UNROLL
		for (int i = 0; i < 3; i++) {
			points_to_weights(half[i], g);
			UNROLL
			for (int j = 0; j < 3; j++) {
				float *w = to + (size_t)(3 * i + j) * columns;
				store(w, add ? load(w) + g[j] : g[j]);
			}
		}
	}
}
