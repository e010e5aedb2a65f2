/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A CUDA device that is not there: what tests ask of the stand-in beside CUDA's own interface.
 *
 * A fault that a device would not report, or not by name, ends the process with status 70 and a line "stand-in: …" on
 * standard error: a barrier that some threads never reach, a host that touches device memory, a write outside of a
 * block of memory, a buffer changed before its copy ended, two streams that use the same memory with no wait between
 * them.
 *
 * Environment: STANDIN_SEED=n chooses the order of threads, of blocks and of streams (1). STANDIN_LEAKS=1: what was
 * never given back is named at the process's end, which is then one of status 70. STANDIN_DEVICES, STANDIN_MEMORY: as
 * the functions below. STANDIN_FAIL=CALL:NTH:ERROR as standin_fail. */
#ifndef BASIN_TESTS_STANDIN_H
#define BASIN_TESTS_STANDIN_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The nth call from now on (1: the next) of a function of the runtime, of cublasLt or of cuDNN returns `error`, and does
 * nothing; one that gives something back, or ends a capture, does so all the same. A launch is a call of
 * cudaLaunchKernel. One at a time: the next standin_fail replaces it, nth 0 takes it away. */
void standin_fail(const char *call, int nth, int error);

/* Calls of that function so far; NULL: of all functions. */
size_t standin_calls(const char *call);

/* From now on a plan of cuDNN's engine of that index (−1: of all) is right, or adds to one element what is wrong, or is
 * refused when it is made, or fails when it is called, or takes 30 ms by the clock of
 * events, for which nothing else takes any time. */
enum standin_engine {
	STANDIN_ENGINE_GOOD,
	STANDIN_ENGINE_WRONG,
	STANDIN_ENGINE_REFUSED,
	STANDIN_ENGINE_FAILS,
	STANDIN_ENGINE_SLOW
};
void standin_engine(int index, enum standin_engine how);

/* The device has so much memory from now on. At the start: 4 GiB. */
void standin_memory(size_t bytes);

/* So many devices there are; 0: none, -1: not even a driver. At the start: 1. */
void standin_devices(int n);

/* Kernels, matrix products and graphs of cuDNN's that ran; captures that ended well; graphs that were launched. */
long standin_launches(void);
long standin_captures(void);
long standin_replays(void);

/* Bytes of device memory in use, and calls of cudaMalloc that were not given back. */
size_t standin_in_use(void);
long standin_blocks(void);

#ifdef __cplusplus
}
#endif
#endif
