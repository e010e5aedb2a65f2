/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "tests/device_vec.h"

#include <stdlib.h>
#include <string.h>

#include "tests/tap.h"

void *host_take(size_t bytes)
{
	void *p = calloc(bytes ? bytes : 1, 1);
	if (!p)
		exit(99);
	return p;
}

double *host_doubles(size_t n)
{
	return host_take(n * sizeof(double));
}

void *device_take(struct device *d, size_t bytes)
{
	void *p;
	MUST(d->ops->alloc(d, bytes, &p));
	return p;
}

void *upload(struct device *d, const void *host, size_t bytes)
{
	void *p = device_take(d, bytes);
	MUST(d->ops->put(d, p, host, bytes));
	return p;
}

void download(struct device *d, void *host, const void *from, size_t bytes)
{
	MUST(d->ops->sync(d));
	MUST(d->ops->get(d, host, from, bytes));
}

void *fetch(struct device *d, const void *from, size_t bytes)
{
	void *host = host_take(bytes);
	MUST(d->ops->get(d, host, from, bytes));
	return host;
}

struct device_vec device_vec_new(struct device *d, size_t n)
{
	return (struct device_vec){d, n, device_take(d, n * sizeof(float)), host_take(n * sizeof(float)), host_doubles(n)};
}

void device_vec_free(struct device_vec *v)
{
	v->d->ops->free(v->d, v->device);
	free(v->host);
	free(v->exact);
}

void device_vec_put(struct device_vec *v)
{
	for (size_t i = 0; i < v->n; i++)
		v->exact[i] = (double)v->host[i];
	MUST(v->d->ops->put(v->d, v->device, v->host, v->n * sizeof(float)));
}

void device_vec_get(struct device_vec *v)
{
	MUST(v->d->ops->get(v->d, v->host, v->device, v->n * sizeof(float)));
}

float *device_vec_bits(const struct device_vec *v)
{
	return fetch(v->d, v->device, v->n * sizeof(float));
}

bool device_vec_same(const struct device_vec *v, const float *bits)
{
	float *now = device_vec_bits(v);
	bool same = !memcmp(now, bits, v->n * sizeof *now);
	free(now);
	return same;
}
