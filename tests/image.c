/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "tests/image.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "src/rng.h"
#include "tests/device_vec.h"
#include "tests/tap.h"

static uint64_t draws;

struct image image_new(struct device *d, struct format format, int n, const int shape[3])
{
	struct image m = {.d = d, .format = format, .n = n, .c = shape[0], .h = shape[1], .w = shape[2]};
	m.count = (size_t)n * (size_t)m.c * (size_t)m.h * (size_t)m.w;
	m.exact = host_doubles(m.count);
	m.device = device_take(d, m.count * format_bytes(format));
	return m;
}

void image_free(struct image *m)
{
	m->d->ops->free(m->d, m->device);
	free(m->exact);
}

double bf16_of(double x)
{
	int exponent;
	double mantissa = frexp(x, &exponent);
	return isfinite(x) ? ldexp(nearbyint(ldexp(mantissa, 8)), exponent - 8) : x;
}

/* Where element i of PyTorch's order lies. */
static size_t place(const struct image *m, size_t i)
{
	size_t pixels = (size_t)m->h * (size_t)m->w, c = i / pixels % (size_t)m->c, image = i / pixels / (size_t)m->c;
	size_t block = m->format.block ? (size_t)m->format.block : (size_t)m->c;
	return ((image * ((size_t)m->c / block) + c / block) * pixels + i % pixels) * block + c % block;
}

void image_put(struct image *m)
{
	unsigned char *host = host_take(m->count * format_bytes(m->format));
	for (size_t i = 0; i < m->count; i++) {
		float f = (float)(m->format.bf16 ? bf16_of(m->exact[i]) : m->exact[i]);
		m->exact[i] = (double)f;
		/* bf16 is the upper half of a little-endian float. */
		size_t width = format_bytes(m->format);
		memcpy(host + place(m, i) * width, (char *)&f + sizeof f - width, width);
	}
	MUST(m->d->ops->put(m->d, m->device, host, m->count * format_bytes(m->format)));
	free(host);
}

void image_seed(unsigned seed)
{
	draws = (uint64_t)seed << 32;
}

void image_normals(struct image *m, double mean, double sd)
{
	uint64_t step = draws++;
	for (size_t i = 0; i < m->count; i++)
		m->exact[i] = mean + sd * rng_normal((struct rng_key){12, 0}, STREAM_PROBE, step, i);
	image_put(m);
}

void image_random(struct image *m)
{
	image_normals(m, 0, 1);
}

void *image_bits(const struct image *m)
{
	return fetch(m->d, m->device, m->count * format_bytes(m->format));
}

bool image_same(const struct image *m, const void *bits)
{
	void *now = image_bits(m);
	bool same = !memcmp(now, bits, m->count * format_bytes(m->format));
	free(now);
	return same;
}

void image_get(struct image *m)
{
	unsigned char *host = image_bits(m);
	for (size_t i = 0; i < m->count; i++) {
		float f = 0;
		size_t width = format_bytes(m->format);
		memcpy((char *)&f + sizeof f - width, host + place(m, i) * width, width);
		m->exact[i] = (double)f;
	}
	free(host);
}

double image_error(const struct image *got, const double *want, double relative, double absolute)
{
	double worst = 0;
	for (size_t i = 0; i < got->count; i++) {
		double error = fabs(got->exact[i] - want[i]) / (relative * fabs(want[i]) + absolute);
		if (got->exact[i] == want[i] || (isnan(got->exact[i]) && isnan(want[i])))
			error = 0;
		if (!(error <= worst))
			worst = isnan(error) ? INFINITY : error;
	}
	return worst;
}
