/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include <math.h>

#include "tests/ref/ref.h"

/* The place in x of the first largest element of an output's window, NaN being the largest. */
static int place_of_maximum(const struct ref_pool *p, const double *x, int oy, int ox)
{
	int best = -1;
	for (int y = oy * p->stride - p->pad; y < oy * p->stride - p->pad + p->kernel; y++)
		for (int c = ox * p->stride - p->pad; c < ox * p->stride - p->pad + p->kernel; c++) {
			if (y < 0 || y >= p->h || c < 0 || c >= p->w)
				continue;
			int at = y * p->w + c;
			if (best < 0 || x[at] > x[best] || isnan(x[at]))
				best = at;
		}
	return best;
}

/* How many places of x are in an output's window; their sum in *sum. Where dx is not NULL, `each` is added to them. */
static int window(const struct ref_pool *p, const double *x, int oy, int ox, double *sum, double *dx, double each)
{
	int count = 0;
	*sum = 0;
	for (int i = 0; i < p->h * p->w; i++) {
		int y = i / p->w - (oy * p->stride - p->pad), c = i % p->w - (ox * p->stride - p->pad);
		if (y < 0 || y >= p->kernel || c < 0 || c >= p->kernel)
			continue;
		count++;
		*sum += x[i];
		if (dx)
			dx[i] += each;
	}
	return count;
}

void ref_pool(const struct ref_pool *p, const double *x, double *y)
{
	for (int image = 0; image < p->images; image++, x += p->h * p->w)
		for (int oy = 0; oy < p->oh; oy++)
			for (int ox = 0; ox < p->ow; ox++) {
				double sum;
				int count = window(p, x, oy, ox, &sum, NULL, 0);
				*y++ = p->max ? x[place_of_maximum(p, x, oy, ox)] : sum / count;
			}
}

void ref_pool_backward(const struct ref_pool *p, const double *x, const double *dy, double *dx)
{
	for (int i = 0; i < p->images * p->h * p->w; i++)
		dx[i] = 0;
	for (int image = 0; image < p->images; image++, x += p->h * p->w, dx += p->h * p->w)
		for (int oy = 0; oy < p->oh; oy++)
			for (int ox = 0; ox < p->ow; ox++, dy++) {
				double sum;
				int count = window(p, x, oy, ox, &sum, NULL, 0);
				if (p->max)
					dx[place_of_maximum(p, x, oy, ox)] += *dy;
				else
					window(p, x, oy, ox, &sum, dx, *dy / count);
			}
}
