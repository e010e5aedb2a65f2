/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "tests/ref/ref.h"

#include <string.h>

/* Calls `term` for every product x·w that an output is a sum of. */
typedef void term_fn(void *of, size_t x, size_t w, size_t y);

static void each_term(const struct ref_conv *c, term_fn *term, void *of)
{
	int in = c->in[0] / c->groups, out = c->out[0] / c->groups;
	for (int i = 0; i < c->n; i++)
		for (int o = 0; o < c->out[0]; o++)
			for (int r = 0; r < c->out[1]; r++)
				for (int s = 0; s < c->out[2]; s++)
					for (int h = 0; h < c->kernel; h++)
						for (int w = 0; w < c->kernel; w++) {
							int row = r * c->stride + h - c->pad, column = s * c->stride + w - c->pad;
							if (row < 0 || row >= c->in[1] || column < 0 || column >= c->in[2])
								continue;
							for (int j = 0; j < in; j++) {
								int channel = o / out * in + j;
								term(of,
								     (size_t)(((i * c->in[0] + channel) * c->in[1] + row) * c->in[2] + column),
								     (size_t)(((o * c->kernel + h) * c->kernel + w) * in + j),
								     (size_t)(((i * c->out[0] + o) * c->out[1] + r) * c->out[2] + s));
							}
						}
}

struct arrays {
	const double *x, *w, *dy;
	double *y, *dx, *dw;
};

static void value_term(void *of, size_t x, size_t w, size_t y)
{
	struct arrays *a = of;
	a->y[y] += a->x[x] * a->w[w];
}

static void data_term(void *of, size_t x, size_t w, size_t y)
{
	struct arrays *a = of;
	a->dx[x] += a->dy[y] * a->w[w];
}

static void weights_term(void *of, size_t x, size_t w, size_t y)
{
	struct arrays *a = of;
	a->dw[w] += a->dy[y] * a->x[x];
}

static size_t image(const int shape[3])
{
	return (size_t)shape[0] * (size_t)shape[1] * (size_t)shape[2];
}

void ref_conv(const struct ref_conv *c, const double *x, const double *weight, const double *bias, double *y)
{
	size_t pixels = (size_t)c->out[1] * (size_t)c->out[2], outputs = (size_t)c->n * image(c->out);
	struct arrays a = {.x = x, .w = weight, .y = y};
	for (size_t i = 0; i < outputs; i++)
		y[i] = bias ? bias[i / pixels % (size_t)c->out[0]] : 0;
	each_term(c, value_term, &a);
}

void ref_conv_backward(const struct ref_conv *c, const double *x, const double *weight, const double *dy, double *dx,
                       double *dweight, double *dbias)
{
	size_t pixels = (size_t)c->out[1] * (size_t)c->out[2], outputs = (size_t)c->n * image(c->out);
	size_t weights = (size_t)c->out[0] * (size_t)(c->in[0] / c->groups * c->kernel * c->kernel);
	struct arrays a = {.x = x, .w = weight, .dy = dy, .dx = dx, .dw = dweight};
	if (dx) {
		memset(dx, 0, (size_t)c->n * image(c->in) * sizeof *dx);
		each_term(c, data_term, &a);
	}
	if (dweight) {
		memset(dweight, 0, weights * sizeof *dweight);
		each_term(c, weights_term, &a);
	}
	if (dbias)
		memset(dbias, 0, (size_t)c->out[0] * sizeof *dbias);
	for (size_t i = 0; dbias && i < outputs; i++)
		dbias[i / pixels % (size_t)c->out[0]] += dy[i];
}
