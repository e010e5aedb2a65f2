/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* cuDNN's graphs in few words, for the stand-in's own tests. What fails ends the program, but for graph_try_… */
#ifndef BASIN_TESTS_STANDIN_CHECK_GRAPHS_H
#define BASIN_TESTS_STANDIN_CHECK_GRAPHS_H

#include <cudnn_graph.h>
#include <stdbool.h>
#include <stdint.h>

typedef cudnnBackendDescriptor_t node;

void must(bool good, const char *what);
#define MUST(call) must((call) == 0, #call)

/* Everything made since is destroyed by graph_end. */
node graph_make(cudnnBackendDescriptorType_t type);
void graph_set(node n, cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, int64_t count, const void *from);
void graph_end(void);

/* A card that is described, for which heuristics, engines and plans are from now on; NULL: for the one that is here. */
extern node graph_card;

/* A tensor (n, c, h, w) with its channels last. */
struct graph_tensor { int64_t id, n, c, h, w; bool bf16, is_virtual; };
node graph_tensor(const struct graph_tensor *t);
node graph_value(int64_t id);
/* A convolution's numbers. */
struct graph_conv { int64_t pad, step, dilation; };
node graph_conv(const struct graph_conv *c);
/* type: which direction; the tensors are x, w, y whatever it is. */
node graph_convolves(cudnnBackendDescriptorType_t type, node conv, node x, node w, node y, double alpha, double beta);
/* b NULL: of one operand. Backwards x is dy, b the forward's x. */
node graph_points(cudnnPointwiseMode_t mode, node x, node b, node y);
node graph_statistics(node x, node sum, node squares);
node graph_of(int64_t n, const node *operations);
/* The configurations that heuristics give, at most `most`; how many. */
int64_t graph_proposed(node graph, cudnnBackendHeurMode_t mode, int64_t most, node *out);
/* A configuration of that engine as it is. */
node graph_engine(node graph, int64_t index);
node graph_plan(node configuration);
int64_t graph_workspace(node plan);
node graph_pack(int64_t n, const int64_t *ids, void *const *pointers, void *workspace);

#endif
