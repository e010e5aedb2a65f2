/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* cuDNN's graph API as the stand-in has it: what descriptors hold, and what an operation graph means. */
#ifndef BASIN_TESTS_STANDIN_CUDNN_H
#define BASIN_TESTS_STANDIN_CUDNN_H

#include "inside.h"
#include <cudnn_graph.h>
#include <map>

enum { DNN_RANK = 4 };   /* (n, c, h, w), and of a filter (out, in per group, h, w) */

struct dnn_tensor {
	int64_t uid, dim[DNN_RANK], stride[DNN_RANK], alignment;
	int rank;
	cudnnDataType_t type;
	bool is_virtual, by_value;
};
static inline size_t dnn_elements(const struct dnn_tensor *t)
{
	return (size_t)(t->dim[0] * t->dim[1] * t->dim[2] * t->dim[3]);
}
static inline size_t dnn_type_bytes(cudnnDataType_t type)
{
	return type == CUDNN_DATA_BFLOAT16 ? 2 : 4;
}

struct dnn_conv { int64_t pad[2], pad_after[2], step[2], dilation[2]; };

/* One operation: forward reads (x, w), of a filter's gradient (x, dy), of the data's (dy, w); pointwise reads x and
 * perhaps b, backwards (dy, x); statistics write (sum, sum of squares). */
struct dnn_op {
	cudnnBackendDescriptorType_t type;
	struct dnn_tensor in[2], out[2];
	int ins, outs;
	struct dnn_conv conv;
	cudnnPointwiseMode_t mode;
	double alpha, beta;     /* a convolution's */
	double scale[2];        /* of a pointwise operation's operands */
};
static inline bool dnn_is_conv(const struct dnn_op *op)
{
	return op->type >= CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR &&
	       op->type <= CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR;
}

/* In an order in which each operation finds what it reads. */
struct dnn_graph {
	std::vector<struct dnn_op> ops;
	std::vector<struct dnn_tensor> given;   /* each that needs a pointer, once */
};
typedef std::shared_ptr<const struct dnn_graph> dnn_graph_ref;

struct dnn_knob { cudnnBackendKnobType_t type; int64_t value; };

/* ---- descriptors ---- */

typedef std::shared_ptr<const struct dnn_node> dnn_ref;

struct dnn_value {
	cudnnBackendAttributeType_t type;
	std::vector<char> bytes;
	std::vector<dnn_ref> nodes;   /* of type CUDNN_TYPE_BACKEND_DESCRIPTOR */
};

/* What a descriptor holds. Others that refer to it keep it: it does not change once it is finalized. */
struct dnn_node {
	cudnnBackendDescriptorType_t type;
	bool finalized;
	std::map<int, struct dnn_value> values;
	struct dnn_tensor tensor;
	struct dnn_op op;
	dnn_graph_ref graph;                  /* of a graph and all that is for one */
	int64_t engine;
	std::vector<struct dnn_knob> knobs;   /* of an engine: all, as they are by themselves; of a configuration */
	size_t workspace;                     /* of a plan */
	bool described;                       /* a plan for a card that is only described */
};

struct dnn_attribute {
	cudnnBackendDescriptorType_t of;
	int name;
	cudnnBackendAttributeType_t type;
	int least, most;   /* elements; least 0: may be left out, most 0: read only */
};
/* One of them, or NULL: of that type, or any where type is −1. */
const struct dnn_attribute *dnn_attribute_find(cudnnBackendDescriptorType_t of, int name, int type);
size_t dnn_attribute_bytes(cudnnBackendAttributeType_t type);
/* The name of one that must be there and isn't, or −1. */
int dnn_attribute_missing(const struct dnn_node *n);

/* Remembers why, for cudnnGetLastErrorString, and returns the status. */
cudnnStatus_t dnn_refuse(cudnnStatus_t s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The value, or what is to be taken where there is none. */
template <typename T>
static inline T dnn_get(const struct dnn_node *n, int name, T otherwise)
{
	const auto found = n->values.find(name);
	if (found != n->values.end())
		memcpy(&otherwise, found->second.bytes.data(), sizeof otherwise);
	return otherwise;
}
template <typename T>
static inline void dnn_put(struct dnn_node *n, int name, cudnnBackendAttributeType_t type, const std::vector<T> &from)
{
	struct dnn_value *v = &n->values[name];
	v->type = type;
	v->bytes.assign((const char *)from.data(), (const char *)(from.data() + from.size()));
}
/* The first descriptor there, or NULL. */
static inline const struct dnn_node *dnn_child(const struct dnn_node *n, int name)
{
	const auto found = n->values.find(name);
	return found == n->values.end() || found->second.nodes.empty() ? NULL : found->second.nodes[0].get();
}

/* Fills what finalizing gives, or says why not. */
cudnnStatus_t dnn_finalize_shape(struct dnn_node *n);    /* tensor, convolution, pointwise, operation, graph */
cudnnStatus_t dnn_finalize_engine(struct dnn_node *n);   /* heuristics, engine, configuration, knob, plan */

bool dnn_handle_known(cudnnHandle_t h);
cudaStream_t dnn_stream(cudnnHandle_t h);
const struct dnn_node *dnn_node_of(cudnnBackendDescriptor_t d);   /* NULL: never made, or destroyed */

/* ---- engines ---- */

/* How many there are. */
int64_t dnn_engines(void);

/* How the engine does its sums; the test may have asked it to be wrong or slow. */
struct dnn_how {
	unsigned parts;     /* in so many parts, one by one and then together */
	bool down_convert;  /* from inputs of 10 bits */
	bool unsteady;      /* each time in another order */
	bool wrong, slow, fails;
};
struct dnn_how dnn_engine_how(const struct dnn_node *plan);

/* A tensor's values in order (n, h, w, c), of a filter (out, h, w, in). Virtual ones have no pointer. */
struct dnn_task {
	dnn_graph_ref graph;
	struct dnn_how how;
	std::map<int64_t, void *> at;
	std::map<int64_t, float> values;   /* of tensors by value */
	void *workspace;
	size_t workspace_bytes;
};
/* Does all of it. */
void dnn_run(const struct dnn_task *t);

#endif
