/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "tests/norm_dot.h"

#include <math.h>
#include <stdlib.h>

#include "tests/device_vec.h"

size_t norm_dot_count(const struct norm_dot *o, bool by_channel)
{
	return (size_t)o->channels * (by_channel ? 1 : (size_t)o->n * (size_t)o->pixels);
}

struct norm_dot norm_dot_new(enum norm norm, enum activation activation, int n, int channels, int pixels, const double *running)
{
	struct norm_dot o = {norm, activation, n, channels, pixels, running, {NULL}, {NULL}, {NULL}};
	for (int i = 0; i < DOT_INPUTS; i++)
		o.in[i] = host_take(norm_dot_count(&o, i >= DOT_GAMMA) * sizeof *o.in[i]);
	for (int i = 0; i < DOT_OUTPUTS; i++) {
		o.out[i] = host_take(norm_dot_count(&o, i >= DOT_DGAMMA) * sizeof *o.out[i]);
		o.size[i] = host_doubles(norm_dot_count(&o, i >= DOT_DGAMMA));
	}
	return o;
}

void norm_dot_free(struct norm_dot *o)
{
	for (int i = 0; i < DOT_INPUTS; i++)
		free(o->in[i]);
	for (int i = 0; i < DOT_OUTPUTS; i++)
		free(o->out[i]), free(o->size[i]);
}

static double complex sigmoid(double complex z)
{
	return 1 / (1 + cexp(-z));
}

static double complex value(enum activation activation, double complex z, double complex tau)
{
	switch (activation) {
	case ACTIVATION_RELU:
		return creal(z) > 0 ? z : 0;
	case ACTIVATION_SILU:
		return z * sigmoid(z);
	case ACTIVATION_TANH:
		return ctanh(z);
	case ACTIVATION_THRESHOLD:
		return creal(z) > creal(tau) ? z : tau;
	default:
		return z;
	}
}

static double complex slope(enum activation activation, double complex z, double complex tau)
{
	switch (activation) {
	case ACTIVATION_RELU:
		return creal(z) > 0;
	case ACTIVATION_SILU:
		return sigmoid(z) * (1 + z * (1 - sigmoid(z)));
	case ACTIVATION_TANH:
		return 1 - ctanh(z) * ctanh(z);
	case ACTIVATION_THRESHOLD:
		return creal(z) > creal(tau);
	default:
		return 1;
	}
}

/* Where example i's channel c lies, and what is subtracted there and divided by. */
struct place {
	size_t first, end;
	int c;
	double mean;
	double complex size;
};

static struct place place_of(const struct norm_dot *o, int i, int c)
{
	size_t pixels = (size_t)o->pixels, first = ((size_t)i * (size_t)o->channels + (size_t)c) * pixels;
	struct place p = {first, first + pixels, c, 0, 0};
	if (o->norm == NORM_BATCH) {
		p.mean = o->running[c];
		p.size = sqrt(o->running[o->channels + c] + 1e-5);
		return p;
	}
	for (size_t j = p.first; j < p.end; j++)
		p.size += o->in[DOT_X][j] * o->in[DOT_X][j];
	p.size = csqrt(p.size / (double)o->pixels + 1e-6);
	return p;
}

static void run_place(struct norm_dot *o, const struct place *p)
{
	const double complex *x = o->in[DOT_X], gamma = o->in[DOT_GAMMA][p->c], tau = o->in[DOT_TAU][p->c];
	double complex of_square = 0;
	for (size_t j = p->first; j < p->end; j++) {
		double complex normed = (x[j] - p->mean) / p->size, z = gamma * normed + o->in[DOT_BETA][p->c] + o->in[DOT_R][j];
		double complex d = slope(o->activation, z, tau), g = d * o->in[DOT_DY][j];
		o->out[DOT_Y][j] = value(o->activation, z, tau);
		o->out[DOT_DR][j] = g;
		o->out[DOT_DX][j] = gamma * g / p->size;
		o->out[DOT_DBETA][p->c] += g;
		o->out[DOT_DGAMMA][p->c] += g * normed;
		o->out[DOT_DTAU][p->c] += (1 - d) * o->in[DOT_DY][j];
		of_square -= gamma * g * x[j] / (2 * p->size * p->size * p->size);
	}
	for (size_t j = p->first; o->norm == NORM_FILTER_RESPONSE && j < p->end; j++)
		o->out[DOT_DX][j] += of_square * 2 * x[j] / o->pixels;
}

static double dot_of(const double complex *v, size_t i)
{
	return fabs(cimag(v[i])) / DOT_STEP;
}

/* ---- sizes ---- */

/* Of the terms of a channel of an example: 1/size and its tangent, s = γ/size and its tangent; Σ of |x·g| and its tangent. */
struct sizes {
	double root, root_dot, scale, scale_dot, product, product_dot;
};

/* Of a row: x relative to the mean, ẋ, z and ż, g and ġ. A slope is at most 1.1, as are what bends it and what bends that; each moves
 * with the rounding of z. */
struct row_sizes {
	double x, x_dot, z_dot, g, g_dot;
};

static struct row_sizes row_of(const struct norm_dot *o, const struct place *p, const struct sizes *s, size_t j)
{
	double x = cabs(o->in[DOT_X][j] - p->mean), x_dot = dot_of(o->in[DOT_X], j), dy = cabs(o->in[DOT_DY][j]);
	double z = s->scale * (cabs(o->in[DOT_X][j]) + fabs(p->mean)) + cabs(o->in[DOT_BETA][p->c]) + cabs(o->in[DOT_R][j]);
	double z_dot = s->scale * x_dot + s->scale_dot * x + dot_of(o->in[DOT_BETA], (size_t)p->c) + dot_of(o->in[DOT_R], j);
	return (struct row_sizes){x, x_dot, z_dot * (1 + z), dy * (1 + z), (dot_of(o->in[DOT_DY], j) + z_dot * dy) * (1 + z)};
}

static struct sizes sizes_of(const struct norm_dot *o, const struct place *p)
{
	double gamma = cabs(o->in[DOT_GAMMA][p->c]), moved = 0;
	struct sizes s = {.root = 1 / cabs(p->size)};
	for (size_t j = p->first; o->norm == NORM_FILTER_RESPONSE && j < p->end; j++)
		moved += cabs(o->in[DOT_X][j]) * dot_of(o->in[DOT_X], j) / o->pixels;
	s.root_dot = s.root * s.root * s.root * moved;
	s.scale = gamma * s.root;
	s.scale_dot = dot_of(o->in[DOT_GAMMA], (size_t)p->c) * s.root + gamma * s.root_dot;
	for (size_t j = p->first; j < p->end; j++) {
		struct row_sizes r = row_of(o, p, &s, j);
		s.product += r.g * r.x;
		s.product_dot += r.g_dot * r.x + r.g * r.x_dot;
	}
	return s;
}

static void size_place(struct norm_dot *o, const struct place *p)
{
	struct sizes s = sizes_of(o, p);
	double square = s.root * s.root, gamma_dot = dot_of(o->in[DOT_GAMMA], (size_t)p->c);
	double cube = s.scale * square / o->pixels;
	double cube_dot = (gamma_dot * s.root * square + 3 * s.scale * s.root * s.root_dot) / o->pixels;
	for (size_t j = p->first; j < p->end; j++) {
		struct row_sizes r = row_of(o, p, &s, j);
		o->size[DOT_Y][j] = r.z_dot + dot_of(o->in[DOT_TAU], (size_t)p->c);
		o->size[DOT_DR][j] = r.g_dot;
		o->size[DOT_DX][j] = s.scale * r.g_dot + s.scale_dot * r.g;
		if (o->norm == NORM_FILTER_RESPONSE)
			o->size[DOT_DX][j] += (cube_dot * s.product + cube * s.product_dot) * r.x + cube * s.product * r.x_dot;
		o->size[DOT_DBETA][p->c] += r.g_dot;
		o->size[DOT_DTAU][p->c] += dot_of(o->in[DOT_DY], j);
	}
	o->size[DOT_DGAMMA][p->c] += s.root * s.product_dot + s.root_dot * s.product;
}

void norm_dot_run(struct norm_dot *o)
{
	for (int i = 0; i < o->n; i++)
		for (int c = 0; c < o->channels; c++) {
			struct place p = place_of(o, i, c);
			run_place(o, &p);
			size_place(o, &p);
		}
}
