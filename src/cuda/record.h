/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Calls that were put off, in their order. A list that comes again bit by bit is captured as a CUDA graph the second time and
 * replayed from then on: what differs from step to step is in the slots, so that a step's list is equal to the last one's. */
#ifndef BASIN_CUDA_RECORD_H
#define BASIN_CUDA_RECORD_H

#include <cuda_runtime_api.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/err.h"

struct cuda_device;

/* Gives a call to the device's stream, as it is or while that is captured: it must neither allocate nor wait. */
typedef status (*cuda_run)(struct cuda_device *cuda, const void *args);

/* At most so many graphs are kept, and one that RECORD_SEEN lists have not used makes room: a training step has one for each size
 * of batch, and one before and after each place where the host looks. Of so many lists it is known that they came once. */
enum { RECORD_GRAPHS = 16, RECORD_SEEN = 64 };

struct record_graph {
	unsigned char *list;               /* owned, `bytes` of it; NULL: no graph */
	size_t bytes;
	cudaGraphExec_t graph;
	uint64_t used;                     /* when it was last replayed, by `clock`, */
};

struct record {
	bool graphs;                       /* false: every list is run call by call, as it is from when one can't be made */
	unsigned char *list;               /* owned: heads with their args */
	size_t bytes, room;
	size_t newest;                     /* where the last one's head is */
	struct record_graph kept[RECORD_GRAPHS];
	uint64_t seen[RECORD_SEEN];        /* hashes of lists that came, the oldest making room */
	unsigned n_seen;
	uint64_t clock;                    /* which counts lists that may have graphs */
	const char *first, *last;          /* calls given to the stream since the last wait, by name */
};

#endif
