/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The gradient of a convolution's weights as matrix products: the windows of x side by side, times dy. The product
 * lands in the flat vector's own order. */
#include "src/cpu/conv.h"

#include <string.h>

/* Windows are made for about so many bytes at a time: few enough to stay in the caches, and enough for the product to
 * be worth the traffic of its result. */
enum { WINDOW_BYTES = 1 << 20 };

static size_t size_of(const struct onednn_conv *c)
{
	return c->bf16 ? sizeof(uint16_t) : sizeof(float);
}

/* Elements of a window. */
static size_t width_of(const struct onednn_conv *c)
{
	return (size_t)c->kernel * (size_t)c->kernel * (size_t)c->in[0];
}

/* A convolution of single pixels with channels last has its windows in x already. */
static bool copies_x(const struct onednn_conv *c)
{
	return !(c->kernel == 1 && c->stride == 1 && c->pad == 0 && c->x_block == 0);
}

static bool copies_dy(const struct onednn_conv *c)
{
	return c->y_block != 0 && c->y_block != c->out[0];
}

bool conv_gemm_can(const struct onednn_conv *c)
{
	return c->groups == 1 && (!c->bf16 || (c->x_block == 0 && c->y_block == 0));
}

status conv_gemm_make(const struct onednn *o, const struct onednn_conv *c, struct conv_gemm *g)
{
	size_t width = width_of(c), result = (size_t)c->out[0] * width * sizeof(float);
	size_t budget = 2 * result > WINDOW_BYTES ? 2 * result : WINDOW_BYTES, line = (size_t)c->out[2] * width * size_of(c);
	size_t chunk = copies_x(c) ? budget / line : SIZE_MAX, lines = (size_t)c->n * (size_t)c->out[1];
	*g = (struct conv_gemm){.shape = *c};
	g->chunk = chunk < 1 ? 1 : chunk < lines ? (int)chunk : (int)lines;
	int rest = (int)lines % g->chunk;
	status s = OK;
	for (int last = 0; last < 2; last++)
		for (int add = 0; add < 2; add++) {
			int here = last ? rest : g->chunk;
			if (s == OK && here)
				s = onednn_product(o, &(struct onednn_product){
					.m = c->out[0], .n = (dnnl_dim_t)width, .k = (dnnl_dim_t)here * c->out[2], .transpose_a = true,
					.add = add, .bf16 = c->bf16}, &g->product[last][add]);
		}
	if (s != OK)
		conv_gemm_drop(g);
	return s;
}

void conv_gemm_drop(struct conv_gemm *g)
{
	for (int last = 0; last < 2; last++)
		for (int add = 0; add < 2; add++)
			onednn_op_close(&g->product[last][add]);
	*g = (struct conv_gemm){0};
}

/* All channels of a pixel of x from its layout into a row; `at` is the pixel's index in its image. */
static void copy_pixel(char *to, const char *from, size_t image, size_t pixels, size_t at, size_t channels, int block, size_t size)
{
	const char *x = from + image * pixels * channels * size;
	if (block == 0) {
		memcpy(to, x + at * channels * size, channels * size);
	} else if (block == 16) {
		for (size_t b = 0; b < channels / 16; b++)
			memcpy(to + b * 16 * sizeof(float), x + (b * pixels + at) * 16 * sizeof(float), 16 * sizeof(float));
	} else {
		size_t wide = (size_t)block * size;
		for (size_t b = 0; b < channels / (size_t)block; b++)
			memcpy(to + b * wide, x + (b * pixels + at) * wide, wide);
	}
}

/* The windows of one row of an example's output, width_of(c) elements each. */
static void copy_windows(const struct onednn_conv *c, const char *x, size_t image, int row, char *to)
{
	size_t size = size_of(c), channels = (size_t)c->in[0], pixel = channels * size, strip = (size_t)c->kernel * pixel;
	size_t pixels = (size_t)c->in[1] * (size_t)c->in[2];
	for (int column = 0; column < c->out[2]; column++)
		for (int h = 0; h < c->kernel; h++, to += strip) {
			int r = row * c->stride + h - c->pad, left = column * c->stride - c->pad;
			if (r < 0 || r >= c->in[1]) {
				memset(to, 0, strip);
				continue;
			}
			size_t first = (size_t)r * (size_t)c->in[2];
			if (c->x_block == 0 && left >= 0 && left + c->kernel <= c->in[2]) {
				memcpy(to, x + (image * pixels + first + (size_t)left) * pixel, strip);
				continue;
			}
			for (int w = 0; w < c->kernel; w++)
				if (left + w < 0 || left + w >= c->in[2])
					memset(to + (size_t)w * pixel, 0, pixel);
				else
					copy_pixel(to + (size_t)w * pixel, x, image, pixels, first + (size_t)(left + w), channels, c->x_block, size);
		}
}

status conv_gemm_run(struct device *d, const struct onednn *o, struct conv_gemm *g, const void *x, const void *dy, bool add,
                     float *gradient)
{
	const struct onednn_conv *c = &g->shape;
	size_t size = size_of(c), width = width_of(c), out = (size_t)c->out[0], across = (size_t)c->out[2];
	size_t pixels = (size_t)c->out[1] * across, lines = (size_t)c->n * (size_t)c->out[1], chunk = (size_t)g->chunk;
	size_t windows = copies_x(c) ? (chunk * across * width * size + 63) / 64 * 64 : 0;
	char *scratch;
	TRY(cpu_scratch(d, windows + (copies_dy(c) ? chunk * across * out * size : 0), (void **)&scratch));
	status s = OK;
	for (size_t first = 0; s == OK && first < lines; first += chunk) {
		size_t here = lines - first < chunk ? lines - first : chunk;
		const char *a = copies_dy(c) ? scratch + windows : (const char *)dy + first * across * out * size;
		const char *b = copies_x(c) ? scratch : (const char *)x + first * across * width * size;
		bool alone = cpu_alone(d, here * across * width);
#pragma omp parallel for schedule(static) num_threads(cpu_threads(d)) if (!alone)
		for (size_t line = 0; line < here; line++) {
			size_t image = (first + line) / (size_t)c->out[1], row = (first + line) % (size_t)c->out[1];
			if (copies_x(c))
				copy_windows(c, x, image, (int)row, scratch + line * across * width * size);
			for (size_t i = 0; copies_dy(c) && i < across; i++)
				copy_pixel(scratch + windows + (line * across + i) * out * size, dy, image, pixels, row * across + i, out,
				           c->y_block, size);
		}
		s = onednn_run(o, &g->product[here < chunk][add || first > 0], (const void *[]){a, b, gradient});
	}
	cpu_scratch_return(d);
	return s;
}
