/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Events: a recording is a moment of its stream; other streams and the host wait for the last one. */
#include "inside.h"
#include <map>

struct CUevent_st {
	unsigned flags;
	standin_moment_ref last;   /* none: never recorded, nobody waits */
};

static std::map<cudaEvent_t, std::unique_ptr<struct CUevent_st>> events;

bool standin_event_leaks(void)
{
	if (!events.empty())
		standin_tell("%zu events were never destroyed", events.size());
	return !events.empty();
}

/* An event and a stream that a capture has nothing to do with: forks of a capture are not here. */
static cudaError_t check(cudaEvent_t event, cudaStream_t s)
{
	if (!events.count(event))
		return cudaErrorInvalidResourceHandle;
	cudaError_t e = standin_stream_check(s);
	if (e == cudaSuccess && standin_stream_capturing(s)) {
		standin_tell("events in a capture are not here");
		standin_capture_forbids();
		e = cudaErrorStreamCaptureUnsupported;
	}
	return e;
}

extern "C" {

cudaError_t cudaEventCreateWithFlags(cudaEvent_t *out, unsigned flags)
{
	CALL_OR_FAIL();
	if (flags & ~(unsigned)(cudaEventBlockingSync | cudaEventDisableTiming))
		return standin_said(cudaErrorInvalidValue);
	std::unique_ptr<struct CUevent_st> e(new CUevent_st{flags, NULL});
	*out = e.get();
	events[*out] = std::move(e);
	return cudaSuccess;
}

cudaError_t cudaEventCreate(cudaEvent_t *out)
{
	return cudaEventCreateWithFlags(out, cudaEventDefault);
}

cudaError_t cudaEventDestroy(cudaEvent_t event)
{
	CALL();
	return events.erase(event) ? forced : standin_said(cudaErrorInvalidResourceHandle);
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t s)
{
	CALL_OR_FAIL();
	cudaError_t e = check(event, s);
	if (e != cudaSuccess)
		return standin_said(e);
	struct standin_op op;
	op.record = std::make_shared<standin_moment>();
	op.record->stream = s;
	op.record->clock = standin_stream_clock(s);
	event->last = op.record;
	standin_push(s, op);
	return cudaSuccess;
}

cudaError_t cudaStreamWaitEvent(cudaStream_t s, cudaEvent_t event, unsigned flags)
{
	CALL_OR_FAIL();
	cudaError_t e = flags ? cudaErrorInvalidValue : check(event, s);
	if (e != cudaSuccess || !event->last)
		return standin_said(e);
	struct standin_op op;
	op.wait = event->last;
	standin_push(s, op);
	standin_stream_join(s, op.wait->clock);
	return cudaSuccess;
}

cudaError_t cudaEventSynchronize(cudaEvent_t event)
{
	CALL_OR_FAIL();
	cudaError_t e = events.count(event) ? standin_capture_forbids() : cudaErrorInvalidResourceHandle;
	if (e == cudaSuccess && event->last)
		standin_drain_until(event->last);
	return standin_said(e);
}

cudaError_t cudaEventQuery(cudaEvent_t event)
{
	CALL_OR_FAIL();
	cudaError_t e = events.count(event) ? standin_capture_forbids() : cudaErrorInvalidResourceHandle;
	if (e != cudaSuccess || !event->last || event->last->reached)
		return standin_said(e);
	standin_step(event->last->stream);   /* who asks again and again comes to an end */
	return standin_said(cudaErrorNotReady);   /* which the next cudaPeekAtLastError finds, if nobody has taken it away */
}

cudaError_t cudaEventElapsedTime(float *ms, cudaEvent_t from, cudaEvent_t to)
{
	CALL_OR_FAIL();
	if (!events.count(from) || !events.count(to) || (from->flags | to->flags) & cudaEventDisableTiming ||
	    !from->last || !to->last)
		return standin_said(cudaErrorInvalidResourceHandle);
	if (!from->last->reached || !to->last->reached)
		return cudaErrorNotReady;
	*ms = (float)(1e3 * (to->last->when - from->last->when));
	return cudaSuccess;
}

}
