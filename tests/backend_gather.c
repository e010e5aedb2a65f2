/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Gather against a plain loop that looks every pixel up. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/backend_body.h"
#include "tests/tap.h"

enum { SET = 50 };

struct image_case {
	const char *name;
	enum element element;
	int c, h, w, n;
	bool per_channel;
	enum image_order order;
	enum augment augment;
	bool indexed;
};

static const struct image_case cases[] = {
	{"bytes, CHW", ELEMENT_U8, 3, 32, 32, 20, true, ORDER_CHW, AUGMENT_NONE, true},
	{"bytes, HWC", ELEMENT_U8, 3, 32, 32, 20, true, ORDER_HWC, AUGMENT_NONE, true},
	{"bytes, CHW, crop and flip", ELEMENT_U8, 3, 32, 32, 50, true, ORDER_CHW, AUGMENT_CROP_FLIP, true},
	{"bytes, HWC, crop and flip", ELEMENT_U8, 3, 32, 32, 50, true, ORDER_HWC, AUGMENT_CROP_FLIP, true},
	{"odd sizes, CHW", ELEMENT_U8, 2, 7, 13, 31, true, ORDER_CHW, AUGMENT_CROP_FLIP, true},
	{"odd sizes, HWC", ELEMENT_U8, 5, 7, 13, 31, true, ORDER_HWC, AUGMENT_CROP_FLIP, false},
	{"smaller than the padding", ELEMENT_U8, 3, 2, 3, 50, true, ORDER_HWC, AUGMENT_CROP_FLIP, true},
	{"one channel, as they are", ELEMENT_U8, 1, 28, 28, 17, false, ORDER_HWC, AUGMENT_NONE, false},
	{"floats, a table", ELEMENT_F32, 1, 1, 11, 50, false, ORDER_CHW, AUGMENT_NONE, true},
	{"floats, rows in order", ELEMENT_F32, 1, 1, 64, 32, false, ORDER_CHW, AUGMENT_NONE, false},
	{"floats, HWC as they are", ELEMENT_F32, 3, 4, 5, 20, false, ORDER_HWC, AUGMENT_NONE, true},
	{"floats, images", ELEMENT_F32, 3, 9, 6, 50, true, ORDER_HWC, AUGMENT_CROP_FLIP, true},
};

static double value_at(const struct image_case *k, const void *set, size_t at)
{
	return k->element == ELEMENT_U8 ? ((const uint8_t *)set)[at] : ((const float *)set)[at];
}

/* Output pixel (x, y) of channel j of the image at `position`, the batch's first counted in,, which is row `image` of the set. */
static double expected(const struct image_case *k, const struct gather *g, const struct slots *s, const void *set,
                       int position, size_t image, int j, int y, int x)
{
	int from_x = x, from_y = y;
	if (k->augment == AUGMENT_CROP_FLIP) {
		uint32_t w[4];
		rng_words(s->key, g->stream, s->step, (uint32_t)position, w);
		if (w[2] >= 0x80000000u)
			from_x = k->w - 1 - from_x;
		from_x += (int)floor(w[0] * 0x1p-32 * 9) - 4;
		from_y += (int)floor(w[1] * 0x1p-32 * 9) - 4;
	}
	double v = 0;
	if (from_x >= 0 && from_x < k->w && from_y >= 0 && from_y < k->h)
		v = value_at(k, set, ((image * (size_t)k->c + (size_t)j) * (size_t)k->h + (size_t)from_y) * (size_t)k->w +
		                             (size_t)from_x);
	return k->per_channel ? (double)g->scale[j] * v + g->shift[j] : v;
}

static void check_case(struct device *d, const char *label, const struct image_case *k)
{
	size_t size = (size_t)(k->c * k->h * k->w), width = k->element == ELEMENT_U8 ? 1 : sizeof(float);
	struct draws r = {61, 0};
	struct slots s = {.key = {9, 2}, .step = 12345};
	void *set = host_take(SET * size * width);
	float *out = host_take((size_t)k->n * size * sizeof *out);
	uint32_t index[SET + 3];
	const void *resident;
	for (size_t i = 0; i < SET * size; i++) {
		if (k->element == ELEMENT_U8)
			((uint8_t *)set)[i] = (uint8_t)(i * 31 % 251 + 1);
		else
			((float *)set)[i] = (float)(i % 1009) / 7;
	}
	for (int i = 0; i < SET + 3; i++)
		index[i] = (uint32_t)draw(&r, SET);
	MUST(device_resident(d, set, SET * size * width, &resident));
	struct gather g = {
		.set = resident, .element = k->element, .c = k->c, .h = k->h, .w = k->w, .per_channel = k->per_channel,
		.order = k->order, .augment = k->augment, .stream = STREAM_AUGMENT, .n = k->n,
		.index = k->indexed ? upload(d, index, sizeof index) : NULL, .row = SLOT_FIRST, .offset = k->n == SET ? 0 : 2,
		.out = upload(d, out, (size_t)k->n * size * sizeof *out),
	};
	for (int j = 0; j < k->c; j++) {
		g.scale[j] = 0.01f + 0.02f * (float)j;
		g.shift[j] = (float)j - 1.7f;
	}
	size_t first = k->n == SET ? 0 : 3;
	MUST(d->ops->slots_open(d, &s));
	s.value[SLOT_FIRST] = k->n == SET ? 0 : 1;
	MUST(d->ops->slots_send(d, &s));
	MUST(d->ops->gather(d, &s, &g));
	download(d, out, g.out, (size_t)k->n * size * sizeof *out);
	double worst = 0;
	for (int i = 0; i < k->n; i++)
		for (int j = 0; j < k->c; j++)
			for (int y = 0; y < k->h; y++)
				for (int x = 0; x < k->w; x++) {
					size_t image = k->indexed ? index[first + (size_t)i] : first + (size_t)i;
					double want = expected(k, &g, &s, set, (int)first + i, image, j, y, x);
					int at = k->order == ORDER_HWC ? (y * k->w + x) * k->c + j : (j * k->h + y) * k->w + x;
					double error = fabs(out[(size_t)i * size + (size_t)at] - want);
					worst = error <= worst ? worst : error;
				}
	near(worst, 0, k->per_channel ? 1e-5 : 0, "%s: gather: %s", label, k->name);
	d->ops->slots_close(d, &s);
	d->ops->free(d, g.out);
	if (g.index)
		d->ops->free(d, (void *)g.index);
	device_release(d, resident);
	free(set);
	free(out);
}

void check_gather(struct device *d, const char *label)
{
	for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++)
		check_case(d, label, &cases[i]);
}
