/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "samplers/batches.h"

status batches_open(struct batches *b, struct arena *a, struct device *d, struct rng_key key, size_t n, int size, bool iid)
{
	*b = (struct batches){.device = d, .key = key, .n = n, .size = size, .iid = iid};
	b->epoch_steps = (n + (size_t)size - 1) / (size_t)size;
	if ((size_t)size == n && !iid)
		return OK;
	size_t count = iid ? (size_t)size : n;
	TRY(ARENA_NEW(a, count, &b->order));
	return d->ops->alloc(d, count * sizeof *b->order, (void **)&b->order_device);
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
	*out = (struct batch){.row = SLOT_FIRST, .n = b->size, .scale = 1.0 / b->size};
	s->value[SLOT_FIRST] = 0;
	if (size == b->n && !b->iid)
		return OK;
	out->index = b->order_device;
	if (b->iid) {
		for (size_t i = 0; i < size; i++)
			b->order[i] = (uint32_t)rng_below(b->key, STREAM_SHUFFLE, step, (uint32_t)i, b->n);
		return send_order(b, size);
	}
	uint64_t epoch = step / b->epoch_steps;
	size_t first = step % b->epoch_steps * size;
	s->value[SLOT_FIRST] = (double)first;
	if (b->n - first < size) {
		out->n = (int)(b->n - first);
		out->scale = 1.0 / out->n;
	}
	if (b->have_order && b->epoch == epoch)
		return OK;
	rng_permutation(b->key, STREAM_SHUFFLE, epoch, b->order, b->n);
	b->epoch = epoch;
	b->have_order = true;
	return send_order(b, b->n);
}
