/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Captures. A stream begins one; another comes into it where it waits for an event that was recorded in it, and must have been
 * waited for by the first when that ends it. */
#include "streams.h"

static int captures;

bool standin_stream_capturing(cudaStream_t s)
{
	return s->capture != NULL;
}

static void end_capture(const standin_capture_ref &c)
{
	for (auto &entry : standin_streams)
		if (entry.second->capture == c) {
			entry.second->capture.reset();
			entry.second->tips.clear();
		}
	c->over = true;
	captures--;
}

/* A stream goes: what it was in comes to nothing. */
void standin_capture_leave(cudaStream_t s)
{
	const standin_capture_ref c = s->capture;
	if (!c)
		return;
	c->broken = true;
	if (c->origin == s)
		end_capture(c);
}

cudaError_t standin_capture_forbids(void)
{
	if (!captures)
		return cudaSuccess;
	for (auto &entry : standin_streams) {
		struct standin_capture *c = entry.second->capture.get();
		if (c && c->mode != cudaStreamCaptureModeRelaxed &&
		    (c->by == std::this_thread::get_id() || c->mode == cudaStreamCaptureModeGlobal)) {
			c->broken = true;
			return cudaErrorStreamCaptureUnsupported;
		}
	}
	return cudaSuccess;
}

cudaError_t standin_capture_work(cudaStream_t s, const standin_work_ref &w)
{
	if (s->capture->broken)
		return cudaErrorStreamCaptureInvalidated;
	s->capture->nodes.push_back({w, s->tips});
	s->tips = {s->capture->nodes.size() - 1};
	return cudaSuccess;
}

/* ---- events ---- */

cudaError_t standin_capture_record(cudaStream_t s, const standin_moment_ref &m)
{
	if (s->capture->broken)
		return cudaErrorStreamCaptureInvalidated;
	m->capture = s->capture;
	m->tips = s->tips;
	return cudaSuccess;
}

static cudaError_t refuse(cudaStream_t s, const standin_moment_ref &m, cudaError_t e, const char *why)
{
	standin_tell("a stream waits for %s", why);
	for (const standin_capture_ref &c : {s->capture, m->capture})
		if (c)
			c->broken = true;
	return e;
}

cudaError_t standin_capture_wait(cudaStream_t s, const standin_moment_ref &m)
{
	if (!m->capture)
		return refuse(s, m, cudaErrorStreamCaptureIsolation, "an event from outside of its capture");
	if (m->capture->over)
		return refuse(s, m, cudaErrorCapturedEvent, "an event of a capture that is over");
	if (s->capture && s->capture != m->capture)
		return refuse(s, m, cudaErrorStreamCaptureMerge, "an event of another capture");
	if (m->capture->broken)
		return cudaErrorStreamCaptureInvalidated;
	s->capture = m->capture;
	s->tips.insert(s->tips.end(), m->tips.begin(), m->tips.end());
	return cudaSuccess;
}

/* ---- begin and end ---- */

/* Whether the stream that ends the capture has waited for all that is in it. */
static bool joined(const struct standin_capture *c, const std::vector<size_t> &tips)
{
	std::vector<bool> known(c->nodes.size());
	size_t n = 0;
	for (size_t i : tips)
		known[i] = true;
	for (size_t i = c->nodes.size(); i-- > 0;) {
		n += known[i];
		for (size_t before : c->nodes[i].after)
			known[before] = known[before] || known[i];
	}
	return n == c->nodes.size();
}

static cudaError_t end_allowed(cudaStream_t s)
{
	const cudaError_t e = standin_stream_check(s);
	if (e != cudaSuccess)
		return e;
	if (!s->capture)
		return cudaErrorIllegalState;
	if (s->capture->origin != s)
		return cudaErrorStreamCaptureUnmatched;
	const bool mine = s->capture->by == std::this_thread::get_id();
	return mine || s->capture->mode == cudaStreamCaptureModeRelaxed ? cudaSuccess : cudaErrorStreamCaptureWrongThread;
}

extern "C" {

cudaError_t cudaStreamBeginCapture(cudaStream_t s, enum cudaStreamCaptureMode mode)
{
	CALL_OR_FAIL();
	cudaError_t e = standin_stream_check(s);
	if (e == cudaSuccess && s->capture)
		e = cudaErrorIllegalState;
	if (e != cudaSuccess)
		return standin_said(e);
	s->capture = std::make_shared<standin_capture>();
	s->capture->origin = s;
	s->capture->mode = mode;
	s->capture->by = std::this_thread::get_id();
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
	if (s->capture)
		*status = s->capture->broken ? cudaStreamCaptureStatusInvalidated : cudaStreamCaptureStatusActive;
	return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t s, cudaGraph_t *graph)
{
	CALL();
	cudaError_t e = end_allowed(s);
	*graph = NULL;
	if (e != cudaSuccess)
		return standin_said(e);
	const standin_capture_ref c = s->capture;
	const bool whole = joined(c.get(), s->tips);
	end_capture(c);
	if (c->broken)
		return standin_said(cudaErrorStreamCaptureInvalidated);
	if (!whole)
		return standin_said(cudaErrorStreamCaptureUnjoined);
	if (forced != cudaSuccess)
		return forced;
	*graph = standin_graph_make(c->nodes);
	standin_counts.captures++;
	return cudaSuccess;
}

}
