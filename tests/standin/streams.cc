/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Streams as CUDA's calls see them, and captures. */
#include "streams.h"

std::map<cudaStream_t, std::unique_ptr<struct CUstream_st>> standin_streams;
static size_t streams_made;
static int captures;

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

bool standin_stream_capturing(cudaStream_t s)
{
	return s->capturing;
}

const standin_clock &standin_stream_clock(cudaStream_t s)
{
	return s->clock;
}

void standin_stream_join(cudaStream_t s, const standin_clock &c)
{
	standin_clock_join(&s->clock, c);
}

cudaError_t standin_capture_forbids(void)
{
	if (!captures)
		return cudaSuccess;
	for (auto &entry : standin_streams) {
		struct CUstream_st *s = entry.second.get();
		const bool mine = s->captured_by == std::this_thread::get_id();
		if (s->capturing && s->mode != cudaStreamCaptureModeRelaxed && (mine ||
			s->mode == cudaStreamCaptureModeGlobal)) {
			s->broken = true;
			return cudaErrorStreamCaptureUnsupported;
		}
	}
	return cudaSuccess;
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
	std::unique_ptr<struct CUstream_st> s(new CUstream_st());
	s->id = streams_made++;
	TSAN(s->fiber = standin_fiber_make(standin_stream_begin);)
	TSAN(s->fiber->tsan = __tsan_create_fiber(0);)
	*out = s.get();
	standin_streams[*out] = std::move(s);
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
	captures -= s->capturing;
	TSAN(standin_fiber_free(s->fiber);)
	standin_streams.erase(s);
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

cudaError_t cudaStreamBeginCapture(cudaStream_t s, enum cudaStreamCaptureMode mode)
{
	CALL_OR_FAIL();
	cudaError_t e = standin_stream_check(s);
	if (e == cudaSuccess && s->capturing)
		e = cudaErrorIllegalState;
	if (e != cudaSuccess)
		return standin_said(e);
	s->capturing = true;
	s->broken = false;
	s->mode = mode;
	s->captured_by = std::this_thread::get_id();
	s->captured.clear();
	captures++;
	return cudaSuccess;
}

cudaError_t cudaStreamIsCapturing(cudaStream_t s, enum cudaStreamCaptureStatus *status)
{
	CALL_OR_FAIL();
	cudaError_t e = standin_stream_check(s);
	if (e != cudaSuccess)
		return standin_said(e);
	*status = cudaStreamCaptureStatusNone;
	if (s->capturing)
		*status = s->broken ? cudaStreamCaptureStatusInvalidated : cudaStreamCaptureStatusActive;
	return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t s, cudaGraph_t *graph)
{
	CALL();
	cudaError_t e = standin_stream_check(s);
	*graph = NULL;
	if (e == cudaSuccess && !s->capturing)
		e = cudaErrorIllegalState;
	if (e == cudaSuccess && s->captured_by != std::this_thread::get_id() && s->mode != cudaStreamCaptureModeRelaxed)
		e = cudaErrorStreamCaptureWrongThread;
	if (e != cudaSuccess)
		return standin_said(e);
	s->capturing = false;
	captures--;
	if (s->broken)
		return standin_said(cudaErrorStreamCaptureInvalidated);
	if (forced != cudaSuccess)
		return forced;
	*graph = standin_graph_make(s->captured);
	standin_counts.captures++;
	return cudaSuccess;
}

}
