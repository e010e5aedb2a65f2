/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows of the resident set into a float batch. */
#include "src/cpu/cpu.h"

#include <string.h>

enum { PAD = 4 };  /* of crop-flip */

struct crop {
	int dx, dy;  /* out(x, y) = in(x + dx, y + dy), before mirroring */
	bool flip;
};

/* Word 0 gives the column, word 1 the row, word 2's top bit the mirror. */
static struct crop draw_crop(const struct slots *s, enum stream stream, size_t position)
{
	uint32_t w[4];
	rng_words(s->key, stream, s->step, (uint32_t)position, w);
	int dx = (int)((uint64_t)w[0] * (2 * PAD + 1) >> 32), dy = (int)((uint64_t)w[1] * (2 * PAD + 1) >> 32);
	return (struct crop){dx - PAD, dy - PAD, w[2] >> 31};
}

static void row(const struct kernels *k, enum element element, const struct row_kernel *r, const void *in, size_t at,
                float *out)
{
	if (element == ELEMENT_U8)
		k->row_u8(r, (const uint8_t *)in + at, out);
	else
		k->row_f32(r, (const float *)in + at, out);
}

/* What a row of padding holds: value 0, transformed like any other. */
static void fill(const struct row_kernel *r, int n, float *out)
{
	for (int i = 0; i < n; i++)
		for (int j = 0; j < r->channels; j++)
			out[i * r->stride + j] = r->shift[j];
}

/* One cropped row of one image; `at` is the row's first element in the first of its channels. */
static void crop_row(const struct kernels *k, const struct gather *g, struct row_kernel r, const struct crop *c,
                     size_t at, float *out)
{
	int before = c->dx < 0 ? -c->dx : 0, after = c->dx > 0 ? c->dx : 0;
	before = before < g->w ? before : g->w;
	after = after < g->w ? after : g->w;
	r.n = g->w - before - after;
	if (r.n <= 0) {
		fill(&r, g->w, out);
		return;
	}
	/* Mirrored, what comes last in the crop comes first. */
	int head = c->flip ? after : before, source = before + c->dx;
	r.step = c->flip ? -1 : 1;
	fill(&r, head, out);
	row(k, g->element, &r, g->set, at + (size_t)(c->flip ? source + r.n - 1 : source), out + head * r.stride);
	fill(&r, g->w - head - r.n, out + (head + r.n) * r.stride);
}

static void gather_image(const struct kernels *k, const struct gather *g, const struct row_kernel *all,
                         const struct crop *c, size_t at, float *out)
{
	int groups = g->order == ORDER_HWC ? 1 : g->c;  /* channels that are written together or one by one */
	size_t plane = (size_t)g->h * (size_t)g->w;
	for (int j = 0; j < groups; j++, at += plane, out += plane) {
		struct row_kernel r = *all;
		r.scale += j;
		r.shift += j;
		if (!c) {
			r.n = (int)plane;
			row(k, g->element, &r, g->set, at, out);
			continue;
		}
		for (int y = 0; y < g->h; y++) {
			float *to = out + (ptrdiff_t)y * g->w * r.stride;
			int from = y + c->dy;
			if (from < 0 || from >= g->h)
				fill(&r, g->w, to);
			else
				crop_row(k, g, r, c, at + (size_t)from * (size_t)g->w, to);
		}
	}
}

/* Positions from … to − 1 of the batch. */
static void gather_range(const struct kernels *k, const struct slots *s, const struct gather *g,
                         const struct row_kernel *all, int from, int to)
{
	size_t size = (size_t)g->c * all->plane;
	bool copy = g->element == ELEMENT_F32 && !g->per_channel && g->augment == AUGMENT_NONE && all->channels == 1;
	for (int i = from; i < to; i++) {
		size_t at = (g->index ? g->index[g->first + (size_t)i] : g->first + (size_t)i) * size;
		float *out = g->out + (size_t)i * size;
		if (copy) {
			memcpy(out, (const float *)g->set + at, size * sizeof(float));
			continue;
		}
		struct crop crop = {0};
		if (g->augment == AUGMENT_CROP_FLIP)
			crop = draw_crop(s, g->stream, g->first + (size_t)i);
		gather_image(k, g, all, g->augment == AUGMENT_CROP_FLIP ? &crop : NULL, at, out);
	}
}

status cpu_gather(struct device *d, const struct slots *s, const struct gather *g)
{
	static const float ones[CHANNELS_MAX] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
	static const float zeros[CHANNELS_MAX];
	const struct kernels *k = kernels_of(d);
	if (g->c < 1 || g->c > CHANNELS_MAX)
		return fail(ERR_INPUT, "images of %d channels: 1 to %d can be read", g->c, CHANNELS_MAX);
	int together = g->order == ORDER_HWC ? g->c : 1;
	struct row_kernel all = {
		.channels = together, .stride = together, .step = 1, .plane = (size_t)g->h * (size_t)g->w,
		.scale = g->per_channel ? g->scale : ones, .shift = g->per_channel ? g->shift : zeros,
	};
	if (cpu_alone(d, (size_t)g->n * (size_t)g->c * all.plane)) {
		gather_range(k, s, g, &all, 0, g->n);
		return OK;
	}
#pragma omp parallel for schedule(static) num_threads(cpu_threads(d))
	for (int i = 0; i < g->n; i++)
		gather_range(k, s, g, &all, i, i + 1);
	return OK;
}
