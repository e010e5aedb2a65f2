/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Graphs are the lists of what a capture saw. */
#include "inside.h"
#include <set>

struct CUgraph_st { standin_work_list list; };
struct CUgraphExec_st { standin_work_list list; };

static std::set<cudaGraph_t> graphs;
static std::set<cudaGraphExec_t> execs;

cudaGraph_t standin_graph_make(const standin_work_list &list)
{
	cudaGraph_t g = new CUgraph_st{list};
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

extern "C" {

cudaError_t cudaGraphInstantiate(cudaGraphExec_t *out, cudaGraph_t g, unsigned long long flags)
{
	CALL_OR_FAIL();
	*out = NULL;
	if (!graphs.count(g) || flags != 0)
		return standin_said(cudaErrorInvalidValue);
	*out = new CUgraphExec_st{g->list};
	execs.insert(*out);
	return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t e, cudaStream_t s)
{
	CALL_OR_FAIL();
	cudaError_t bad = standin_stream_check(s);
	if (bad == cudaSuccess && !execs.count(e))
		bad = cudaErrorInvalidValue;
	for (size_t i = 0; bad == cudaSuccess && i < e->list.size(); i++)
		bad = standin_issue(s, e->list[i]);
	if (bad == cudaSuccess && !standin_stream_capturing(s))
		standin_counts.replays++;
	return standin_said(bad);
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
	*n = g->list.size();
	return cudaSuccess;
}

}
