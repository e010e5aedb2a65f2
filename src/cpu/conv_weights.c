/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A convolution's weights between the order that the flat vector has them in and the layouts that oneDNN wants: whole
 * tiles at a time, so that one pass over the parameters perturbs, rounds and reorders them. */
#include "src/cpu/conv.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum { TILE_MAX = 512 };  /* elements; a tile of the library's own may be larger */
enum { GROUP, OUT, IN, HEIGHT, WIDTH };

/* The largest divisor of n that is at most `limit`, at least 1. */
static int divisor(int n, int limit)
{
	int d = limit < n ? limit : n;
	while (d > 1 && n % d)
		d--;
	return d > 1 ? d : 1;
}

/* A tile's size along one dimension so far, and what is left of the layout outside it. */
struct side {
	int size, outside;
	int64_t step;              /* from one tile to the next along it */
};

/* Rows and channels of a tile's elements: `inner` is repeated with a step of `size` along `dim`. */
static void repeat_tile(struct conv_tile *t, bool out, int size, int times)
{
	int32_t *along = out ? t->row : t->channel, *other = out ? t->channel : t->row;
	for (int r = 1; r < times; r++)
		for (int e = 0; e < t->count; e++) {
			along[r * t->count + e] = along[e] + r * size;
			other[r * t->count + e] = other[e];
		}
	t->count *= times;
}

/* The innermost blocks, innermost first, then whatever continues them. */
static void lay_out(struct conv_tile *t, const struct api_layout *l, int first, struct side side[2])
{
	t->count = 1;
	t->row[0] = t->channel[0] = 0;
	for (int b = l->blocks - 1; b >= 0; b--) {
		int dim = (int)l->of[b] - first, times = (int)l->block[b];
		if (dim < 0)
			continue;  /* of groups: their members are tiles of their own */
		repeat_tile(t, dim == 0, side[dim].size, times);
		side[dim].size *= times;
		side[dim].outside /= times;
	}
	for (int round = 0; round < 2; round++)
		for (int dim = 0; dim < 2; dim++) {
			int times = side[dim].step == t->count ? divisor(side[dim].outside, TILE_MAX / t->count) : 1;
			if (times <= 1)
				continue;
			repeat_tile(t, dim == 0, side[dim].size, times);
			side[dim].size *= times;
			side[dim].outside /= times;
			side[dim].step *= times;
		}
	t->out = side[0].size;
	t->in = side[1].size;
}

status conv_weights_make(const struct onednn_conv *c, const struct onednn_weights *from, struct conv_weights *w)
{
	const struct api_layout *l = &from->layout;
	int first = l->ndim - 4, product = 1;
	*w = (struct conv_weights){.groups = c->groups, .out = c->out[0] / c->groups, .in = c->in[0] / c->groups,
	                           .kernel = c->kernel, .bytes = from->bytes, .bf16 = c->bf16 && c->direction != API_WEIGHTS};
	w->padded_out = (int)l->padded[first];
	w->padded_in = (int)l->padded[first + 1];
	w->group_block = 1;
	for (int b = l->blocks - 1; b >= 0; b--) {
		if (l->of[b] < first) {
			w->group_block = (int)l->block[b];
			w->group_step = product;
		}
		product *= (int)l->block[b];
	}
	w->gaps = w->groups % w->group_block != 0;
	struct side side[2] = {{1, w->padded_out, l->strides[first]}, {1, w->padded_in, l->strides[first + 1]}};
	struct conv_tile *t = &w->tile;
	size_t most = (size_t)(product > TILE_MAX ? product : TILE_MAX);
	t->row = calloc(4 * most, sizeof *t->row);
	if (!t->row)
		return fail(ERR_MEMORY, "out of memory: a convolution's weights");
	t->channel = t->row + most;
	t->from = t->channel + most;
	t->at = t->from + most;
	lay_out(t, l, first, side);
	w->step[GROUP] = first ? l->strides[0] : 0;
	w->step[OUT] = side[0].step;
	w->step[IN] = side[1].step;
	w->step[HEIGHT] = l->strides[first + 2];
	w->step[WIDTH] = l->strides[first + 3];
	int row = w->in * w->kernel * w->kernel;
	for (int e = 0; e < t->count; e++) {
		t->from[e] = t->row[e] * row + t->channel[e];
		t->at[t->row[e] * t->in + t->channel[e]] = e;
	}
	return OK;
}

void conv_weights_drop(struct conv_weights *w)
{
	free(w->tile.row);
	*w = (struct conv_weights){0};
}

bool conv_weights_same(const struct conv_weights *a, const struct conv_weights *b)
{
	return a->bytes == b->bytes && a->bf16 == b->bf16 && a->tile.count == b->tile.count &&
	       !memcmp(a->step, b->step, sizeof a->step) &&
	       !memcmp(a->tile.from, b->tile.from, (size_t)a->tile.count * sizeof *a->tile.from);
}

/* The offset of a tile. */
static int64_t tile_at(const struct conv_weights *w, int group, int out, int in, int height, int width)
{
	return group / w->group_block * w->step[GROUP] + group % w->group_block * w->group_step +
	       out / w->tile.out * w->step[OUT] + in / w->tile.in * w->step[IN] + height * w->step[HEIGHT] + width * w->step[WIDTH];
}

/* A tile that reaches beyond the last row or channel: zeros there. */
static void fill_edge(const struct kernels *k, const struct conv_weights *w, const float *from, int rows, int channels, void *to,
                      int64_t at)
{
	const struct conv_tile *t = &w->tile;
	for (int e = 0; e < t->count; e++) {
		static const int32_t here = 0;
		float v = t->row[e] < rows && t->channel[e] < channels ? from[t->from[e]] : 0;
		if (w->bf16)
			k->permute_bf16(&v, &here, 1, (uint16_t *)to + at + e);
		else
			((float *)to)[at + e] = v;
	}
}

/* Rows first … of a group, `rows` of them in `block`, as far as the layout's padding goes, at most `most`. */
static void fill_rows(const struct kernels *k, const struct conv_weights *w, const float *block, int group, int first, int rows,
                      int most, void *to)
{
	const struct conv_tile *t = &w->tile;
	int row = w->in * w->kernel * w->kernel;
	int end = first + most < w->padded_out ? first + most : w->padded_out;
	for (int o = first; o < end; o += t->out)
		for (int h = 0; h < w->kernel; h++)
			for (int x = 0; x < w->kernel; x++)
				for (int i = 0; i < w->padded_in; i += t->in) {
					const float *from = block + (o - first) * row + (h * w->kernel + x) * w->in + i;
					int64_t at = tile_at(w, group, o, i, h, x);
					if (o - first + t->out > rows || i + t->in > w->in)
						fill_edge(k, w, from, rows - (o - first), w->in - i, to, at);
					else if (w->bf16)
						k->permute_bf16(from, t->from, (size_t)t->count, (uint16_t *)to + at);
					else
						k->permute(from, t->from, (size_t)t->count, (float *)to + at);
				}
}

static int common_multiple(int a, int b)
{
	int m = a;
	while (m % b)
		m += a;
	return m;
}

status conv_weights_fill(struct device *d, const struct weight_source *from, const float *scale, const struct conv_weights *a,
                         void *to_a, const struct conv_weights *b, void *to_b)
{
	const struct kernels *k = kernels_of(d);
	const struct segment *weight = from->param[PARAM_WEIGHT];
	size_t row = (size_t)a->in * (size_t)a->kernel * (size_t)a->kernel;
	int rows = b ? common_multiple(a->tile.out, b->tile.out) : a->tile.out;
	int padded = b && b->padded_out > a->padded_out ? b->padded_out : a->padded_out;
	int blocks = (padded + rows - 1) / rows, tasks = a->groups * blocks;
	size_t count = (size_t)rows * row;
	int threads = cpu_alone(d, (size_t)a->groups * (size_t)a->out * row) ? 1 : cpu_threads(d);
	threads = tasks < threads ? tasks : threads;
	float *blocks_of_all;
	if (a->gaps)
		memset(to_a, 0, a->bytes);
	if (b && b->gaps)
		memset(to_b, 0, b->bytes);
	TRY(cpu_scratch(d, (size_t)threads * count * sizeof *blocks_of_all, (void **)&blocks_of_all));
#pragma omp parallel for schedule(static) num_threads(threads)
	for (int task = 0; task < tasks; task++) {
		int group = task / blocks, first = task % blocks * rows;
		int here = a->out - first < rows ? a->out - first : rows;
		size_t start = (size_t)group * (size_t)a->out + (size_t)first;
		float *block = blocks_of_all + (size_t)omp_get_thread_num() * count;
		if (here > 0)
			cpu_point_range(k, from->slots, from->at, weight->offset + start * row, (size_t)here * row, weight->frozen,
			                block);
		for (int o = 0; scale && o < here; o++)
			for (size_t e = 0; e < row; e++)
				block[(size_t)o * row + e] *= scale[start + (size_t)o];
		fill_rows(k, a, block, group, first, here, rows, to_a);
		if (b)
			fill_rows(k, b, block, group, first, here, rows, to_b);
	}
	cpu_scratch_return(d);
	return OK;
}

void conv_weights_read(const struct device *d, const struct conv_weights *w, const float *from, bool add, float *gradient)
{
	const struct kernels *k = kernels_of(d);
	const struct conv_tile *t = &w->tile;
	int row = w->in * w->kernel * w->kernel, blocks = (w->out + t->out - 1) / t->out, tasks = w->groups * blocks;
	bool alone = cpu_alone(d, (size_t)w->groups * (size_t)w->out * (size_t)row);
#pragma omp parallel for schedule(static) num_threads(cpu_threads(d)) if (!alone)
	for (int task = 0; task < tasks; task++) {
		int group = task / blocks, o = task % blocks * t->out;
		struct untile_kernel u = {.rows = w->out - o < t->out ? w->out - o : t->out, .pitch = t->in, .stride = row, .add = add};
		for (int h = 0; h < w->kernel; h++)
			for (int x = 0; x < w->kernel; x++)
				for (int i = 0; i < w->in; i += t->in) {
					u.columns = w->in - i < t->in ? w->in - i : t->in;
					k->untile(&u, from + tile_at(w, group, o, i, h, x), t->at,
					          gradient + ((size_t)group * (size_t)w->out + (size_t)o) * (size_t)row +
					              (h * w->kernel + x) * w->in + i);
				}
	}
}
