/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Rows of the resident set into a batch. */
#include "src/cpu/cpu.h"

#include <omp.h>
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

/* How a batch lies in memory, in elements. */
struct batch_layout {
	size_t plane, image;   /* of a channel, of an example */
	int block;             /* channels beside each other: pixels of a channel are so far apart */
	int together;          /* channels that a row is written of: all of them, or one by one */
	bool packed;           /* an example's elements lie as in the set */
};

static status layout_of(const struct gather *g, struct batch_layout *l)
{
	TRY(gather_check(g));
	int block = g->format.block ? g->format.block : g->channels;
	size_t plane = (size_t)g->h * (size_t)g->w;
	*l = (struct batch_layout){
		.plane = plane, .image = (size_t)g->channels * plane, .block = block, .together = block == g->c ? g->c : 1,
		.packed = block == 1 && g->channels == g->c,
	};
	return OK;
}

static void gather_image(const struct kernels *k, const struct gather *g, const struct batch_layout *l,
                         const struct row_kernel *all, const struct crop *c, size_t at, float *image)
{
	for (int j = 0; j < g->c; j += l->together, at += l->plane) {
		float *out = image + (size_t)(j / l->block * l->block) * l->plane + j % l->block;
		struct row_kernel r = *all;
		r.scale += j;
		r.shift += j;
		if (!c) {
			r.n = (int)l->plane;
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

/* Position i of the batch; image: one in float32, to be rounded to bf16, or NULL. */
static void gather_position(const struct kernels *k, const struct slots *s, const struct gather *g,
                            const struct batch_layout *l, const struct row_kernel *all, size_t position, int i, float *image)
{
	size_t size = (size_t)g->c * l->plane, at = (g->index ? g->index[position] : position) * size;
	char *out = (char *)g->out + (size_t)i * l->image * format_bytes(g->format);
	float *to = image ? image : (float *)(void *)out;
	if (g->element == ELEMENT_F32 && !g->per_channel && g->augment == AUGMENT_NONE && l->packed) {
		memcpy(to, (const float *)g->set + at, size * sizeof(float));
	} else {
		struct crop crop = {0};
		if (g->augment == AUGMENT_CROP_FLIP)
			crop = draw_crop(s, g->stream, position);
		if (g->channels > g->c)
			memset(to, 0, l->image * sizeof(float));
		gather_image(k, g, l, all, g->augment == AUGMENT_CROP_FLIP ? &crop : NULL, at, to);
	}
	if (image)
		k->convert(image, false, out, true, l->image);
}

status cpu_gather(struct device *d, const struct slots *s, const struct gather *g)
{
	static const float ones[CHANNELS_MAX] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
	static const float zeros[CHANNELS_MAX];
	const struct kernels *k = kernels_of(d);
	struct batch_layout l;
	TRY(layout_of(g, &l));
	const struct row_kernel all = {
		.channels = l.together, .stride = l.block, .step = 1, .plane = l.plane,
		.scale = g->per_channel ? g->scale : ones, .shift = g->per_channel ? g->shift : zeros,
	};
	const size_t first = slots_row(s, g->row, g->offset);
	void *images = NULL;   /* (threads, image) in float32 */
	if (g->format.bf16)
		TRY(cpu_scratch(d, (size_t)cpu_threads(d) * l.image * sizeof(float), &images));
	/* A parallel region of one thread is not free: without one a small network's batch takes half the time. */
	if (cpu_alone(d, (size_t)g->n * l.image)) {
		for (int i = 0; i < g->n; i++)
			gather_position(k, s, g, &l, &all, first + (size_t)i, i, images);
	} else {
#pragma omp parallel for schedule(static) num_threads(cpu_threads(d))
		for (int i = 0; i < g->n; i++) {
			float *image = images ? (float *)images + (size_t)omp_get_thread_num() * l.image : NULL;
			gather_position(k, s, g, &l, &all, first + (size_t)i, i, image);
		}
	}
	if (images)
		cpu_scratch_return(d);
	return OK;
}
