/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The ways between host and card. What put brings goes through pinned memory, in two halves: the host fills one while the other is
 * on its way, and waits only where it comes back to one whose copies, made before those of a whole other half, are not done. */
#include <string.h>

#include "src/cuda/cuda.h"

enum { STAGE_ALIGN = 64 };

status cuda_stage_open(struct cuda_device *cuda)
{
	for (int i = 0; i < CUDA_STAGES; i++) {
		struct cuda_stage *s = &cuda->stage[i];
		TRY(cuda_pinned(CUDA_STAGE, (void **)&s->at));
		CUDA_TRY(cudaEventCreateWithFlags(&s->left, cudaEventDisableTiming | cudaEventBlockingSync));
	}
	return OK;
}

void cuda_stage_close(struct cuda_device *cuda)
{
	for (int i = 0; i < CUDA_STAGES; i++) {
		struct cuda_stage *s = &cuda->stage[i];
		if (s->left)
			cuda_keep(cuda, cuda_check(cudaEventDestroy(s->left), "cudaEventDestroy", __FILE__));
		if (s->at)
			cuda_keep(cuda, cuda_check(cudaFreeHost(s->at), "cudaFreeHost", __FILE__));
	}
}

/* The host turns to the other half. */
static status turn_stage(struct cuda_device *cuda)
{
	CUDA_TRY(cudaEventRecord(cuda->stage[cuda->staging].left, cuda->stream));
	cuda->staging = (cuda->staging + 1) % CUDA_STAGES;
	cuda->staged = 0;
	return cuda_wait_for(cuda, cuda->stage[cuda->staging].left);
}

/* The host goes on while the copy is on its way. */
static status put_staged(struct cuda_device *cuda, void *to, const void *host, size_t bytes)
{
	const size_t room = (bytes + STAGE_ALIGN - 1) / STAGE_ALIGN * STAGE_ALIGN;
	if (cuda->staged + room > CUDA_STAGE)
		TRY(turn_stage(cuda));
	unsigned char *const from = cuda->stage[cuda->staging].at + cuda->staged;
	memcpy(from, host, bytes);
	CUDA_TRY(cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, cuda->stream));
	cuda->staged += room;
	return OK;
}

status cuda_put(struct device *d, void *to, const void *host, size_t bytes)
{
	struct cuda_device *cuda = cuda_of(d);
	if (!bytes)
		return OK;
	TRY(cuda_flush(cuda));
	if (bytes <= CUDA_STAGE)
		return put_staged(cuda, to, host, bytes);
	CUDA_TRY(cudaMemcpyAsync(to, host, bytes, cudaMemcpyHostToDevice, cuda->stream));
	return cuda_wait(cuda);
}

status cuda_get(struct device *d, void *host, const void *from, size_t bytes)
{
	struct cuda_device *cuda = cuda_of(d);
	if (!bytes)
		return cuda_wait(cuda);
	TRY(cuda_flush(cuda));
	CUDA_TRY(cudaMemcpyAsync(host, from, bytes, cudaMemcpyDeviceToHost, cuda->stream));
	return cuda_wait(cuda);
}

struct copy_args {
	void *to;
	const void *from;
	size_t bytes;
};

static status run_copy(struct cuda_device *cuda, const void *args)
{
	const struct copy_args *a = args;
	CUDA_TRY(cudaMemcpyAsync(a->to, a->from, a->bytes, cudaMemcpyDeviceToDevice, cuda->stream));
	return OK;
}

status cuda_copy(struct device *d, void *to, const void *from, size_t bytes)
{
	const struct copy_args a = {to, from, bytes};
	return bytes ? cuda_later(d, "copy", run_copy, &a, sizeof a) : OK;
}

status cuda_sync(struct device *d)
{
	return cuda_wait(cuda_of(d));
}

status cuda_start(struct device *d)
{
	return cuda_flush(cuda_of(d));
}
