/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Copies, memsets and launches: checked when they are called, done when their stream comes to them. */
#include "inside.h"
#include <map>
#include <sys/mman.h>

static std::map<const void *, int> dynamic_allowed;   /* by cudaFuncSetAttribute */

/* n bytes from p are within one block of the device, or all outside of it. */
static bool on_device(const void *p, size_t n)
{
	const struct standin_block *b = standin_block_at(p);
	return b && (const char *)p >= b->first && (size_t)((const char *)p - b->first) + n <= b->bytes;
}

static bool on_host(const void *p, size_t n)
{
	const struct standin_block *b = standin_pinned_at(p);
	return p && !standin_in_arena(p) && (!b || (size_t)((const char *)p - b->first) + n <= b->bytes);
}

static cudaError_t refused(const char *call, const void *p, size_t n, bool device)
{
	const struct standin_block *b = device ? standin_block_at(p) : standin_pinned_at(p);
	if (b)
		standin_tell("%s: %zu bytes from byte %td of block %lu, which has %zu", call, n,
		             (const char *)p - b->first, b->serial, b->bytes);
	else
		standin_tell("%s: %p is no %s memory", call, p, device ? "device" : "host");
	return standin_said(cudaErrorInvalidValue);
}

/* Copies that another thread may see are ThreadSanitizer's to see: by the plain functions, which it intercepts. */
static void copy_run(void *to, const void *from, size_t bytes)
{
	memcpy(to, from, bytes);
}

/* A copy from pageable memory has taken the bytes when the call returns; one to pageable memory has come to its end. */
static cudaError_t copy_pageable(standin_work *w, void *to, const void *from, size_t bytes, bool up, cudaStream_t s)
{
	cudaError_t e = standin_capture_forbids();
	if (e == cudaSuccess && standin_stream_capturing(s))
		e = cudaErrorStreamCaptureUnsupported;
	if (e != cudaSuccess) {
		standin_tell("a copy between the device and pageable memory can't be captured");
		return standin_said(e);
	}
	if (up) {
		std::shared_ptr<std::vector<char>> taken(
			new std::vector<char>((const char *)from, (const char *)from + bytes));
		w->run = [to, taken, bytes](size_t) { copy_run(to, taken->data(), bytes); };
	}
	e = standin_issue(s, standin_work_ref(w));
	if (e == cudaSuccess && !up)
		standin_drain(s);
	return e;
}

extern "C" {

cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t bytes, enum cudaMemcpyKind kind, cudaStream_t s)
{
	CALL_OR_FAIL();
	cudaError_t e = standin_stream_check(s);
	if (e != cudaSuccess)
		return standin_said(e);
	if (kind < cudaMemcpyHostToDevice || kind > cudaMemcpyDeviceToDevice)   /* say where from and where to */
		return standin_said(cudaErrorInvalidMemcpyDirection);
	const bool up = kind == cudaMemcpyHostToDevice, down = kind == cudaMemcpyDeviceToHost;
	if (bytes == 0)
		return cudaSuccess;
	if (!(down ? on_host(to, bytes) : on_device(to, bytes)))
		return refused("cudaMemcpyAsync to", to, bytes, !down);
	if (!(up ? on_host(from, bytes) : on_device(from, bytes)))
		return refused("cudaMemcpyAsync from", from, bytes, !up);
	std::unique_ptr<standin_work> w(new standin_work());
	w->name = up ? "a copy to the device" : down ? "a copy to the host" : "a copy on the device";
	w->run = [to, from, bytes](size_t) { copy_run(to, from, bytes); };
	w->touches = {{(const char *)from, bytes, STANDIN_READS}, {(const char *)to, bytes, STANDIN_WRITES}};
	w->bytes = bytes;
	if (up && standin_pinned_at(from))
		w->pinned_source = (const char *)from;
	else if (down && standin_pinned_at(to))
		w->pinned_target = (char *)to;
	else if (up || down)
		return copy_pageable(w.release(), to, from, bytes, up, s);
	return standin_issue(s, standin_work_ref(w.release()));
}

cudaError_t cudaMemsetAsync(void *p, int value, size_t bytes, cudaStream_t s)
{
	CALL_OR_FAIL();
	cudaError_t e = standin_stream_check(s);
	if (e != cudaSuccess)
		return standin_said(e);
	if (bytes == 0)
		return cudaSuccess;
	if (!on_device(p, bytes))
		return refused("cudaMemsetAsync", p, bytes, true);
	std::unique_ptr<standin_work> w(new standin_work());
	w->name = "a memset";
	w->run = [p, value, bytes](size_t) { memset(p, value, bytes); };
	w->touches = {{(const char *)p, bytes, STANDIN_WRITES}};
	return standin_issue(s, standin_work_ref(w.release()));
}

cudaError_t cudaFuncSetAttribute(const void *function, enum cudaFuncAttribute attribute, int value)
{
	CALL_OR_FAIL();
	if (attribute != cudaFuncAttributeMaxDynamicSharedMemorySize || value < 0 || value > STANDIN_SHARED_MOST)
		return standin_said(cudaErrorInvalidValue);
	dynamic_allowed[function] = value;
	return cudaSuccess;
}

}

/* ---- launches ---- */

/* A word that is an address of this process's memory, but not of the device's or pinned: the device couldn't follow it. */
static bool host_pointer(const char *p)
{
	const uintptr_t page = 4096, value = (uintptr_t)p;
	unsigned char there;
	/* Programs lie at 0x55… or 0x56…, what they map at the upper end. In between is what sanitizers keep for themselves, and two
	 * small numbers beside each other look like that. */
	const unsigned top = (unsigned)(value >> 40);
	if ((top != 0x55 && top != 0x56 && top != 0x7e && top != 0x7f) || standin_in_arena(p) || standin_pinned_at(p))
		return false;
	return mincore((void *)(value / page * page), page, &there) == 0;
}

static void look_at(const struct standin_kernel *k, const struct standin_arg *a, size_t index, standin_work *w)
{
	for (size_t at = 0; at + sizeof(char *) <= a->bytes; at += sizeof(char *)) {
		const char *p;
		memcpy(&p, (const char *)a->at + at, sizeof p);
		if (standin_block_at(p))
			w->touches.push_back({p, 1, STANDIN_USES});
		else if (a->padded)
			continue;
		else if (standin_in_arena(p))
			standin_fatal("argument %zu of kernel %s points at device memory that is nobody's: %p",
			              index + 1, k->name, (const void *)p);
		else if (host_pointer(p))
			standin_fatal("argument %zu of kernel %s points into the host's memory", index + 1, k->name);
	}
}

static cudaError_t launch_check(const struct standin_kernel *k)
{
	const dim3 g = k->grid, b = k->block;
	if (g.x == 0 || g.y == 0 || g.z == 0 || g.x > 0x7fffffffu || g.y > 65535 || g.z > 65535)
		return cudaErrorInvalidConfiguration;
	if (b.x == 0 || b.y == 0 || b.z == 0 || b.x > 1024 || b.y > 1024 || b.z > 64 || b.x * b.y * b.z > 1024)
		return cudaErrorInvalidConfiguration;
	auto allowed = dynamic_allowed.find(k->function);
	if (k->shared > (size_t)(allowed == dynamic_allowed.end() ? 48 << 10 : allowed->second))
		return cudaErrorInvalidValue;
	return cudaSuccess;
}

cudaError_t standin_launch(const struct standin_kernel *kernel, const struct standin_arg *args, size_t n, cudaStream_t s)
{
	std::lock_guard<std::recursive_mutex> held(standin_lock);
	cudaError_t e = (cudaError_t)standin_called("cudaLaunchKernel", true);
	if (e == cudaSuccess)
		e = standin_stream_check(s);
	if (e == cudaSuccess)
		e = launch_check(kernel);
	if (e != cudaSuccess)
		return standin_said(e);
	std::unique_ptr<standin_work> w(new standin_work());
	w->name = std::string("kernel ") + kernel->name;
	for (size_t i = 0; i < n; i++)
		look_at(kernel, &args[i], i, w.get());
	w->run = [k = *kernel](size_t pool) { standin_run_grid(&k, pool); };
	w->counts = true;
	return standin_issue(s, standin_work_ref(w.release()));
}
