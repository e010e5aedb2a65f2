/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Streams as CUDA's calls see them. */
#include "streams.h"

std::map<cudaStream_t, std::unique_ptr<struct CUstream_st>> standin_streams;
static size_t streams_made;

#if defined(__SANITIZE_THREAD__)
#define TSAN(...) __VA_ARGS__
#else
#define TSAN(...)
#endif

cudaError_t standin_stream_check(cudaStream_t s)
{
	if (!s) {
		standin_tell("the default stream is not here: it waits for all others");
		return cudaErrorNotSupported;
	}
	return standin_streams.count(s) ? cudaSuccess : cudaErrorInvalidResourceHandle;
}

static cudaStream_t make_stream(void)
{
	std::unique_ptr<struct CUstream_st> s(new CUstream_st());
	s->id = streams_made++;
	TSAN(s->fiber = standin_fiber_make(standin_stream_begin);)
	TSAN(s->fiber->tsan = __tsan_create_fiber(0);)
	const cudaStream_t made = s.get();
	standin_streams[made] = std::move(s);
	return made;
}

static void forget_stream(cudaStream_t s)
{
	TSAN(standin_fiber_free(s->fiber);)
	standin_streams.erase(s);
}

cudaStream_t standin_stream_lane(cudaStream_t s, size_t lane)
{
	while (s->lanes.size() < lane)
		s->lanes.push_back(make_stream());
	return s->lanes[lane - 1];
}

bool standin_stream_leaks(void)
{
	for (auto &entry : standin_streams)
		standin_tell("stream %zu was never destroyed", entry.second->id);
	return !standin_streams.empty();
}

extern "C" {

cudaError_t cudaStreamCreateWithFlags(cudaStream_t *out, unsigned flags)
{
	CALL_OR_FAIL();
	if (flags & ~(unsigned)cudaStreamNonBlocking)
		return standin_said(cudaErrorInvalidValue);
	*out = make_stream();
	return cudaSuccess;
}

cudaError_t cudaStreamCreate(cudaStream_t *out)
{
	return cudaStreamCreateWithFlags(out, cudaStreamDefault);
}

cudaError_t cudaStreamDestroy(cudaStream_t s)
{
	CALL();
	cudaError_t e = standin_stream_check(s);
	if (e != cudaSuccess)
		return standin_said(e);
	standin_drain(s);
	standin_capture_leave(s);
	for (cudaStream_t lane : s->lanes)
		forget_stream(lane);
	forget_stream(s);
	return forced;
}

cudaError_t cudaStreamSynchronize(cudaStream_t s)
{
	CALL_OR_FAIL();
	cudaError_t e = standin_stream_check(s);
	if (e == cudaSuccess)
		e = standin_capture_forbids();
	if (e == cudaSuccess)
		standin_drain(s);
	return standin_said(e);
}

cudaError_t cudaDeviceSynchronize(void)
{
	CALL_OR_FAIL();
	cudaError_t e = standin_capture_forbids();
	if (e == cudaSuccess)
		standin_drain_all();
	return standin_said(e);
}

/* As late as can be: a stream is not ready before somebody waited for it. */
cudaError_t cudaStreamQuery(cudaStream_t s)
{
	CALL_OR_FAIL();
	cudaError_t e = standin_stream_check(s);
	if (e == cudaSuccess)
		e = standin_capture_forbids();
	if (e != cudaSuccess)
		return standin_said(e);
	if (s->queue.empty())
		return cudaSuccess;
	standin_step(s);   /* who asks again and again comes to an end */
	return cudaErrorNotReady;
}

}
