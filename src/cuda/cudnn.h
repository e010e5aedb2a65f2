/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* cuDNN's graph API in the words that convolutions need: tensors with their channels last, operations, the engines that do a graph
 * of them, and plans. Plans are made for a card that is here, or for one that is only described: those can't be run. */
#ifndef BASIN_CUDA_CUDNN_H
#define BASIN_CUDA_CUDNN_H

#include <cudnn_graph.h>
#include <cudnn_version.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/cuda/error.h"

enum { DNN_GROUP = 48, DNN_TEXT = 256, DNN_TENSORS = 8, DNN_VERSION_TEXT = 40 };

/* What plans are made for: one of the two is NULL. */
struct dnn_card {
	cudnnHandle_t handle;
	cudnnBackendDescriptor_t described;    /* owned */
};

/* A card as cuDNN describes it, JSON of so many bytes, from cuDNN 9.8 on. Errors: ERR_LIBRARY, with cuDNN's reason. */
status dnn_card_read(const char *json, size_t bytes, struct dnn_card *out);
void dnn_card_close(struct dnn_card *card);

/* ---- graphs ---- */

/* A graph of operations with all that it is made of. */
struct dnn_graph {
	const struct dnn_card *card;
	cudnnBackendDescriptor_t graph;        /* NULL until dnn_graph_finish */
	cudnnBackendDescriptor_t part[DNN_GROUP];  /* owned, in the order in which they were made */
	int n;
};

/* (n, c, h, w) with channels last: an image's, or as (out, in of a group, height, width) a filter's. It begins at a multiple of 16
 * bytes. */
struct dnn_tensor {
	int64_t id;
	cudnnDataType_t type;
	int64_t of[4];
};

/* Windows of a convolution, square; sums are float32's. */
struct dnn_window {
	int64_t stride, pad;
};

/* Each appends to the graph; what `out` gets is the graph's. Errors: ERR_LIBRARY, ERR_MEMORY; the graph is closed all the same. */
status dnn_tensor(struct dnn_graph *g, const struct dnn_tensor *t, cudnnBackendDescriptor_t *out);
/* type: CUDNN_BACKEND_OPERATION_CONVOLUTION_…; x and w of y, dx of dy and w, or dw of x and dy, each under the name of its value. */
status dnn_convolution(struct dnn_graph *g, cudnnBackendDescriptorType_t type, struct dnn_window window, cudnnBackendDescriptor_t x,
                       cudnnBackendDescriptor_t w, cudnnBackendDescriptor_t y, cudnnBackendDescriptor_t *out);
/* The graph of these operations. */
status dnn_graph_finish(struct dnn_graph *g, int n, cudnnBackendDescriptor_t operations[]);
/* What a zeroed one has, too. */
void dnn_graph_close(struct dnn_graph *g);

/* ---- who does it ---- */

/* What cuDNN says of an engine. */
enum {
	DNN_NONDETERMINISTIC = 1, DNN_TENSOR_CORES = 2, DNN_DOWN_CONVERTS = 4, DNN_SUMS_NARROW = 8, DNN_WINOGRAD = 16, DNN_FFT = 32,
	DNN_COMPILES = 64          /* its kernels, when it is planned */
};

/* An engine with its knobs; text: "e62 k2=11 k13=1", from which it is made again by the same cuDNN for the same graph and card. */
struct dnn_config {
	cudnnBackendDescriptor_t config;       /* owned */
	unsigned notes;                        /* DNN_… */
	char text[DNN_TEXT];
};

/* At most so many proposals of cuDNN's, the best first, which the caller closes; none at all is no failure. Errors: ERR_LIBRARY,
 * ERR_MEMORY. */
status dnn_propose(const struct dnn_graph *g, cudnnBackendHeurMode_t mode, int most, struct dnn_config *out, int *n);
/* What a text says. Errors: ERR_INPUT (no such text), ERR_LIBRARY (no such engine here). */
status dnn_config_read(const struct dnn_graph *g, const char *text, struct dnn_config *out);
void dnn_config_close(struct dnn_config *c);

struct dnn_plan {
	cudnnBackendDescriptor_t plan;         /* owned; NULL: none */
	size_t workspace;                      /* bytes that a run needs */
};

/* *refused (may be NULL): whether a failure is cuDNN's word that the engine does not do it after all. Errors: ERR_LIBRARY,
 * ERR_MEMORY. */
status dnn_plan_make(const struct dnn_graph *g, const struct dnn_config *c, struct dnn_plan *out, bool *refused);
void dnn_plan_close(struct dnn_plan *p);

/* The tensors of a run, by their ids; device. */
struct dnn_data {
	int n;
	int64_t id[DNN_TENSORS];
	void *at[DNN_TENSORS];
};

/* Gives the run to the stream of the handle. Errors: ERR_LIBRARY, ERR_MEMORY. */
status dnn_run(cudnnHandle_t handle, const struct dnn_plan *p, const struct dnn_data *data, void *workspace);

/* cuDNN's version as "9.19.0", or "not found": text. */
const char *dnn_version(char text[DNN_VERSION_TEXT]);

#endif
