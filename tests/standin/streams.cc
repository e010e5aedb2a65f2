/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Streams are queues that run as late as somebody must wait: a missing wait, a host that runs ahead, a buffer that is used again
 * too early all show. Where there are several, what runs first is the seed's choice as far as events leave one. */
#include "fibers.h"
#include "inside.h"
#include <deque>
#include <map>
#include <ctime>
#include <thread>

struct CUstream_st {
	size_t id;
	std::deque<struct standin_op> queue;
	standin_clock clock;              /* what is known to have ended when the last issued call begins */
	bool capturing, broken;
	enum cudaStreamCaptureMode mode;
	std::thread::id captured_by;
	standin_work_list captured;
	struct standin_fiber *fiber;      /* to ThreadSanitizer it is a thread */
};

static std::map<cudaStream_t, std::unique_ptr<struct CUstream_st>> streams;
static size_t streams_made;
static standin_clock host_clock;
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
	return streams.count(s) ? cudaSuccess : cudaErrorInvalidResourceHandle;
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
	for (auto &entry : streams) {
		struct CUstream_st *s = entry.second.get();
		const bool mine = s->captured_by == std::this_thread::get_id();
		if (s->capturing && s->mode != cudaStreamCaptureModeRelaxed && (mine || s->mode == cudaStreamCaptureModeGlobal)) {
			s->broken = true;
			return cudaErrorStreamCaptureUnsupported;
		}
	}
	return cudaSuccess;
}

/* ---- the queue ---- */

static uint64_t sum_of(const char *p, size_t bytes)
{
	uint64_t sum = 14695981039346656037u, word;
	for (; bytes >= 8; bytes -= 8, p += 8) {
		memcpy(&word, p, 8);
		sum = (sum ^ word) * 1099511628211u;
	}
	for (; bytes; bytes--, p++)
		sum = (sum ^ (unsigned char)*p) * 1099511628211u;
	return sum;
}

/* A copy to this pinned memory is still to come: what the host sees there now means nothing. */
static bool awaits_copy(const char *from, size_t bytes)
{
	for (auto &entry : streams)
		for (auto &op : entry.second->queue)
			if (op.work && op.work->pinned_target && op.work->pinned_target < from + bytes &&
			    from < op.work->pinned_target + op.work->bytes)
				return true;
	return false;
}

void standin_push(cudaStream_t s, const struct standin_op &given)
{
	struct standin_op op = given;
	standin_clock_join(&s->clock, host_clock);
	if (s->clock.size() <= s->id)
		s->clock.resize(s->id + 1);
	s->clock[s->id]++;
	if (op.work) {
		for (auto &a : op.work->touches)
			standin_access_check(&a, s->id, s->clock, op.work->name.c_str());
		if (op.work->pinned_source && awaits_copy(op.work->pinned_source, op.work->bytes))
			op.sum = 0;
		else if (op.work->pinned_source)
			op.sum = sum_of(op.work->pinned_source, op.work->bytes) | 1;
		/* From now on the device may write there at any time: a host that reads it too early finds NaN. */
		if (op.work->pinned_target)
			memset(op.work->pinned_target, 0xff, op.work->bytes);
	}
	op.order = std::make_shared<char>();
	TSAN(__tsan_release(op.order.get());)
	s->queue.push_back(op);
}

cudaError_t standin_issue(cudaStream_t s, const standin_work_ref &w)
{
	if (!s->capturing) {
		struct standin_op op;
		op.work = w;
		standin_push(s, op);
	} else if (!s->broken) {
		s->captured.push_back(w);
	} else {
		return standin_said(cudaErrorStreamCaptureInvalidated);
	}
	return cudaSuccess;
}

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void run_work(const standin_work *w, uint64_t sum, size_t pool)
{
	if (sum && (sum_of(w->pinned_source, w->bytes) | 1) != sum)
		standin_fatal("%s: the host changed the pinned buffer before its copy had ended", w->name.c_str());
	w->run(pool);
}

#if defined(__SANITIZE_THREAD__)
/* To ThreadSanitizer a stream is a thread, with a stack of its own. */
static struct standin_fiber caller;
static struct {
	cudaStream_t stream;
	size_t id;
	const standin_work *work;
	uint64_t sum;
	char *order, *wait, *record;
	struct standin_fiber *fiber;
} running;

static UNSEEN void stream_begin(void)
{
	for (;;) {
		__tsan_acquire(running.order);
		if (running.work)
			run_work(running.work, running.sum, running.id);
		if (running.wait)
			__tsan_acquire(running.wait);
		if (running.record)
			__tsan_release(running.record);
		__tsan_release(running.stream);
		struct standin_fiber *me = running.fiber;
		__tsan_switch_to_fiber(caller.tsan, __tsan_switch_to_fiber_no_sync);
		standin_fiber_switch(me, &caller);
	}
}

/* Nothing that the stream has seen may be freed by the host, to which only a wait says that it is over. */
static UNSEEN void run_op(cudaStream_t s, const struct standin_op *op)
{
	static std::vector<standin_op> *kept = new std::vector<standin_op>();
	caller.tsan = __tsan_get_current_fiber();
	running.stream = s, running.id = s->id, running.fiber = s->fiber;
	running.work = op->work.get(), running.sum = op->sum, running.order = op->order.get();
	running.wait = op->wait ? &op->wait->order : NULL;
	running.record = op->record ? &op->record->order : NULL;
	__tsan_switch_to_fiber(s->fiber->tsan, __tsan_switch_to_fiber_no_sync);
	standin_fiber_switch(&caller, s->fiber);
	kept->push_back(*op);
}
#else
static void run_op(cudaStream_t s, const struct standin_op *op)
{
	if (op->work)
		run_work(op->work.get(), op->sum, s->id);
}
#endif

/* Runs the stream's next call, or what it must wait for. */
static void step(cudaStream_t s)
{
	while (s->queue.front().wait && !s->queue.front().wait->reached)
		s = s->queue.front().wait->stream;
	const struct standin_op op = s->queue.front();
	s->queue.pop_front();
	if (op.work)
		for (auto &a : op.work->touches)
			standin_touch(a.from);
	run_op(s, &op);
	if (op.work) {
		standin_margins(op.work->name.c_str());
		standin_counts.launches += op.work->counts;
	}
	if (op.record) {
		op.record->reached = true;
		op.record->when = now();
	}
}

/* Some stream that has something to do, by the seed: in half of all cases always the one that is waited for. */
static cudaStream_t pick(cudaStream_t wanted, bool lazy)
{
	if (lazy)
		return wanted;
	std::vector<cudaStream_t> busy;
	for (auto &entry : streams)
		if (!entry.second->queue.empty())
			busy.push_back(entry.first);
	return busy[standin_random() % busy.size()];
}

void standin_step(cudaStream_t s)
{
	standin_open();
	if (!s->queue.empty())
		step(s);
	standin_close();
}

void standin_drain_until(const standin_moment_ref &m)
{
	const bool lazy = standin_random() & 1;
	standin_open();
	while (!m->reached)
		step(pick(m->stream, lazy));
	standin_close();
	standin_clock_join(&host_clock, m->clock);
	TSAN(__tsan_acquire(&m->order);)
}

void standin_drain(cudaStream_t s)
{
	const bool lazy = standin_random() & 1;
	standin_open();
	while (!s->queue.empty())
		step(pick(s, lazy));
	standin_close();
	standin_clock_join(&host_clock, s->clock);
	TSAN(__tsan_acquire(s);)
}

void standin_drain_all(void)
{
	for (auto &entry : streams)
		standin_drain(entry.first);
}

bool standin_stream_leaks(void)
{
	for (auto &entry : streams)
		standin_tell("stream %zu was never destroyed", entry.second->id);
	return !streams.empty();
}

extern "C" {

cudaError_t cudaStreamCreateWithFlags(cudaStream_t *out, unsigned flags)
{
	CALL_OR_FAIL();
	if (flags & ~(unsigned)cudaStreamNonBlocking)
		return standin_said(cudaErrorInvalidValue);
	std::unique_ptr<struct CUstream_st> s(new CUstream_st());
	s->id = streams_made++;
	TSAN(s->fiber = standin_fiber_make(stream_begin);)
	TSAN(s->fiber->tsan = __tsan_create_fiber(0);)
	*out = s.get();
	streams[*out] = std::move(s);
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
	streams.erase(s);
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
	*status = !s->capturing ? cudaStreamCaptureStatusNone : s->broken ? cudaStreamCaptureStatusInvalidated : cudaStreamCaptureStatusActive;
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
