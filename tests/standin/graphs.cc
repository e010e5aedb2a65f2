/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Graphs are what a capture saw, each work behind those that it must wait for. To be launched they are laid out in lanes, which are
 * streams that wait for each other where the graph says so, and nowhere else: the first is the stream it is launched in. */
#include "inside.h"
#include <algorithm>
#include <set>

struct CUgraph_st { standin_node_list nodes; };

/* A node, and which lane it is in. */
struct placed {
	struct standin_node node;
	size_t lane;
	bool awaited;                 /* by another lane */
};
struct CUgraphExec_st {
	std::vector<struct placed> nodes;
	std::vector<size_t> last;     /* node of each lane */
};

static std::set<cudaGraph_t> graphs;
static std::set<cudaGraphExec_t> execs;

cudaGraph_t standin_graph_make(const standin_node_list &nodes)
{
	cudaGraph_t g = new CUgraph_st{nodes};
	graphs.insert(g);
	return g;
}

bool standin_graph_leaks(void)
{
	if (!graphs.empty())
		standin_tell("%zu graphs were never destroyed", graphs.size());
	if (!execs.empty())
		standin_tell("%zu instances of graphs were never destroyed", execs.size());
	return !graphs.empty() || !execs.empty();
}

/* ---- lanes ---- */

/* A lane whose last node this one comes behind in any case, or a new one. */
static size_t lane_for(struct CUgraphExec_st *e, const std::vector<bool> &before)
{
	for (size_t lane = 0; lane < e->last.size(); lane++)
		if (before[e->last[lane]])
			return lane;
	e->last.push_back(0);
	return e->last.size() - 1;
}

static void lay_out(struct CUgraphExec_st *e, const standin_node_list &nodes)
{
	std::vector<std::vector<bool>> before;   /* of each node, all that it comes behind */
	for (size_t i = 0; i < nodes.size(); i++) {
		before.emplace_back(nodes.size());
		for (size_t k : nodes[i].after) {
			before[i][k] = true;
			for (size_t j = 0; j < k; j++)
				before[i][j] = before[i][j] || before[k][j];
		}
		const size_t lane = lane_for(e, before[i]);
		e->last[lane] = i;
		for (size_t k : nodes[i].after)
			e->nodes[k].awaited = e->nodes[k].awaited || e->nodes[k].lane != lane;
		e->nodes.push_back({nodes[i], lane, false});
	}
	for (size_t lane = 1; lane < e->last.size(); lane++)
		e->nodes[e->last[lane]].awaited = true;
}

/* All lanes behind what the stream has to do, and what it gets next behind all lanes. */
static void launch(const struct CUgraphExec_st *e, cudaStream_t s)
{
	std::vector<cudaStream_t> lane(e->last.size(), s);
	std::vector<standin_moment_ref> done(e->nodes.size());
	for (size_t i = 1; i < lane.size(); i++)
		lane[i] = standin_stream_lane(s, i);
	const standin_moment_ref begin = lane.size() > 1 ? standin_record(s) : NULL;
	for (size_t i = 1; i < lane.size(); i++)
		standin_wait(lane[i], begin);
	for (size_t i = 0; i < e->nodes.size(); i++) {
		const struct placed *p = &e->nodes[i];
		for (size_t k : p->node.after)
			if (e->nodes[k].lane != p->lane)
				standin_wait(lane[p->lane], done[k]);
		struct standin_op op;
		op.work = p->node.work;
		standin_push(lane[p->lane], op);
		if (p->awaited)
			done[i] = standin_record(lane[p->lane]);
	}
	for (size_t i = 1; i < lane.size(); i++)
		standin_wait(s, done[e->last[i]]);
}

extern "C" {

cudaError_t cudaGraphInstantiate(cudaGraphExec_t *out, cudaGraph_t g, unsigned long long flags)
{
	CALL_OR_FAIL();
	*out = NULL;
	if (!graphs.count(g) || flags != 0)
		return standin_said(cudaErrorInvalidValue);
	*out = new CUgraphExec_st();
	lay_out(*out, g->nodes);
	execs.insert(*out);
	return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t e, cudaStream_t s)
{
	CALL_OR_FAIL();
	cudaError_t bad = standin_stream_check(s);
	if (bad == cudaSuccess && !execs.count(e))
		bad = cudaErrorInvalidValue;
	if (bad == cudaSuccess && standin_stream_capturing(s)) {
		standin_tell("graphs within graphs are not here");
		bad = cudaErrorNotSupported;
	}
	if (bad != cudaSuccess)
		return standin_said(bad);
	launch(e, s);
	standin_counts.replays++;
	return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t g)
{
	CALL();
	if (!graphs.erase(g))
		return standin_said(cudaErrorInvalidValue);
	delete g;
	return forced;
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t e)
{
	CALL();
	if (!execs.erase(e))
		return standin_said(cudaErrorInvalidValue);
	delete e;
	return forced;
}

cudaError_t cudaGraphGetNodes(cudaGraph_t g, cudaGraphNode_t *nodes, size_t *n)
{
	CALL_OR_FAIL();
	if (!graphs.count(g) || nodes)   /* how many there are, no more */
		return standin_said(cudaErrorInvalidValue);
	*n = g->nodes.size();
	return cudaSuccess;
}

}
