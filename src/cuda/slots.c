/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Slots on the card. The host's numbers go down as the argument of a kernel, so that its copy may change at once and nothing waits;
 * that kernel stands between two steps' lists of calls, and so in no graph. */
#include <string.h>

#include "src/cuda/cuda.h"

static status send(struct device *d, const struct slots *s, unsigned parts)
{
	struct cuda_device *cuda = cuda_of(d);
	struct cuda_slots now = {.step = s->step, .seed = s->key.seed, .chain = s->key.chain};
	memcpy(now.value, s->value, sizeof now.value);
	TRY(cuda_flush(cuda));
	CUDA_TRY(cuda_launch_slots(cuda_slots_of(s), &now, parts, cuda->stream));
	return OK;
}

status cuda_slots_open(struct device *d, struct slots *s)
{
	TRY(cuda_alloc(d, sizeof(struct cuda_slots), &s->device));
	status sent = send(d, s, CUDA_SLOTS_HOST | CUDA_SLOTS_DEVICE);
	if (sent != OK)
		cuda_slots_close(d, s);
	return sent;
}

void cuda_slots_close(struct device *d, struct slots *s)
{
	cuda_free(d, s->device);
	s->device = NULL;
}

status cuda_slots_send(struct device *d, struct slots *s)
{
	return send(d, s, CUDA_SLOTS_HOST);
}

status cuda_slots_set(struct device *d, struct slots *s)
{
	return send(d, s, CUDA_SLOTS_DEVICE);
}

status cuda_slots_fetch(struct device *d, struct slots *s)
{
	struct cuda_device *cuda = cuda_of(d);
	const struct cuda_slots *from = s->device;
	const size_t bytes = SLOT_FIRST * sizeof *s->value;
	TRY(cuda_get(d, cuda->slots_back, from->value, bytes));
	memcpy(s->value, cuda->slots_back, bytes);
	return OK;
}
