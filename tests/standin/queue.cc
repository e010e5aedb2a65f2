/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Streams are queues that run as late as somebody must wait: a missing wait, a host that runs ahead, a buffer that is
 * used again too early all show. Where there are several, what runs first is the seed's choice as far as events leave
 * one. */
#include "streams.h"

static standin_clock host_clock;

#if defined(__SANITIZE_THREAD__)
#define TSAN(...) __VA_ARGS__
#else
#define TSAN(...)
#endif

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
	for (auto &entry : standin_streams)
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

double standin_seconds;

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

UNSEEN void standin_stream_begin(void)
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
		op.record->when = standin_seconds;
	}
}

/* Some stream that has something to do, by the seed: in half of all cases always the one that is waited for. */
static cudaStream_t pick(cudaStream_t wanted, bool lazy)
{
	if (lazy)
		return wanted;
	std::vector<cudaStream_t> busy;
	for (auto &entry : standin_streams)
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
	for (auto &entry : standin_streams)
		standin_drain(entry.first);
}
