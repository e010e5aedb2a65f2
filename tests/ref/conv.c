/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "tests/ref/ref.h"

#include <string.h>

/* Products x·w that outputs are sums of: of n numbers in a row of y, with one weight, x being `step` apart. */
struct row {
	size_t x, w, y, n, step;
};

typedef void row_fn(void *of, const struct row *r);

/* The columns of y whose window has x under its column w. */
static void columns_of(const struct ref_conv *c, int w, int *first, int *end)
{
	int before = c->pad - w, after = c->in[2] - 1 + before;
	*first = before > 0 ? (before + c->stride - 1) / c->stride : 0;
	*end = after < 0 ? 0 : after / c->stride + 1 < c->out[2] ? after / c->stride + 1 : c->out[2];
}

/* Calls `fn` for the rows of one plane of y by one plane of x. */
static void each_row_of(const struct ref_conv *c, int image, int o, int channel, int j, row_fn *fn, void *of)
{
	int in = c->in[0] / c->groups;
	for (int h = 0; h < c->kernel; h++)
		for (int w = 0; w < c->kernel; w++) {
			int first, end;
			columns_of(c, w, &first, &end);
			for (int r = 0; r < c->out[1]; r++) {
				int row = r * c->stride + h - c->pad;
				if (row < 0 || row >= c->in[1] || first >= end)
					continue;
				fn(of, &(struct row){
					.x = (size_t)(((image * c->in[0] + channel) * c->in[1] + row) * c->in[2] + first * c->stride + w - c->pad),
					.w = (size_t)(((o * c->kernel + h) * c->kernel + w) * in + j),
					.y = (size_t)(((image * c->out[0] + o) * c->out[1] + r) * c->out[2] + first),
					.n = (size_t)(end - first), .step = (size_t)c->stride});
			}
		}
}

static void each_row(const struct ref_conv *c, row_fn *fn, void *of)
{
	int in = c->in[0] / c->groups, out = c->out[0] / c->groups;
	for (int i = 0; i < c->n; i++)
		for (int o = 0; o < c->out[0]; o++)
			for (int j = 0; j < in; j++)
				each_row_of(c, i, o, o / out * in + j, j, fn, of);
}

struct arrays {
	const double *x, *w, *dy;
	double *y, *dx, *dw;
};

static void value_row(void *of, const struct row *r)
{
	struct arrays *a = of;
	for (size_t i = 0; i < r->n; i++)
		a->y[r->y + i] += a->x[r->x + i * r->step] * a->w[r->w];
}

static void data_row(void *of, const struct row *r)
{
	struct arrays *a = of;
	for (size_t i = 0; i < r->n; i++)
		a->dx[r->x + i * r->step] += a->dy[r->y + i] * a->w[r->w];
}

static void weights_row(void *of, const struct row *r)
{
	struct arrays *a = of;
	double sum = 0;
	for (size_t i = 0; i < r->n; i++)
		sum += a->dy[r->y + i] * a->x[r->x + i * r->step];
	a->dw[r->w] += sum;
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
	each_row(c, value_row, &a);
}

void ref_conv_backward(const struct ref_conv *c, const double *x, const double *weight, const double *dy, double *dx,
                       double *dweight, double *dbias)
{
	size_t pixels = (size_t)c->out[1] * (size_t)c->out[2], outputs = (size_t)c->n * image(c->out);
	size_t weights = (size_t)c->out[0] * (size_t)(c->in[0] / c->groups * c->kernel * c->kernel);
	struct arrays a = {.x = x, .w = weight, .dy = dy, .dx = dx, .dw = dweight};
	if (dx) {
		memset(dx, 0, (size_t)c->n * image(c->in) * sizeof *dx);
		each_row(c, data_row, &a);
	}
	if (dweight) {
		memset(dweight, 0, weights * sizeof *dweight);
		each_row(c, weights_row, &a);
	}
	if (dbias)
		memset(dbias, 0, (size_t)c->out[0] * sizeof *dbias);
	for (size_t i = 0; dbias && i < outputs; i++)
		dbias[i / pixels % (size_t)c->out[0]] += dy[i];
}
