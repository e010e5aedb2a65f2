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
	standin_capture_ref capture;      /* that it is in, and the nodes that its next work waits for */
	std::vector<size_t> tips;
	std::vector<cudaStream_t> lanes;  /* owned: lane 1 and on of graphs that are launched in it */
	struct standin_fiber *fiber;      /* to ThreadSanitizer it is a thread */
};

struct standin_capture {
	cudaStream_t origin;
	enum cudaStreamCaptureMode mode;
	std::thread::id by;
	bool broken, over;
	standin_node_list nodes;
};

extern std::map<cudaStream_t, std::unique_ptr<struct CUstream_st>> standin_streams;

#if defined(__SANITIZE_THREAD__)
/* The code of a stream's fiber. */
void standin_stream_begin(void);
#endif

#endif
