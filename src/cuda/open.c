/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A card as a backend: finding and opening it, and the table of its verbs. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/choices.h"
#include "src/cuda/cuda.h"
#include "src/cuda/cudnn.h"
#include "src/cuda/vec.h"
#include "src/json_words.h"

/* The oldest cards that the kernels are built for. */
enum { CAPABILITY_LEAST = 8 };

/* How many cards there are; where there is none, why. Errors: ERR_USAGE, ERR_LIBRARY. */
static status count_cards(int *n)
{
	cudaError_t e = cudaGetDeviceCount(n);
	if (e == cudaSuccess && *n > 0)
		return OK;
	*n = 0;
	(void)cudaGetLastError();
	int driver = 0;
	switch (e) {
	case cudaSuccess:
	case cudaErrorNoDevice:
		return fail(ERR_USAGE, "{device} cuda: there is no CUDA device on this machine");
	case cudaErrorInsufficientDriver:
		if (cudaDriverGetVersion(&driver) != cudaSuccess || !driver)
			return fail(ERR_USAGE, "{device} cuda: no NVIDIA driver is installed on this machine");
		return fail(ERR_USAGE, "{device} cuda: this machine's NVIDIA driver has CUDA %d.%d, and this program needs %d.%d or later",
		            driver / 1000, driver % 1000 / 10, CUDART_VERSION / 1000, CUDART_VERSION % 1000 / 10);
	default:
		return cuda_check(e, "cudaGetDeviceCount", __FILE__);
	}
}

static int cuda_count(void)
{
	int n;
	return count_cards(&n) == OK ? n : 0;
}

static status check_number(int number)
{
	int n;
	TRY(count_cards(&n));
	if (number < n)
		return OK;
	return n == 1 ? fail(ERR_USAGE, "{device} cuda:%d: there is one CUDA device, cuda:0", number)
	              : fail(ERR_USAGE, "{device} cuda:%d: there are %d CUDA devices, cuda:0 to cuda:%d", number, n, n - 1);
}

/* What nobody was told before the device went. */
static void say_last(struct cuda_device *cuda)
{
	if (cuda->failed == OK || cuda->told)
		return;
	fail_again(cuda->failed, cuda->words);
	warning_failed(cuda->failed);
}

/* Also of a device that did not open, with what it has. */
static void cuda_close(struct device *d)
{
	struct cuda_device *cuda = cuda_of(d);
	if (cuda->stream)
		cuda_forget(cuda);
	cuda_pieces_close(cuda);
	cuda_free(d, cuda->parts);
	cuda_free(d, cuda->scratch);
	cuda_free(d, cuda->workspace);
	cuda_dnn_close(cuda);
	if (cuda->blas)
		cuda_keep(cuda, cuda_check_blas(cublasLtDestroy(cuda->blas), "cublasLtDestroy", __FILE__));
	if (cuda->slots_back)
		cuda_keep(cuda, cuda_check(cudaFreeHost(cuda->slots_back), "cudaFreeHost", __FILE__));
	cuda_beside_close(cuda);
	cuda_stage_close(cuda);
	cuda_pace_close(cuda);
	if (cuda->stream)
		cuda_keep(cuda, cuda_check(cudaStreamDestroy(cuda->stream), "cudaStreamDestroy", __FILE__));
	say_last(cuda);
	json_decref(cuda->choices);
	free(cuda->record.list);
	free(cuda->words);
	free(cuda);
}

/* BASIN_CUDA_GRAPHS=no has every call run by itself: to find out whether a fault is a graph's, or a call's. Another word is no reason
 * to take another device. */
static status read_graphs(bool *graphs)
{
	const char *text = getenv("BASIN_CUDA_GRAPHS");
	*graphs = !text || !*text || strcmp(text, "yes") == 0;
	return *graphs || strcmp(text, "no") == 0 ? OK : fail(ERR_LIBRARY, "BASIN_CUDA_GRAPHS=%s: expected yes or no", text);
}

static status open_parts(struct cuda_device *cuda)
{
	cuda->choices = json_object();
	if (!cuda->choices)
		return fail(ERR_MEMORY, "out of memory");
	TRY(read_graphs(&cuda->record.graphs));
	CUDA_TRY(cudaSetDevice(cuda->number));
	CUDA_TRY(cudaGetDeviceProperties(&cuda->card, cuda->number));
	if (cuda->card.major < CAPABILITY_LEAST)
		return fail(ERR_USAGE, "{device} cuda:%d: %s has compute capability %d.%d; %d.0 or later is needed", cuda->number,
		            cuda->card.name, cuda->card.major, cuda->card.minor, CAPABILITY_LEAST);
	/* Nothing here waits for the stream that all threads share, nor it for us. */
	CUDA_TRY(cudaStreamCreateWithFlags(&cuda->stream, cudaStreamNonBlocking));
	TRY(cuda_pinned(SLOTS * sizeof *cuda->slots_back, (void **)&cuda->slots_back));
	TRY(cuda_stage_open(cuda));
	TRY(cuda_beside_open(cuda));
	TRY(cuda_pace_open(cuda));
	BLAS_TRY(cublasLtCreate(&cuda->blas));
	TRY(cuda_alloc(&cuda->device, CUDA_REDUCE_PARTS * sizeof *cuda->parts, (void **)&cuda->parts));
	return cuda_alloc(&cuda->device, CUDA_WORKSPACE, &cuda->workspace);
}

static status cuda_open(int number, int threads, struct device **out)
{
	(void)threads;  /* the host's; the card's work does not share itself among them */
	*out = NULL;
	TRY(check_number(number));
	struct cuda_device *cuda = calloc(1, sizeof *cuda);
	if (!cuda)
		return fail(ERR_MEMORY, "out of memory");
	cuda->device.ops = &cuda_backend;
	cuda->number = number;
	status s = open_parts(cuda);
	if (s != OK) {
		char *words = fail_copy();
		cuda->told = true;
		cuda_close(&cuda->device);
		fail_again(s, words);
		free(words);
		return s;
	}
	*out = &cuda->device;
	return OK;
}

/* "13.0", of how NVIDIA counts the versions of what. */
static json_t *version(int number, int major, int minor)
{
	return number ? json_sprintf("%d.%d", number / major, number % major / minor) : json_string("unknown");
}

static json_t *cuda_libraries(void)
{
	int runtime = 0, blas = (int)cublasLtGetVersion();
	(void)cudaRuntimeGetVersion(&runtime);
	char dnn[DNN_VERSION_TEXT];
	return json_pack("{s:o, s:o, s:s}", "CUDA", version(runtime, 1000, 10), "cuBLAS",
	                 blas ? version(blas, 10000, 100) : json_string("not found"), "cuDNN", dnn_version(dnn));
}

static json_t *cuda_describe(const struct device *d)
{
	const struct cuda_device *cuda = cuda_of(d);
	int driver = 0;
	json_t *libraries = cuda_libraries();
	(void)cudaDriverGetVersion(&driver);
	if (json_object_set_new(libraries, "CUDA driver", version(driver, 1000, 10)) != 0) {
		json_decref(libraries);
		return NULL;
	}
	return json_pack("{s:s, s:i, s:o, s:o, s:I, s:o}", "name", "cuda", "number", cuda->number, "card", json_words(cuda->card.name),
	                 "compute_capability", json_sprintf("%d.%d", cuda->card.major, cuda->card.minor), "memory",
	                 (json_int_t)cuda->card.totalGlobalMem, "libraries", libraries);
}

static status cuda_choices_load(struct device *d, const json_t *known, bool bind)
{
	for (int i = 0; i < CUDA_CHOSEN_KINDS; i++)
		cuda_of(d)->elsewhere[i] = !bind;
	return choices_replace(&cuda_of(d)->choices, known);
}

static status cuda_choices_save(const struct device *d, json_t *into)
{
	return choices_add(cuda_of(d)->choices, into);
}

/* CUDA gives a card's streams 8 queues of work unless it is told otherwise, and 32 at most; up to 64 chains have two streams each, of
 * which those that share a queue wait for each other. */
static void cuda_prepare(void)
{
	(void)setenv("CUDA_DEVICE_MAX_CONNECTIONS", "32", 0);
}

const struct backend cuda_backend = {
	.name = "cuda",
	.has_fast = true,
	.prepare = cuda_prepare,
	.open = cuda_open,
	.count = cuda_count,
	.close = cuda_close,
	.describe = cuda_describe,
	.libraries = cuda_libraries,
	.choices_load = cuda_choices_load,
	.choices_save = cuda_choices_save,
	.alloc = cuda_alloc,
	.free = cuda_free,
	.held = cuda_held,
	.room = cuda_room,
	.resident = cuda_resident,
	.release = cuda_release,
	.put = cuda_put,
	.get = cuda_get,
	.copy = cuda_copy,
	.host_alloc = cuda_host_alloc,
	.host_free = cuda_host_free,
	.get_begin = cuda_get_begin,
	.get_end = cuda_get_end,
	.put_begin = cuda_put_begin,
	.put_end = cuda_put_end,
	.sync = cuda_sync,
	.start = cuda_start,
	.slots_open = cuda_slots_open,
	.slots_close = cuda_slots_close,
	.slots_send = cuda_slots_send,
	.slots_set = cuda_slots_set,
	.slots_fetch = cuda_slots_fetch,
	.affine = cuda_affine,
	.reduce = cuda_reduce,
	.reduce_moving = cuda_reduce_moving,
	.prior_energy = cuda_prior_energy,
	.pointwise = cuda_pointwise,
	.scalar = cuda_scalar,
	.point = cuda_point,
	.add = cuda_add,
	.gather = cuda_gather,
	.loss = cuda_loss,
	.weigh = cuda_weigh,
	.tally = cuda_tally,
	.formats = cuda_formats,
	.layers = cuda_layers,
};
