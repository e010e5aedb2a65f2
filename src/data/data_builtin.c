/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The generated sets: each image shows one of ten figures at a random place, size, angle and colour, lighter or darker than
 * a shaded and striped background, among small clutter, in some images behind a bar, with noise on every byte.
 * Most figures are lighter than the ground, so that a linear model sees something, and too little.
 * Image i of a split is a function of the set, the split and i alone, in integers: the bytes are the same everywhere. */
#include "src/data/data_figures.h"
#include "src/data/dataset_reader.h"
#include "src/rng.h"

enum { TRAIN_IMAGES = 10000, TEST_IMAGES = 2000, PLANE = RENDER_SIDE * RENDER_SIDE };

struct builtin {
	const struct figure *figures;
	int number;          /* part of the noise counter */
	int turn;            /* largest tangent of half the angle, of 4096: 4096 is ±90° */
	bool upside_down;    /* half of the images */
};

static const struct builtin shapes = {figures_shapes, 0, 4096, true}, glyphs = {figures_glyphs, 1, 1000, false};

/* Words of one image, in order. */
struct draws {
	uint64_t step;
	uint32_t quad, words[4];
	int left;
};

static uint32_t next_word(struct draws *d)
{
	if (!d->left) {
		rng_words((struct rng_key){0, 0}, STREAM_DATA, d->step, d->quad++, d->words);
		d->left = 4;
	}
	return d->words[4 - d->left--];
}

/* Uniform integer from low to high. */
static int between(struct draws *d, int low, int high)
{
	return low + (int)(((uint64_t)next_word(d) * (uint64_t)(high - low + 1)) >> 32);
}

/* An angle from −2 atan(turn/4096) to 2 atan(turn/4096), by the rational parametrisation of the circle. */
static void turn(struct draws *d, int most, bool upside_down, struct sprite *l)
{
	int t = between(d, -most, most), sign = upside_down && between(d, 0, 1) ? -1 : 1;
	int below = RENDER_ONE + t * t / RENDER_ONE;
	l->cosine = sign * (RENDER_ONE - t * t / RENDER_ONE) * RENDER_ONE / below;
	l->sine = sign * 2 * t * RENDER_ONE / below;
}

/* Shading and stripes around a base colour. */
static void shade(struct draws *d, struct paint *p, int slope, int depth)
{
	p->slope_x = between(d, -slope, slope);
	p->slope_y = between(d, -slope, slope);
	p->wave_x = between(d, -12000, 12000);
	p->wave_y = between(d, -12000, 12000);
	p->phase = between(d, 0, 65535);
	p->depth = between(d, 0, depth);
}

/* A small disc or bar of any colour somewhere. */
static void clutter(struct draws *d, struct canvas *c, const struct figure *figure, int least, int most)
{
	struct sprite l = {.figure = figure};
	l.x = between(d, 0, RENDER_SIDE * RENDER_SUB);
	l.y = between(d, 0, RENDER_SIDE * RENDER_SUB);
	l.width = l.height = between(d, least, most);
	turn(d, RENDER_ONE, true, &l);
	for (int k = 0; k < 3; k++)
		l.paint.base[k] = between(d, 20, 235);
	render_sprite(c, &l);
}

static void make_image(const struct builtin *b, enum split split, int i, uint8_t *out)
{
	struct draws d = {.step = (uint64_t)b->number << 40 | (uint64_t)split << 32 | (uint64_t)i};
	struct canvas c;
	struct paint ground = {0};
	struct sprite l = {.figure = &b->figures[i % FIGURES]};
	int sign = between(&d, 0, 3) ? 1 : -1, contrast = between(&d, 50, 100);
	for (int k = 0; k < 3; k++) {
		int depth = between(&d, 40, 130);
		ground.base[k] = sign > 0 ? depth : 255 - depth;
		l.paint.base[k] = ground.base[k] + sign * contrast + between(&d, -25, 25);
	}
	shade(&d, &ground, 400, 24);
	shade(&d, &l.paint, 200, 12);
	render_background(&c, &ground);
	for (int n = between(&d, 0, 3); n > 0; n--)
		clutter(&d, &c, &figure_dot, 16, 40);
	l.x = between(&d, 12 * RENDER_SUB, 20 * RENDER_SUB);
	l.y = between(&d, 12 * RENDER_SUB, 20 * RENDER_SUB);
	l.width = between(&d, 7 * RENDER_SUB, 12 * RENDER_SUB);
	l.height = l.width * between(&d, 85, 115) / 100;
	turn(&d, b->turn, b->upside_down, &l);
	render_sprite(&c, &l);
	if (between(&d, 0, 3) == 0)
		clutter(&d, &c, &figure_bar, 8 * RENDER_SUB, 16 * RENDER_SUB);
	int noise = between(&d, 8, 40);
	for (int p = 0; p < 3 * PLANE; p += 2) {
		uint32_t w = next_word(&d);
		for (int k = 0; k < 2; k++, w >>= 16) {
			int triangle = (int)(w & 255) + (int)(w >> 8 & 255) - 255;
			int value = (&c.at[0][0][0])[p + k] + triangle * noise / 256;
			out[p + k] = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
		}
	}
}

static status read_builtin(const struct builtin *b, enum split split, struct dataset *out)
{
	int n = split == SPLIT_TEST ? TEST_IMAGES : TRAIN_IMAGES;
	uint8_t *x;
	int32_t *label;
	const char **names;
	TRY(arena_take(&out->arena, (size_t)n, 3 * PLANE, &x));
	TRY(ARENA_NEW(&out->arena, (size_t)n, &label));
	TRY(ARENA_NEW(&out->arena, FIGURES, &names));
#pragma omp parallel for schedule(static)
	for (int i = 0; i < n; i++) {
		make_image(b, split, i, x + (size_t)i * 3 * PLANE);
		label[i] = i % FIGURES;
	}
	for (int k = 0; k < FIGURES; k++)
		names[k] = b->figures[k].name;
	dataset_images(out, (size_t)n, 3, RENDER_SIDE, RENDER_SIDE, x, label, FIGURES);
	out->class_names = names;
	return OK;
}

static status read_shapes(const struct dataset_request *r, const char *path, enum split split, struct dataset *out)
{
	(void)r, (void)path;
	return read_builtin(&shapes, split, out);
}

static status read_glyphs(const struct dataset_request *r, const char *path, enum split split, struct dataset *out)
{
	(void)r, (void)path;
	return read_builtin(&glyphs, split, out);
}

const struct dataset_reader reader_shapes = {
	.kind = "shapes", .has_test = true, .read = read_shapes,
	.help = "built in: 32×32 colour images of ten geometric shapes, 10,000 + 2,000",
};

const struct dataset_reader reader_glyphs = {
	.kind = "glyphs", .has_test = true, .read = read_glyphs,
	.help = "built in: the same with ten letters, an out-of-distribution sibling",
};
