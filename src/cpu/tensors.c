/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whole tensors of either type, shares of them on each thread. */
#include "cpu.h"

enum { SHARE = 1 << 11 };   /* elements that a thread works on at a time */

/* Too few elements to wake other threads for. */
static bool alone(const struct device *d, size_t n)
{
	return n < PARALLEL_LIGHT || d->threads == 1;
}

static size_t share(size_t n, size_t from)
{
	return n - from < SHARE ? n - from : SHARE;
}

status cpu_add(struct device *d, struct format f, size_t count, void *y, const void *x)
{
	const struct kernels *k = kernels_of(d);
#pragma omp parallel for schedule(static) num_threads(d->threads) if (!alone(d, count))
	for (size_t i = 0; i < count; i += SHARE)
		if (f.bf16)
			k->sum_bf16((uint16_t *)y + i, (const uint16_t *)x + i, (uint16_t *)y + i, share(count, i));
		else
			k->sum((float *)y + i, (const float *)x + i, (float *)y + i, share(count, i));
	return OK;
}

void cpu_convert(const struct device *d, const void *from, bool from_bf16, void *to, bool to_bf16, size_t n)
{
	const struct kernels *k = kernels_of(d);
	size_t from_size = from_bf16 ? sizeof(uint16_t) : sizeof(float), to_size = to_bf16 ? sizeof(uint16_t) : sizeof(float);
#pragma omp parallel for schedule(static) num_threads(d->threads) if (!alone(d, n))
	for (size_t i = 0; i < n; i += SHARE)
		k->convert((const char *)from + i * from_size, from_bf16, (char *)to + i * to_size, to_bf16, share(n, i));
}
