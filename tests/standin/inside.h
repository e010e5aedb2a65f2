/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What the stand-in's own files share. One lock is held in every call of CUDA's (calls.cc); device work runs in the
 * host thread that waits for it, under that lock. */
#ifndef BASIN_TESTS_STANDIN_INSIDE_H
#define BASIN_TESTS_STANDIN_INSIDE_H

#include "language.h"
#include "standin.h"
#include <memory>
#include <mutex>
#include <string>
#include <vector>

/* ThreadSanitizer sees kernels and copies, not the scheduler that switches between them. */
#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#define UNSEEN __attribute__((no_sanitize("thread")))
extern "C" {
void AnnotateIgnoreReadsBegin(const char *file, int line);
void AnnotateIgnoreReadsEnd(const char *file, int line);
void AnnotateIgnoreWritesBegin(const char *file, int line);
void AnnotateIgnoreWritesEnd(const char *file, int line);
}
#else
#define UNSEEN
#endif

/* While there is one it sees nothing of this thread. */
struct [[maybe_unused]] standin_unwatched {
#if defined(__SANITIZE_THREAD__)
	standin_unwatched(void)
	{
		AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
		AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
	}
	~standin_unwatched(void)
	{
		AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
		AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
	}
#endif
};
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

/* ---- calls.cc ---- */

extern std::recursive_mutex standin_lock;

/* Counts a call. Returns the error that it has to return, or 0. */
int standin_called(const char *call, bool runtime);
/* Remembers an error for cudaGetLastError and returns it. */
cudaError_t standin_said(cudaError_t e);
/* At the top of a function of the runtime: `forced` is what it must return when it is not 0. */
#define CALL()                                                                                                      \
	std::lock_guard<std::recursive_mutex> standin_held(standin_lock);                                           \
	const cudaError_t forced = standin_said((cudaError_t)standin_called(__func__, true))
#define CALL_OR_FAIL()                                                                                              \
	CALL();                                                                                                     \
	if (forced != cudaSuccess)                                                                                  \
		return forced

/* Ends the process: "stand-in: …", behind it the running kernel with its block and thread where there is one. */
[[noreturn]] void standin_fatal(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A line for the person who reads why a call was refused. */
void standin_tell(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* As standin_devices has set it, which no test may make fail. */
extern "C" int standin_device_count(void);

struct standin_counts { long launches, captures, replays; };
extern struct standin_counts standin_counts;

/* Random numbers from STANDIN_SEED. */
uint64_t standin_random(void);
/* 0 … n−1, each once, in an order that differs from one standin_order_of to the next: `at` is the next one. */
struct standin_order { uint64_t n, at, step; };
struct standin_order standin_order_of(uint64_t n);
static inline UNSEEN void standin_order_next(struct standin_order *o)
{
	o->at += o->step;
	if (o->at >= o->n)
		o->at -= o->n;
}

/* ---- order.cc: who has waited for whom ---- */

/* For each stream how many of its calls are known to have ended. */
typedef std::vector<uint64_t> standin_clock;

/* A piece of memory that a call uses. `use`: of a kernel, of which only a pointer into the piece is known. */
enum standin_how { STANDIN_READS, STANDIN_WRITES, STANDIN_USES };
struct standin_access {
	const char *from;
	size_t bytes;
	enum standin_how how;
};
void standin_clock_join(standin_clock *into, const standin_clock &other);
/* A call of stream `id` at `now` uses the piece: ends the process where another stream uses it with nothing between. */
void standin_access_check(const struct standin_access *a, size_t id, const standin_clock &now, const char *name);
/* Memory that was given back is nobody's. */
void standin_access_forget(const char *from, size_t bytes);

/* ---- memory.cc ---- */

struct standin_block {
	char *first;
	size_t bytes;
	char *pages;
	size_t page_bytes;
	unsigned long serial;
	bool open;
	struct standin_block *next_open;
};
/* The device's or the pinned block that holds this address, or NULL. */
const struct standin_block *standin_block_at(const void *p);
const struct standin_block *standin_pinned_at(const void *p);
bool standin_in_arena(const void *p);
/* Device code runs between these two; a block opens when it is touched, or at once by standin_touch. */
void standin_open(void);
void standin_close(void);
void standin_touch(const void *p);
/* After a kernel or a copy: ends the process where something was written beside a block that is open. */
void standin_margins(const char *name);

/* ---- threads.cc, shared.cc ---- */

/* Shared memory of a block, the static and the dynamic together. */
enum { STANDIN_SHARED_MOST = 227 << 10 };

/* Runs a kernel's blocks. tsan: the stream's identity with ThreadSanitizer, pool: which fibers (one pool a stream). */
void standin_run_grid(const struct standin_kernel *k, size_t pool);
/* The running kernel, "" outside of one. */
const char *standin_running(void);

/* ---- queue.cc, streams.cc, events.cc, graphs.cc ---- */

/* What events show: only what was asked to be slow lets it go on, so that a measurement comes out the same each time. */
extern double standin_seconds;

/* What a call on a stream does when its turn comes: not changed after it was issued, since a graph repeats it. */
struct standin_work {
	std::string name;
	std::function<void(size_t pool)> run;
	std::vector<standin_access> touches;
	const char *pinned_source = NULL;   /* of a copy from pinned memory, and how many bytes */
	char *pinned_target = NULL;
	size_t bytes = 0;
	bool counts = false;                /* among standin_launches() */
};
typedef std::shared_ptr<const standin_work> standin_work_ref;

/* One recording of an event. */
struct standin_moment {
	bool reached = false;
	double when = 0;          /* seconds */
	cudaStream_t stream = NULL;
	standin_clock clock;
	char order;               /* its name with ThreadSanitizer */
};
typedef std::shared_ptr<standin_moment> standin_moment_ref;

struct standin_op {
	standin_work_ref work;       /* or: */
	standin_moment_ref record, wait;
	uint64_t sum = 0;            /* of a pinned source, when it was issued */
	std::shared_ptr<char> order; /* the call happened before it runs: its name with ThreadSanitizer */
};

/* Puts it in the stream's queue, or into its capture. */
cudaError_t standin_issue(cudaStream_t s, const standin_work_ref &w);
/* The same past a capture: events, and a graph's works one by one. */
void standin_push(cudaStream_t s, const struct standin_op &op);
/* Runs the stream's next call, if there is one. */
void standin_step(cudaStream_t s);
/* Runs what was issued until the moment is reached, or all of a stream, or all of all; and the host knows it. */
void standin_drain_until(const standin_moment_ref &m);
void standin_drain(cudaStream_t s);
void standin_drain_all(void);
/* The calling thread is capturing in a mode that forbids what may wait or allocate: the capture is broken then, and
 * the error is the one to return. */
cudaError_t standin_capture_forbids(void);
/* cudaSuccess, or why a call can't be put into this stream. */
cudaError_t standin_stream_check(cudaStream_t s);
bool standin_stream_capturing(cudaStream_t s);
typedef std::vector<standin_work_ref> standin_work_list;
const standin_clock &standin_stream_clock(cudaStream_t s);
void standin_stream_join(cudaStream_t s, const standin_clock &c);
cudaGraph_t standin_graph_make(const standin_work_list &list);
/* Name what was never destroyed; true: something was. */
bool standin_memory_leaks(void);
bool standin_stream_leaks(void);
bool standin_graph_leaks(void);
bool standin_event_leaks(void);
bool standin_blas_leaks(void);
bool standin_dnn_leaks(void);

#endif
