/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* dW beside dx: neither needs the other, and many of their kernels fill only a part of a card, or end with a few blocks. dW gets a
 * stream, with a handle of cuDNN's, that forks from the device's stream and joins it again within one call: whatever comes before and
 * behind knows of one stream. A capture takes the second one in by the same two events. */
#include <stdlib.h>

#include "src/cuda/conv.h"

/* Multiply-adds of dW from which on it is worth the edges of a graph that a fork and a join are, a microsecond or two: fewer take about
 * ten microseconds. Many chains on a card, whose convolutions are smaller as a rule, fill it among themselves. The shape alone decides,
 * so that a plan is the same each time. */
static const double FORKS_FROM = 0x1p29;

bool cuda_conv_forks(const struct cuda_device *cuda, const struct conv_shape *s)
{
	const double outputs = (double)s->n * s->out[0] * s->out[1] * s->out[2], taps = (double)s->kernel * s->kernel;
	return cuda->streams ? cuda->streams == 2 : outputs * taps * s->in[0] / s->groups >= FORKS_FROM;
}

static status open_side(struct conv_side *side)
{
	CUDA_TRY(cudaStreamCreateWithFlags(&side->stream, cudaStreamNonBlocking));
	CUDA_TRY(cudaEventCreateWithFlags(&side->fork, cudaEventDisableTiming));
	CUDA_TRY(cudaEventCreateWithFlags(&side->join, cudaEventDisableTiming));
	TRY(cuda_check_dnn(cudnnCreate(&side->handle), "cudnnCreate", __FILE__));
	return cuda_check_dnn(cudnnSetStream(side->handle, side->stream), "cudnnSetStream", __FILE__);
}

status cuda_conv_side_open(struct cuda_device *cuda)
{
	if (cuda->dnn->side.handle)
		return OK;
	const status s = open_side(&cuda->dnn->side);
	if (s != OK) {
		/* Not to be found half open later. */
		char *words = fail_copy();
		cuda_conv_side_close(cuda);
		fail_again(s, words);
		free(words);
	}
	return s;
}

void cuda_conv_side_close(struct cuda_device *cuda)
{
	struct conv_side *side = &cuda->dnn->side;
	if (side->handle)
		cuda_keep(cuda, cuda_check_dnn(cudnnDestroy(side->handle), "cudnnDestroy", __FILE__));
	if (side->join)
		cuda_keep(cuda, cuda_check(cudaEventDestroy(side->join), "cudaEventDestroy", __FILE__));
	if (side->fork)
		cuda_keep(cuda, cuda_check(cudaEventDestroy(side->fork), "cudaEventDestroy", __FILE__));
	if (side->stream)
		cuda_keep(cuda, cuda_check(cudaStreamDestroy(side->stream), "cudaStreamDestroy", __FILE__));
	*side = (struct conv_side){.handle = NULL};
}

static status fork_side(const struct cuda_device *cuda)
{
	const struct conv_side *side = &cuda->dnn->side;
	CUDA_TRY(cudaEventRecord(side->fork, cuda->stream));
	CUDA_TRY(cudaStreamWaitEvent(side->stream, side->fork, 0));
	return OK;
}

static status join_side(const struct cuda_device *cuda)
{
	const struct conv_side *side = &cuda->dnn->side;
	CUDA_TRY(cudaEventRecord(side->join, side->stream));
	CUDA_TRY(cudaStreamWaitEvent(cuda->stream, side->join, 0));
	return OK;
}

/* dW, which with its placing is the longer of the two as a rule, is the first to get multiprocessors. */
static status run_both(struct cuda_device *cuda, const struct conv_pair_args *a)
{
	const struct conv_side *side = &cuda->dnn->side;
	TRY(cuda_run_conv_in(side->handle, &a->weights));
	if (a->place.to)
		CUDA_TRY(cuda_launch_conv_gradient(&a->place, side->stream));
	return cuda_run_conv(cuda, &a->data);
}

status cuda_run_conv_pair(struct cuda_device *cuda, const void *args)
{
	TRY(fork_side(cuda));
	status s = run_both(cuda, args);
	char *words = s == OK ? NULL : fail_copy();
	/* Also where one of them failed: the other still works on memory that somebody may want then, and a capture ends with one stream. */
	const status joined = join_side(cuda);
	if (s != OK)
		fail_again(s, words);
	free(words);
	return s != OK ? s : joined;
}
