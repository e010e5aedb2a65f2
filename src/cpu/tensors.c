/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
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

struct channel_sums {
	const struct kernels *k;
	struct format f;
	const char *from;
	size_t n, channels, pixels;
	size_t wide;               /* channels that are summed together */
	bool add;
	float *out;
};

/* Channels `first` … of so many together. */
static void sum_channels(const struct channel_sums *c, size_t first)
{
	double sums[CHANNELS] = {0};
	size_t size = format_bytes(c->f), here = c->channels - first < c->wide ? c->channels - first : c->wide;
	if (c->f.block)
		for (size_t i = 0; i < c->n; i++)
			c->k->column_sums(c->from + (i * c->channels + first) * c->pixels * size, c->f.bf16, c->pixels, c->wide, here, sums);
	else
		c->k->column_sums(c->from + first * size, c->f.bf16, c->n * c->pixels, c->channels, here, sums);
	for (size_t j = 0; j < here; j++)
		c->out[first + j] = (float)(sums[j] + (c->add ? (double)c->out[first + j] : 0));
}

void cpu_channel_sums(const struct device *d, struct format f, const void *t, size_t n, size_t channels, size_t pixels, bool add,
                      float *out)
{
	const struct channel_sums c = {kernels_of(d), f, t, n, channels, pixels, f.block ? (size_t)f.block : CHANNELS, add, out};
	if (cpu_alone(d, n * channels * pixels)) {
		for (size_t first = 0; first < channels; first += c.wide)
			sum_channels(&c, first);
		return;
	}
#pragma omp parallel for schedule(static) num_threads(cpu_threads(d))
	for (size_t first = 0; first < channels; first += c.wide)
		sum_channels(&c, first);
}
