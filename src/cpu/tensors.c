/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whole tensors of either type, shares of them on each thread. */
#include "src/cpu/cpu.h"

enum {
	SHARE = 1 << 11,   /* elements that a thread works on at a time */
	CHANNELS = 64      /* or channels, where they lie last; no block has more */
};

static size_t share(size_t n, size_t from)
{
	return n - from < SHARE ? n - from : SHARE;
}

status cpu_add(struct device *d, struct format f, size_t count, void *y, const void *x)
{
	const struct kernels *k = kernels_of(d);
#pragma omp parallel for schedule(static) num_threads(cpu_threads(d)) if (!cpu_alone(d, count))
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
	size_t from_size = format_bytes((struct format){.bf16 = from_bf16}), to_size = format_bytes((struct format){.bf16 = to_bf16});
#pragma omp parallel for schedule(static) num_threads(cpu_threads(d)) if (!cpu_alone(d, n))
	for (size_t i = 0; i < n; i += SHARE)
		k->convert((const char *)from + i * from_size, from_bf16, (char *)to + i * to_size, to_bf16, share(n, i));
}

void cpu_channel_sums(const struct device *d, struct format f, const void *t, size_t n, size_t channels, size_t pixels, bool add,
                      float *out)
{
	const struct kernels *k = kernels_of(d);
	const char *from = t;
	size_t size = format_bytes(f), wide = f.block ? (size_t)f.block : CHANNELS;
#pragma omp parallel for schedule(static) num_threads(cpu_threads(d)) if (!cpu_alone(d, n * channels * pixels))
	for (size_t first = 0; first < channels; first += wide) {
		double sums[CHANNELS] = {0};
		size_t here = channels - first < wide ? channels - first : wide;
		if (f.block)
			for (size_t i = 0; i < n; i++)
				k->column_sums(from + (i * channels + first) * pixels * size, f.bf16, pixels, wide, here, sums);
		else
			k->column_sums(from + first * size, f.bf16, n * pixels, channels, here, sums);
		for (size_t j = 0; j < here; j++)
			out[first + j] = (float)(sums[j] + (add ? (double)out[first + j] : 0));
	}
}
