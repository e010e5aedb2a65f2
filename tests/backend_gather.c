/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
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
	struct format format;
	int channels;
	enum augment augment;
	bool indexed;
};

#define planes {false, 1}
#define pixels {false, 0}
static const struct image_case cases[] = {
	{"bytes, CHW", ELEMENT_U8, 3, 32, 32, 20, true, planes, 3, AUGMENT_NONE, true},
	{"bytes, HWC", ELEMENT_U8, 3, 32, 32, 20, true, pixels, 3, AUGMENT_NONE, true},
	{"bytes, CHW, crop and flip", ELEMENT_U8, 3, 32, 32, 50, true, planes, 3, AUGMENT_CROP_FLIP, true},
	{"bytes, HWC, crop and flip", ELEMENT_U8, 3, 32, 32, 50, true, pixels, 3, AUGMENT_CROP_FLIP, true},
	{"odd sizes, CHW", ELEMENT_U8, 2, 7, 13, 31, true, planes, 2, AUGMENT_CROP_FLIP, true},
	{"odd sizes, HWC", ELEMENT_U8, 5, 7, 13, 31, true, pixels, 5, AUGMENT_CROP_FLIP, false},
	{"smaller than the padding", ELEMENT_U8, 3, 2, 3, 50, true, pixels, 3, AUGMENT_CROP_FLIP, true},
	{"one channel, as they are", ELEMENT_U8, 1, 28, 28, 17, false, pixels, 1, AUGMENT_NONE, false},
	{"floats, a table", ELEMENT_F32, 1, 1, 11, 50, false, planes, 1, AUGMENT_NONE, true},
	{"floats, rows in order", ELEMENT_F32, 1, 1, 64, 32, false, planes, 1, AUGMENT_NONE, false},
	{"floats, HWC as they are", ELEMENT_F32, 3, 4, 5, 20, false, pixels, 3, AUGMENT_NONE, true},
	{"floats, images", ELEMENT_F32, 3, 9, 6, 50, true, pixels, 3, AUGMENT_CROP_FLIP, true},
	{"bf16", ELEMENT_U8, 3, 32, 32, 20, true, {true, 0}, 3, AUGMENT_CROP_FLIP, true},
	{"bf16, planes as they are", ELEMENT_U8, 3, 5, 7, 20, false, {true, 1}, 3, AUGMENT_NONE, true},
	{"bf16, a table", ELEMENT_F32, 1, 1, 11, 50, false, {true, 0}, 1, AUGMENT_NONE, true},
	{"3 channels as 8, bf16", ELEMENT_U8, 3, 32, 32, 20, true, {true, 0}, 8, AUGMENT_CROP_FLIP, true},
	{"1 channel as a block of 8, bf16", ELEMENT_U8, 1, 28, 28, 17, true, {true, 8}, 8, AUGMENT_CROP_FLIP, false},
	{"8 channels as they are, bf16", ELEMENT_F32, 8, 7, 13, 31, false, {true, 0}, 8, AUGMENT_NONE, true},
	{"3 channels as 4", ELEMENT_U8, 3, 7, 13, 31, true, pixels, 4, AUGMENT_CROP_FLIP, false},
	{"3 planes as 5", ELEMENT_F32, 3, 4, 5, 20, false, planes, 5, AUGMENT_NONE, true},
	{"blocks of 8", ELEMENT_U8, 11, 9, 6, 20, true, {false, 8}, 16, AUGMENT_CROP_FLIP, true},
	{"whole blocks of 3, bf16", ELEMENT_F32, 6, 4, 4, 20, true, {true, 3}, 6, AUGMENT_NONE, true},
};

static double value_at(const struct image_case *k, const void *set, size_t at)
{
	return k->element == ELEMENT_U8 ? ((const uint8_t *)set)[at] : ((const float *)set)[at];
}

/* Output pixel (x, y) of channel j of the image at `position`, the batch's first counted in, which is row `image` of the set. */
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

/* Where channel j of pixel p lies in an example. */
static size_t place_of(const struct image_case *k, int j, int p)
{
	int block = k->format.block ? k->format.block : k->channels;
	return (size_t)((j / block * k->h * k->w + p) * block + j % block);
}

/* The largest error of a batch, in units of what is allowed. */
static double batch_error(const struct image_case *k, const struct gather *g, const struct slots *s, const void *set,
                          const uint32_t *index, size_t first, const void *out)
{
	double worst = 0;
	for (int i = 0; i < k->n; i++)
		for (int j = 0; j < k->channels; j++)
			for (int p = 0; p < k->h * k->w; p++) {
				size_t position = first + (size_t)i, image = k->indexed ? index[position] : position;
				size_t at = (size_t)(i * k->channels * k->h * k->w) + place_of(k, j, p);
				double want = j < k->c ? expected(k, g, s, set, (int)position, image, j, p / k->w, p % k->w) : 0;
				double got = (double)(k->format.bf16 ? bf16_value(((const uint16_t *)out)[at]) : ((const float *)out)[at]);
				double allowed = (k->per_channel && j < k->c ? 1e-5 : 0) + (k->format.bf16 ? fabs(want) * 0x1p-8 : 0);
				double error = got == want ? 0 : fabs(got - want) / allowed;
				worst = error <= worst ? worst : error;
			}
	return worst;
}

/* How many of a batch's bf16 numbers are not those of its float32 ones, rounded. */
static size_t rounded_otherwise(struct device *d, const struct slots *s, const struct gather *g, const void *out)
{
	struct gather wide = *g;
	const size_t count = (size_t)(g->n * g->channels * g->h * g->w);
	float *exact = host_take(count * sizeof *exact);
	size_t others = 0;
	wide.format.bf16 = false;
	wide.out = device_take(d, count * sizeof *exact);
	MUST(d->ops->gather(d, s, &wide));
	download(d, exact, wide.out, count * sizeof *exact);
	for (size_t i = 0; i < count; i++)
		others += bf16_bits((double)exact[i]) != ((const uint16_t *)out)[i];
	d->ops->free(d, wide.out);
	free(exact);
	return others;
}

static void check_case(struct device *d, const char *label, const struct image_case *k)
{
	size_t size = (size_t)(k->c * k->h * k->w), width = k->element == ELEMENT_U8 ? 1 : sizeof(float);
	struct draws r = {61, 0};
	struct slots s = {.key = {9, 2}, .step = 12345};
	void *set = host_take(SET * size * width);
	size_t bytes = (size_t)(k->n * k->channels * k->h * k->w) * format_bytes(k->format);
	void *out = memset(host_take(bytes), 0x3f, bytes);
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
		.format = k->format, .channels = k->channels, .augment = k->augment, .stream = k->indexed ? STREAM_AUGMENT : STREAM_DATA, .n = k->n,
		.index = k->indexed ? upload(d, index, sizeof index) : NULL, .row = SLOT_FIRST, .offset = k->n == SET ? 0 : 2,
		.out = upload(d, out, bytes),
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
	download(d, out, g.out, bytes);
	double worst = batch_error(k, &g, &s, set, index, first, out);
	ok(worst <= 1, "%s: gather: %s (%.2g of the allowed error)", label, k->name, worst);
	if (k->format.bf16)
		ok(rounded_otherwise(d, &s, &g, out) == 0, "%s: gather: %s: to the bit what float32 rounds to", label, k->name);
	g.channels = k->c - 1;
	ok(d->ops->gather(d, &s, &g) == ERR_USAGE, "%s: gather: %s: not into fewer channels", label, k->name);
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
		if (in_turn())
			check_case(d, label, &cases[i]);
}
