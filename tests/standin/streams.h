/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A stream, and what runs it. */
#ifndef BASIN_TESTS_STANDIN_STREAMS_H
#define BASIN_TESTS_STANDIN_STREAMS_H

#include "fibers.h"
#include "inside.h"
#include <deque>
#include <map>
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

extern std::map<cudaStream_t, std::unique_ptr<struct CUstream_st>> standin_streams;

#if defined(__SANITIZE_THREAD__)
/* The code of a stream's fiber. */
void standin_stream_begin(void);
#endif

#endif
