/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "tests/backend_body.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/tap.h"

int draw(struct draws *r, int n)
{
	return (int)rng_below((struct rng_key){r->seed, 0}, STREAM_DATA, r->next++, 0, (uint64_t)n);
}

double draw_normal(struct draws *r)
{
	return rng_normal((struct rng_key){r->seed, 0}, STREAM_DATA, r->next++, 0);
}

double reference_energy(const struct piece *p, double deviation, double x)
{
	if (p->prior == 0)
		return 0;
	double s = deviation / sqrt(p->prior);  /* its own */
	double nats = p->kind == PRIOR_LAPLACE   ? sqrt(2) * fabs(x) / s
	            : p->kind == PRIOR_STUDENT_T ? (p->nu + 1) / 2 * log1p(x * x / ((p->nu - 2) * s * s))
	                                         : x * x / (2 * s * s);
	return nats * deviation * deviation;
}

double reference_gradient(const struct piece *p, double deviation, double x)
{
	double t = x == 0 ? 1e-4 * deviation : fmin(1e-4 * deviation, fabs(x) / 2);  /* laplace has a kink at 0 */
	return (reference_energy(p, deviation, x + t) - reference_energy(p, deviation, x - t)) / (2 * t);
}

/* What stands in for ops that a backend has not. */
static void check_stand_ins(struct device *d, const char *label)
{
	const struct backend *ops = d->ops;
	struct backend fewer = *ops;
	char host[] = "as it was", back[sizeof host];
	const void *copy;
	fewer.resident = NULL;
	fewer.release = NULL;
	fewer.precision_note = NULL;
	d->ops = &fewer;
	MUST(device_resident(d, host, sizeof host, &copy));
	download(d, back, copy, sizeof back);
	ok(copy != (const void *)host && !memcmp(host, back, sizeof back), "%s: without resident, the device has a copy", label);
	device_release(d, copy);
	ok(!device_precision_note(d, PRECISION_BF16), "%s: without notes, there are none", label);
	d->ops = ops;
}

void check_memory(struct device *d, const char *label)
{
	for (size_t bytes = 1; bytes <= 5000001; bytes = bytes * 1000 + 1) {
		unsigned char *host = host_take(bytes), *back = host_take(bytes);
		void *a, *b;
		const void *set;
		MUST(d->ops->alloc(d, bytes, &a));
		MUST(d->ops->alloc(d, bytes, &b));
		memset(back, 1, bytes);
		download(d, back, a, bytes);
		ok(memcmp(back, host, bytes) == 0 && (uintptr_t)a % 64 == 0, "%s: %zu bytes are aligned and zero", label, bytes);
		for (size_t i = 0; i < bytes; i++)
			host[i] = (unsigned char)(i * 7 + 1);
		MUST(device_resident(d, host, bytes, &set));
		MUST(d->ops->copy(d, a, set, bytes));
		MUST(d->ops->copy(d, b, a, bytes));
		download(d, back, b, bytes);
		ok(memcmp(back, host, bytes) == 0, "%s: %zu bytes go to the device, across it and back", label, bytes);
		device_release(d, set);
		d->ops->free(d, a);
		d->ops->free(d, b);
		free(host);
		free(back);
	}
	check_stand_ins(d, label);
	void *none = &none;
	ok(d->ops->alloc(d, SIZE_MAX - 100, &none) == ERR_MEMORY && !none, "%s: too much memory is refused", label);
	json_t *about = d->ops->describe(d);
	ok(json_is_string(json_object_get(about, "name")) && json_is_object(json_object_get(about, "libraries")),
	   "%s: the device describes itself", label);
	json_decref(about);
}

void check_backend(struct device *d, const char *label)
{
	check_memory(d, label);
	check_slots(d, label);
	check_scalar(d, label);
	check_weigh(d, label);
	check_normals(d, label);
	check_affine(d, label);
	check_reduce(d, label);
	check_pointwise(d, label);
	check_adamw_golden(d, label);
	check_point(d, label);
	check_add(d, label);
	check_formats(d, label);
	check_gather(d, label);
	check_loss(d, label);
}
