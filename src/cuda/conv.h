/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Convolution layers, for their own files. */
#ifndef BASIN_CUDA_CONV_H
#define BASIN_CUDA_CONV_H

#include "src/cuda/conv_kernels.h"
#include "src/cuda/cuda.h"
#include "src/cuda/cudnn.h"

/* ---- a task, and its graph of cuDNN's: conv_graphs.c ---- */

/* A convolution in one direction, as cuDNN is told of it. */
struct conv_task {
	struct conv_shape shape;
	int whole;                 /* examples of the batch of which this is a rest; no more than the shape's n: of none */
	enum conv_part part;
	bool bf16;                 /* tensors, working weights and dW; sums are float32 in any case */
	bool direct;               /* neither Winograd's algorithm nor Fourier transforms */
	bool fast;                 /* sums in an order that varies, and in float32 factors of 11 bits, are allowed */
};

/* What a plan asks for, forward; others differ in their part. */
struct conv_task conv_task_of(const struct plan_request *r);

/* The task's name among the device's choices: "conv fprop bf16 n128 64x32x32 64k3s1p1g1". */
enum { CONV_KEY = 128 };
void conv_key(const struct conv_task *t, char key[CONV_KEY]);

/* Whether an engine with these notes may do a task; bytes of workspace that it may have at most. */
bool conv_allows(const struct conv_task *t, unsigned notes);
static const size_t CONV_WORKSPACE = (size_t)64 << 20;

/* What tensors are called in a graph. */
enum { CONV_ID_X = 1, CONV_ID_W, CONV_ID_Y };

/* The task's graph for a card. Errors: ERR_LIBRARY, ERR_MEMORY; it is then closed. */
status conv_graph(const struct dnn_card *card, const struct conv_task *t, struct dnn_graph *out);

/* ---- who does it: conv_choose.c ---- */

/* Of the device's for good: a task, and the plan that does it. */
struct conv_ready {
	struct conv_ready *next;
	struct conv_task task;
	struct dnn_plan plan;
};

/* cuDNN for one device. */
struct cuda_dnn {
	struct dnn_card card;
	struct conv_ready *ready;  /* owned, as they were made */
};

/* Opens cuDNN for the device, unless it is open. Errors: ERR_LIBRARY (there is none here, and where it was looked for),
 * ERR_MEMORY. */
status cuda_dnn_open(struct cuda_device *cuda);

/* The task's plan, which the device keeps: what its choices say, else of a rest what they say of the whole, else the fastest of cuDNN's
 * proposals whose result is right, which the choices then say. Not while calls are captured. *out is NULL where no engine does it. A
 * known choice that is refused is told by a warning, and made anew; none is for want of room, or a run's bits would depend on what else
 * is on the card. Errors: ERR_MEMORY, ERR_LIBRARY. */
status cuda_conv_choose(struct cuda_device *cuda, const struct conv_task *t, const struct conv_ready **out);

/* ---- timing: conv_measure.c ---- */

enum { CONV_TRIALS = 65 };     /* measured at a time, at most */

/* A proposal of cuDNN's while it is measured. */
struct conv_trial {
	struct dnn_config config;
	struct dnn_plan plan;
	float best;                /* milliseconds of a run; below 0: it is out */
};

/* Has each trial do the task on numbers made for it: which of those that can be captured is the fastest and right; −1: none. What is
 * passed over because it fails, or because its result is wrong, is told by a warning. Where there is no clock the first is as fast
 * as any. Errors: ERR_MEMORY, ERR_LIBRARY. */
status conv_measure(struct cuda_device *cuda, const struct conv_task *t, int n, struct conv_trial *trial, int *best);

#endif
