/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The vector verbs' launches. What they are given is plain numbers and device addresses, the same from step to step; what varies is
 * read from the slots where they run. */
#ifndef BASIN_CUDA_VEC_H
#define BASIN_CUDA_VEC_H

#include "src/cuda/kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Whether some piece that moves has a prior whose gradient is not x itself. */
static inline bool pieces_curved(const struct pieces *p)
{
	for (int i = 0; i < p->n; i++)
		if (!p->at[i].frozen && p->at[i].prior != 0 && p->at[i].kind != PRIOR_GAUSSIAN)
			return true;
	return false;
}

/* Sets the slopes of the pieces' priors, which follow from a slot: before a kernel that reads them. */
cudaError_t cuda_launch_slopes(const struct cuda_pieces *p, const struct cuda_slots *slots, cudaStream_t stream);

/* ---- affine ---- */

/* An output; inputs are those of the call that any output needs. */
struct cuda_affine_output {
	float *y;
	const float *base;         /* NULL: none; */
	int base_input;            /* which input that is, or −1 */
	const float *prior_at;     /* NULL: no prior; */
	int prior;                 /* else the slot of its coefficient, */
	int prior_input;           /* and which input that is: a gaussian one is a part of its coefficient */
	int coef[AFFINE_INPUTS];   /* slots */
	int noise;                 /* slot of its scale, or SLOT_NONE */
};

struct cuda_affine_args {
	struct cuda_pieces pieces;
	const struct cuda_slots *slots;
	int n_in, n_out;
	const float *x[AFFINE_INPUTS];
	struct cuda_affine_output out[AFFINE_OUTPUTS];
	enum stream stream[AFFINE_OUTPUTS];  /* of each output's noise; */
	int streams;               /* 0: none has any; 1: all that have some have the first's; else what they are */
	bool curved;               /* any has a prior whose gradient is not x itself */
	bool aligned;              /* every address: to 16 bytes; */
	bool ahead;                /* and no piece is frozen: inputs may be read before it is known which piece they are of */
};

cudaError_t cuda_launch_affine(const struct cuda_affine_args *a, cudaStream_t stream);

/* ---- reduce ---- */

/* What is summed: Σ w·x·y over all n elements or those of moving pieces, or the energy of the moving pieces' priors at x. */
enum cuda_reduce_of { CUDA_REDUCE_ALL, CUDA_REDUCE_MOVING, CUDA_REDUCE_ENERGY };

struct cuda_reduce_args {
	enum cuda_reduce_of of;
	size_t n;
	struct cuda_pieces pieces; /* none for CUDA_REDUCE_ALL */
	const float *x, *y, *w;    /* w: NULL for 1 */
	struct cuda_slots *slots;
	int slot;                  /* where the sum goes */
	bool aligned;
	double *parts;             /* CUDA_REDUCE_PARTS: the stream's, for one sum at a time */
};

enum { CUDA_REDUCE_PARTS = 1024 };

/* In double, in an order that n alone decides. */
cudaError_t cuda_launch_reduce(const struct cuda_reduce_args *a, cudaStream_t stream);

/* ---- pointwise ---- */

struct cuda_pointwise_args {
	struct cuda_pieces pieces;
	const struct cuda_slots *slots;
	enum pointwise_fn fn;
	const float *x[POINTWISE_INPUTS];
	float *y[POINTWISE_OUTPUTS];
	int coef[POINTWISE_COEFS];
	int prior;
	const float *prior_at;     /* where the row has a prior */
	bool curved;               /* whose gradient is not x itself in some piece */
	enum stream stream[POINTWISE_VARIATES];
	bool aligned;
};

cudaError_t cuda_launch_pointwise(const struct cuda_pointwise_args *a, cudaStream_t stream);

/* ---- scalar ---- */

struct cuda_scalar_args {
	struct cuda_slots *slots;
	enum scalar_fn fn;
	int in[SCALAR_INPUTS], out[SCALAR_OUTPUTS];
};

cudaError_t cuda_launch_scalar(const struct cuda_scalar_args *a, cudaStream_t stream);

#ifdef __cplusplus
}
#endif

#endif
