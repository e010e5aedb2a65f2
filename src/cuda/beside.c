/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What goes to the host and comes from it beside the calls: through pinned memory on a stream of its own. The two streams wait for each
 * other by events: what leaves for what made it, and the calls behind a put for what it brings. */
#include <string.h>

#include "src/cuda/cuda.h"
#include "src/text.h"

status cuda_beside_open(struct cuda_device *cuda)
{
	struct cuda_beside *b = &cuda->beside;
	CUDA_TRY(cudaStreamCreateWithFlags(&b->stream, cudaStreamNonBlocking));
	CUDA_TRY(cudaEventCreateWithFlags(&b->ready, cudaEventDisableTiming));
	CUDA_TRY(cudaEventCreateWithFlags(&b->before, cudaEventDisableTiming));
	CUDA_TRY(cudaEventCreateWithFlags(&b->done, cudaEventDisableTiming | cudaEventBlockingSync));
	return OK;
}

void cuda_beside_close(struct cuda_device *cuda)
{
	struct cuda_beside *b = &cuda->beside;
	cuda_beside_settle(cuda);
	const cudaEvent_t events[] = {b->ready, b->before, b->done};
	for (size_t i = 0; i < sizeof events / sizeof *events; i++)
		if (events[i])
			cuda_keep(cuda, cuda_check(cudaEventDestroy(events[i]), "cudaEventDestroy", __FILE__));
	if (b->stream)
		cuda_keep(cuda, cuda_check(cudaStreamDestroy(b->stream), "cudaStreamDestroy", __FILE__));
}

/* ---- pinned memory ---- */

/* It is the host's that is all taken: in the library's words, those of the card's memory, one would look there. */
status cuda_pinned(size_t bytes, void **out)
{
	*out = NULL;
	const cudaError_t e = cudaMallocHost(out, bytes);
	if (e != cudaErrorMemoryAllocation)
		return cuda_check(e, "cudaMallocHost", __FILE__);
	(void)cudaGetLastError();
	return fail(ERR_MEMORY, "out of pinned host memory: %s asked for", text_amount(&(struct text){.n = 0}, bytes));
}

status cuda_host_alloc(struct device *d, size_t bytes, void **out)
{
	(void)d;
	const size_t room = bytes ? bytes : 1;
	TRY(cuda_pinned(room, out));
	memset(*out, 0, room);
	return OK;
}

void cuda_host_free(struct device *d, void *p)
{
	struct cuda_device *cuda = cuda_of(d);
	if (!p)
		return;
	cuda_beside_settle(cuda);
	cuda_keep(cuda, cuda_check(cudaFreeHost(p), "cudaFreeHost", __FILE__));
}

/* ---- there ---- */

status cuda_get_begin(struct device *d, void *host, const void *from, size_t bytes)
{
	struct cuda_device *cuda = cuda_of(d);
	struct cuda_beside *b = &cuda->beside;
	if (!bytes)
		return OK;
	TRY(cuda_flush(cuda));
	CUDA_TRY(cudaEventRecord(b->ready, cuda->stream));
	CUDA_TRY(cudaStreamWaitEvent(b->stream, b->ready, 0));
	CUDA_TRY(cudaMemcpyAsync(host, from, bytes, cudaMemcpyDeviceToHost, b->stream));
	b->busy = true;
	CUDA_TRY(cudaEventRecord(b->done, b->stream));
	return OK;
}

/* ---- back ---- */

status cuda_put_begin(struct device *d, void *to, const void *host, size_t bytes)
{
	struct cuda_device *cuda = cuda_of(d);
	struct cuda_beside *b = &cuda->beside;
	if (!bytes)
		return OK;
	TRY(cuda_flush(cuda));
	/* Calls since then don't use `to`; those before may. */
	CUDA_TRY(cudaStreamWaitEvent(b->stream, b->before, 0));
	CUDA_TRY(cudaEventRecord(b->before, cuda->stream));
	CUDA_TRY(cudaMemcpyAsync(to, host, bytes, cudaMemcpyHostToDevice, b->stream));
	b->busy = true;
	CUDA_TRY(cudaEventRecord(b->done, b->stream));
	CUDA_TRY(cudaStreamWaitEvent(cuda->stream, b->done, 0));
	return OK;
}

status cuda_put_end(struct device *d)
{
	bool done;
	return cuda_get_end(d, true, &done);
}

/* ---- the end of either ---- */

status cuda_get_end(struct device *d, bool wait, bool *done)
{
	struct cuda_device *cuda = cuda_of(d);
	struct cuda_beside *b = &cuda->beside;
	*done = !b->busy;
	if (*done)
		return OK;
	if (!wait) {
		const cudaError_t e = cudaEventQuery(b->done);
		if (e == cudaErrorNotReady) {
			/* No error, but the next launch would be taken for one that failed. */
			(void)cudaGetLastError();
			return OK;
		}
		TRY(cuda_check(e, "cudaEventQuery", __FILE__));
	}
	/* Whatever comes of it, nothing is on its way afterwards. */
	b->busy = false;
	TRY(cuda_wait_for(cuda, b->done));
	*done = true;
	return OK;
}

void cuda_beside_settle(struct cuda_device *cuda)
{
	struct cuda_beside *b = &cuda->beside;
	if (b->busy)
		cuda_keep(cuda, cuda_check(cudaStreamSynchronize(b->stream), "cudaStreamSynchronize", __FILE__));
	b->busy = false;
}
