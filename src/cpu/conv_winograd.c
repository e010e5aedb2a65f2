/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Convolutions of 3×3 with stride 1 by Winograd's minimal filtering F(4×4, 3×3) (Lavin & Gray 2016): tiles of 4×4 pixels become
 * 36 numbers a channel each, products of matrices (tiles, channels) do the rest, with a quarter of a direct sum's
 * multiplications. The library's, for processors with AVX-512 alone, is seldom faster and has larger errors. Every number is one
 * sum in an order that neither threads nor, but for the gradient of the weights, the rest of the batch change. */
#include "src/cpu/conv.h"

#include <omp.h>

enum {
	LINE = 16,                     /* floats between matrices, so that powers of two do not share a cache's sets */
	/* Tiles made together: of few channels as many as stay in or near the L2 cache; of many, enough that the weights are not
	 * read too often. */
	CHANNELS = 128, CHUNK_OF_FEW = 48, CHUNK_OF_MANY = 96
};

/* ---- shapes ---- */

/* The widest panel of two vectors at most that divides the channels. */
static size_t panel_of(size_t channels, int lanes)
{
	return channels % (size_t)(2 * lanes) ? (size_t)lanes : (size_t)(2 * lanes);
}

/* One row after the other. */
static struct winograd_matrices rows_of(size_t rows, size_t channels)
{
	return (struct winograd_matrices){.point = rows * channels + LINE, .row = channels, .panel = channels, .wide = channels};
}

/* The columns in panels: (panel, row, wide). */
static struct winograd_matrices panels_of(size_t rows, size_t channels, int lanes)
{
	const size_t wide = panel_of(channels, lanes);
	return (struct winograd_matrices){.point = rows * channels + LINE, .row = wide, .panel = rows * wide, .wide = wide};
}

static size_t floats_of(const struct winograd_matrices *m)
{
	return WINOGRAD_POINTS * m->point;
}

static struct winograd_images images_of(const int shape[3], int block, const int tiled[3], int pad)
{
	return (struct winograd_images){.channels = shape[0], .height = shape[1], .width = shape[2], .block = block,
	                                .rows = (tiled[1] + WINOGRAD_TILE - 1) / WINOGRAD_TILE,
	                                .columns = (tiled[2] + WINOGRAD_TILE - 1) / WINOGRAD_TILE, .pad = pad};
}

static bool fits_lanes(int channels, int block, int lanes)
{
	return channels % lanes == 0 && block != 1 && block % lanes == 0;
}

bool conv_winograd_can(const struct device *d, const struct onednn_conv *c)
{
	const int lanes = kernels_of(d)->lanes;
	return c->kernel == 3 && c->stride == 1 && c->groups == 1 && c->pad <= 2 && !c->bf16 &&
	       c->out[2] <= WINOGRAD_COLUMNS * WINOGRAD_TILE && c->in[2] <= WINOGRAD_COLUMNS * WINOGRAD_TILE &&
	       fits_lanes(c->in[0], c->x_block, lanes) && fits_lanes(c->out[0], c->y_block, lanes);
}

void conv_winograd_make(const struct onednn_conv *c, struct conv_winograd *w, struct onednn_weights *weights)
{
	const bool data = c->direction == API_DATA;
	/* A gradient of x is the same with dy as its images, turned weights and the rest of a full convolution's margin. */
	const int *from = data ? c->out : c->in, *to = data ? c->in : c->out, pad = data ? 2 - c->pad : c->pad;
	const int64_t in = c->in[0], out = c->out[0];
	*w = (struct conv_winograd){
		.direction = c->direction,
		.from = images_of(from, data ? c->y_block : c->x_block, to, pad),
		.to = images_of(to, data ? c->x_block : c->y_block, to, 0),
		.add = c->add, .activation = c->activation,
		.alone = onednn_conv_alone(c),
	};
	w->strips = (size_t)c->n * (size_t)w->to.rows;
	w->chunk = (size_t)((in + out < CHANNELS ? CHUNK_OF_FEW : CHUNK_OF_MANY) / w->to.columns);
	w->chunk = w->chunk < 1 ? 1 : w->chunk < w->strips ? w->chunk : w->strips;
	/* (height, width, channel summed over, channel made) */
	*weights = (struct onednn_weights){.bytes = (size_t)(9 * in * out) * sizeof(float),
	                                   .layout = {.known = true, .ndim = 4, .padded = {out, in, 3, 3},
	                                              .strides = {data ? in : 1, data ? 1 : out, 3 * in * out, in * out}}};
}

size_t conv_winograd_tiles(const struct onednn_conv *c)
{
	const struct winograd_images y = images_of(c->out, c->y_block, c->out, 0);
	return (size_t)c->batch * (size_t)y.rows * (size_t)y.columns;
}

/* ---- y of x, and dx of dy ---- */

struct pass {
	const struct conv_winograd *w;
	size_t chunk, chunks;          /* strips */
	int threads;
	size_t room;                   /* floats: of a thread's own */
	const struct kernels *kernels;
	struct winograd_matrices weights, windows, sums;
	const float *from, *u;
	float *own;                    /* a thread's windows, then its sums */
	struct winograd_finish finish;
	float *to;
};

static void run_chunk(const struct pass *p, size_t first)
{
	const struct conv_winograd *w = p->w;
	const size_t n = w->strips - first < p->chunk ? w->strips - first : p->chunk, rows = n * (size_t)w->to.columns;
	float *windows = p->own, *sums = windows + floats_of(&p->windows);
	p->kernels->winograd_windows(&w->from, p->from, first, n, &p->windows, windows);
	for (size_t point = 0; point < WINOGRAD_POINTS; point++)
		for (size_t c = 0; c < (size_t)w->to.channels; c += p->sums.wide) {
			const size_t panel = c / p->sums.wide;
			p->kernels->product(&(struct product_kernel){
				.m = rows, .n = p->sums.wide, .k = (size_t)w->from.channels,
				.a = windows + point * p->windows.point, .a_row = p->windows.row, .a_column = 1,
				.b = p->u + point * p->weights.point + panel * p->weights.panel, .b_row = p->weights.wide,
				.c = sums + point * p->sums.point + panel * p->sums.panel});
		}
	p->kernels->winograd_finish(&w->to, &p->sums, sums, first, n, &p->finish, p->to);
}

static struct pass pass_of(const struct device *d, const struct conv_winograd *w)
{
	const struct kernels *k = kernels_of(d);
	const size_t in = (size_t)w->from.channels, out = (size_t)w->to.channels;
	/* A part for each thread, where they are as few as that; no bit of y depends on it. */
	const size_t most = w->alone ? 1 : (size_t)cpu_threads(d), part = (w->strips + most - 1) / most;
	const size_t chunk = part < w->chunk ? part : w->chunk, rows = chunk * (size_t)w->to.columns;
	struct pass p = {.w = w, .chunk = chunk, .chunks = (w->strips + chunk - 1) / chunk, .kernels = k,
	                 .weights = panels_of(in, out, k->lanes), .windows = rows_of(rows, in), .sums = panels_of(rows, out, k->lanes)};
	p.threads = (int)(p.chunks < most ? p.chunks : most);
	p.room = floats_of(&p.windows) + floats_of(&p.sums);
	return p;
}

static size_t pass_floats(const struct pass *p)
{
	return floats_of(&p->weights) + (size_t)p->threads * p->room;
}

status conv_winograd_run(struct device *d, const struct conv_winograd *w, const float *from, const float *weights, const float *bias,
                         float *to)
{
	struct pass p = pass_of(d, w);
	const size_t in = (size_t)w->from.channels, out = (size_t)w->to.channels;
	float *u;
	TRY(cpu_scratch(d, pass_floats(&p) * sizeof *u, (void **)&u));
	p.from = from, p.u = u, p.to = to;
	p.finish = (struct winograd_finish){bias, w->add, w->activation};
#pragma omp parallel num_threads(p.threads) if (p.threads > 1)
	{
		struct pass mine = p;
		mine.own = u + floats_of(&p.weights) + (size_t)omp_get_thread_num() * p.room;
#pragma omp for schedule(static)
		for (size_t row = 0; row < in; row++)
			p.kernels->winograd_weights(weights, in, out, row, w->direction == API_DATA, &p.weights, u);
#pragma omp for schedule(static)
		for (size_t i = 0; i < p.chunks; i++)
			run_chunk(&mine, i * p.chunk);
	}
	cpu_scratch_return(d);
	return OK;
}

/* ---- the gradient of the weights ---- */

struct gradient_pass {
	struct winograd_matrices windows, tiles, sums;
};

static struct gradient_pass gradient_pass_of(const struct device *d, const struct conv_winograd *w)
{
	const int lanes = kernels_of(d)->lanes;
	const size_t in = (size_t)w->from.channels, out = (size_t)w->to.channels, rows = w->chunk * (size_t)w->to.columns;
	return (struct gradient_pass){panels_of(rows, in, lanes), rows_of(rows, out), panels_of(out, in, lanes)};
}

static size_t gradient_floats(const struct gradient_pass *p)
{
	return floats_of(&p->windows) + floats_of(&p->tiles) + floats_of(&p->sums);
}

status conv_winograd_gradient(struct device *d, const struct conv_winograd *w, const float *x, const float *dy, bool add,
                              float *gradient)
{
	const struct kernels *k = kernels_of(d);
	const size_t in = (size_t)w->from.channels, out = (size_t)w->to.channels, columns = (size_t)w->to.columns;
	const struct gradient_pass p = gradient_pass_of(d, w);
	const struct winograd_matrices windows = p.windows, tiles = p.tiles, sums = p.sums;
	const size_t panels = in / sums.wide;
	float *at_x;
	TRY(cpu_scratch(d, gradient_floats(&p) * sizeof *at_x, (void **)&at_x));
	float *at_dy = at_x + floats_of(&windows), *sum = at_dy + floats_of(&tiles);
#pragma omp parallel num_threads(cpu_threads(d)) if (!w->alone)
	{
		for (size_t first = 0; first < w->strips; first += w->chunk) {
			const size_t n = w->strips - first < w->chunk ? w->strips - first : w->chunk;
#pragma omp for schedule(static)
			for (size_t strip = 0; strip < n; strip++) {
				k->winograd_windows(&w->from, x, first + strip, 1, &windows, at_x + strip * columns * windows.row);
				k->winograd_tiles(&w->to, dy, first + strip, 1, &tiles, at_dy + strip * columns * tiles.row);
			}
#pragma omp for schedule(static)
			for (size_t task = 0; task < WINOGRAD_POINTS * panels; task++) {
				const size_t point = task / panels, panel = task % panels;
				k->product(&(struct product_kernel){
					.m = out, .n = sums.wide, .k = n * columns, .a = at_dy + point * tiles.point, .a_row = 1, .a_column = tiles.row,
					.b = at_x + point * windows.point + panel * windows.panel, .b_row = windows.row,
					.c = sum + point * sums.point + panel * sums.panel, .add = first > 0});
			}
		}
#pragma omp for schedule(static)
		for (size_t row = 0; row < out; row++)
			k->winograd_gradient(&sums, sum, row, in, add, gradient);
	}
	cpu_scratch_return(d);
	return OK;
}

status conv_winograd_reserve(struct device *d, const struct conv_winograd *w)
{
	const struct pass p = pass_of(d, w);
	const struct gradient_pass g = gradient_pass_of(d, w);
	void *scratch;
	TRY(cpu_scratch(d, (w->direction == API_WEIGHTS ? gradient_floats(&g) : pass_floats(&p)) * sizeof(float), &scratch));
	cpu_scratch_return(d);
	return OK;
}
