/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Rows of the data: gathered into a batch, and what the network made of them compared with their targets. Args are compared
 * bit by bit: their makers set padding to 0. */
#ifndef BASIN_CUDA_ROWS_H
#define BASIN_CUDA_ROWS_H

#include "src/cuda/kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

/* struct gather, with the slots that it reads. */
struct cuda_gather_args {
	const struct cuda_slots *slots;    /* device, as all pointers here */
	const void *set;
	const uint32_t *index;
	void *out;                         /* begins at a multiple of 16 bytes */
	size_t offset;
	int row, n;
	int c, h, w;
	int channels, block;               /* of out; block: at least 1 */
	enum element element;
	enum augment augment;
	enum stream stream;
	bool per_channel, bf16;
	float scale[CHANNELS_MAX], shift[CHANNELS_MAX];
};
cudaError_t cuda_launch_gather(const struct cuda_gather_args *a, cudaStream_t stream);

/* What rows add up to. */
struct cuda_loss_sums {
	double weighted, plain, correct;   /* with the class's factor cᵢ: Σ wᵢcᵢℓᵢ, Σ cᵢℓᵢ; right answers */
};

/* At most so many blocks share a batch; what each of them has summed is added in their order. */
enum { CUDA_LOSS_PARTS = 256 };

/* struct loss, with the slots that it reads and writes. */
struct cuda_loss_args {
	struct cuda_slots *slots;          /* device, as all pointers here */
	struct cuda_loss_sums *parts;      /* CUDA_LOSS_PARTS */
	const float *output;
	const void *target;
	const uint32_t *index;
	const float *weight, *class_weight;
	const float *log_sd;
	float *gradient, *dlog_sd, *each;
	size_t offset;
	double scale;
	double precision, constant;        /* gaussian: 1/σ²; of each ℓ */
	int row, n, k;
	enum loss_kind kind;
	bool count, add_value, add_dparams;
};
cudaError_t cuda_launch_loss(const struct cuda_loss_args *a, cudaStream_t stream);

/* struct weigh, with the slots that it reads. */
struct cuda_weigh_args {
	const struct cuda_slots *slots;    /* device, as all pointers here */
	const float *a, *b;
	float *weight;
	int n, rate;
};
cudaError_t cuda_launch_weigh(const struct cuda_weigh_args *a, cudaStream_t stream);

/* struct tally, with the slots that it reads. */
struct cuda_tally_args {
	const struct cuda_slots *slots;    /* device */
	struct tally t;
};
cudaError_t cuda_launch_tally(const struct cuda_tally_args *a, cudaStream_t stream);

#ifdef __cplusplus
}
#endif

/* slots_row, on the device. */
#ifdef __cplusplus
static __device__ __forceinline__ size_t slots_row_of(const struct cuda_slots *s, int row, size_t offset)
{
	return (row == SLOT_NONE ? 0 : (size_t)s->value[row]) + offset;
}

/* The set's row behind a position of the batch's order. */
static __device__ __forceinline__ size_t set_row_of(const uint32_t *index, size_t position)
{
	return index ? index[position] : position;
}
#endif

#endif
