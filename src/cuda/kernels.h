/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What the kernels and the C files that launch them share. */
#ifndef BASIN_CUDA_KERNELS_H
#define BASIN_CUDA_KERNELS_H

#include <cuda_runtime_api.h>

#ifdef __cplusplus
extern "C" {
#endif

#include "src/layer.h"

/* The device's copy of struct slots: all that varies from step to step. */
struct cuda_slots {
	double value[SLOTS];
	uint64_t step;
	uint32_t seed, chain;
};

/* prior.h's a and b in float32. */
struct cuda_slope {
	float a, b;
};

/* The device's copy of struct pieces. */
struct cuda_pieces {
	const struct piece *at;    /* device */
	struct cuda_slope *slopes; /* device: as many, for verbs that make them before they use them */
	const int *begin;          /* device: of each PIECES_BLOCK elements, the last piece that begins at or before the first of them */
	int n;
	size_t count;
};
enum { PIECES_BLOCK = 1024 };

/* Writes a table's numbers, the device's own or the host's, and with the latter step and key; the host's copy may be changed as
 * soon as this has returned. */
enum cuda_slots_part { CUDA_SLOTS_HOST = 1, CUDA_SLOTS_DEVICE = 2 };
cudaError_t cuda_launch_slots(struct cuda_slots *to, const struct cuda_slots *from, unsigned parts, cudaStream_t stream);

#ifdef __cplusplus
}
#endif

#endif
