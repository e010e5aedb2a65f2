/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Slots on the card. The host's numbers go down as the argument of a kernel, so that its copy may change at once and nothing waits;
 * that kernel stands between two steps' lists of calls, and so in no graph. */
#include <string.h>

#include "src/clock.h"
#include "src/cuda/cuda.h"

/* ---- how far the host runs ahead ---- */

/* Whoever interrupts a run waits for all that the card was given: the marks span about so many seconds. Few steps are far enough for
 * the card not to be idle, and more than STRIDE_MOST between two marks gain nothing. */
static const double ahead_least = 0.05, ahead_most = 0.2;
enum { STRIDE_MOST = 64 };

status cuda_pace_open(struct cuda_device *cuda)
{
	struct cuda_pace *p = &cuda->pace;
	p->stride = 1;
	for (int i = 0; i < CUDA_PACE_MARKS; i++)
		CUDA_TRY(cudaEventCreateWithFlags(&p->mark[i], cudaEventDisableTiming | cudaEventBlockingSync));
	return OK;
}

void cuda_pace_close(struct cuda_device *cuda)
{
	for (int i = 0; i < CUDA_PACE_MARKS; i++)
		if (cuda->pace.mark[i])
			cuda_keep(cuda, cuda_check(cudaEventDestroy(cuda->pace.mark[i]), "cudaEventDestroy", __FILE__));
}

/* A step more: now and then the host waits until the card has come to the oldest mark, behind which it has the work of the others. */
static status keep_pace(struct cuda_device *cuda)
{
	struct cuda_pace *p = &cuda->pace;
	if (++p->sends < p->stride)
		return OK;
	p->sends = 0;
	TRY(cuda_wait_for(cuda, p->mark[p->next]));
	CUDA_TRY(cudaEventRecord(p->mark[p->next], cuda->stream));
	p->next = (p->next + 1) % CUDA_PACE_MARKS;
	const double now = clock_seconds(), span = (now - p->waited) * CUDA_PACE_MARKS;
	p->waited = now;
	if (span < ahead_least && p->stride < STRIDE_MOST)
		p->stride *= 2;
	else if (span > ahead_most && p->stride > 1)
		p->stride /= 2;
	return OK;
}

/* ---- to and fro ---- */

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
	struct cuda_device *cuda = cuda_of(d);
	TRY(cuda_flush(cuda));
	TRY(keep_pace(cuda));
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
