/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "chains/batches.h"

#include <stdio.h>

status batches_open(struct batches *b, struct arena *a, struct device *d, struct rng_key key, size_t n, int size, bool iid)
{
	*b = (struct batches){.device = d, .key = key, .n = n, .size = size, .iid = iid, .stream = STREAM_SHUFFLE, .row = SLOT_FIRST};
	b->epoch_steps = (n + (size_t)size - 1) / (size_t)size;
	if ((size_t)size == n && !iid)
		return OK;
	size_t count = iid ? (size_t)size : n;
	TRY(ARENA_NEW(a, count, &b->order));
	return d->ops->alloc(d, count * sizeof *b->order, (void **)&b->order_device);
}

status batches_open_further(struct batches *b, struct arena *a, struct device *d, struct rng_key key, size_t n, int size, bool iid)
{
	TRY(batches_open(b, a, d, key, n, size, iid));
	b->stream = STREAM_SHUFFLE_1;
	b->row = SLOT_FIRST_1;
	b->epoch_steps = n / (size_t)size;
	return OK;
}

static bool size_fits(size_t n, size_t size, bool rest, size_t least)
{
	size_t left = rest ? n % size : 0;
	return size >= least && (left == 0 || left >= least);
}

status batches_check(size_t n, int size, bool rest, int least)
{
	size_t few = (size_t)least, below = (size_t)size, above = (size_t)size;
	if (size_fits(n, below, rest, few))
		return OK;
	while (below > 0 && !size_fits(n, below, rest, few))
		below--;
	while (above <= n && !size_fits(n, above, rest, few))
		above++;
	if (above > n)
		return fail(ERR_USAGE, "the data has %zu example%s, and batch norm of a map of 1×1 pixels needs %d at least", n,
		            n == 1 ? "" : "s", least);
	char sizes[64];
	snprintf(sizes, sizeof sizes, below ? "%zu or %zu" : "%zu", below ? below : above, above);
	if (size < least)
		return fail(ERR_USAGE, "{batch} %d: batch norm of a map of 1×1 pixels needs %d examples at least; {batch} %s would do",
		            size, least, sizes);
	return fail(ERR_USAGE, "{batch} %d: the last batch of a pass over %zu examples holds %zu, and batch norm of a map of 1×1 "
	            "pixels needs %d at least; {batch} %s would do", size, n, n % (size_t)size, least, sizes);
}

void batches_close(struct batches *b)
{
	if (b->device)
		b->device->ops->free(b->device, b->order_device);
	b->order_device = NULL;
}

static status send_order(struct batches *b, size_t count)
{
	return b->device->ops->put(b->device, b->order_device, b->order, count * sizeof *b->order);
}

status batches_at(struct batches *b, uint64_t step, struct slots *s, struct batch *out)
{
	size_t size = (size_t)b->size;
	*out = (struct batch){.row = b->row, .n = b->size, .scale = 1.0 / b->size};
	s->value[b->row] = 0;
	if (size == b->n && !b->iid)
		return OK;
	out->index = b->order_device;
	if (b->iid) {
		for (size_t i = 0; i < size; i++)
			b->order[i] = (uint32_t)rng_below(b->key, b->stream, step, (uint32_t)i, b->n);
		return send_order(b, size);
	}
	uint64_t epoch = step / b->epoch_steps;
	size_t first = step % b->epoch_steps * size;
	s->value[b->row] = (double)first;
	if (b->n - first < size) {
		out->n = (int)(b->n - first);
		out->scale = 1.0 / out->n;
	}
	if (b->have_order && b->epoch == epoch)
		return OK;
	rng_permutation(b->key, b->stream, epoch, b->order, b->n);
	b->epoch = epoch;
	b->have_order = true;
	return send_order(b, b->n);
}
