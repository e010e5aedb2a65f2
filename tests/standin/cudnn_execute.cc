/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* cudnnBackendExecute: checked when it is called, done when its stream comes to it. */
#include "cudnn.h"

enum { WORKSPACE_ALIGN = 16 };

static bool in_device(const void *p, size_t bytes, std::string *why)
{
	const struct standin_block *b = standin_block_at(p);
	char text[160];
	if (b && (const char *)p >= b->first && (size_t)((const char *)p - b->first) + bytes <= b->bytes)
		return true;
	if (!b || (const char *)p < b->first)
		snprintf(text, sizeof text, "is no device memory: %p", p);
	else
		snprintf(text, sizeof text, "takes %zu bytes from byte %td of block %lu, which has %zu", bytes,
		         (const char *)p - b->first, b->serial, b->bytes);
	*why = text;
	return false;
}

static size_t bytes_of(const struct dnn_tensor *t)
{
	return dnn_elements(t) * dnn_type_bytes(t->type);
}

/* The pack's pointers, which are in device memory but for what is given by value. */
static cudnnStatus_t take_pointers(struct dnn_task *t, const struct dnn_node *pack)
{
	const std::vector<char> &ids = pack->values.at(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS).bytes;
	const std::vector<char> &pointers = pack->values.at(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS).bytes;
	std::map<int64_t, void *> all;
	for (size_t i = 0; i < ids.size(); i += 8) {
		int64_t id;
		void *p;
		memcpy(&id, &ids[i], sizeof id);
		memcpy(&p, &pointers[i], sizeof p);
		all[id] = p;
	}
	for (const struct dnn_tensor &x : t->graph->given) {
		const auto found = all.find(x.uid);
		std::string why;
		if (found == all.end())
			return dnn_refuse(CUDNN_STATUS_BAD_PARAM, "no pointer for tensor %lld", (long long)x.uid);
		void *p = found->second;
		if (!p)
			return dnn_refuse(CUDNN_STATUS_BAD_PARAM_NULL_POINTER, "the pointer for tensor %lld is NULL", (long long)x.uid);
		if (x.by_value) {
			if (standin_in_arena(p) || dnn_elements(&x) != 1 || x.type != CUDNN_DATA_FLOAT)
				return dnn_refuse(CUDNN_STATUS_BAD_PARAM, "tensor %lld is by value: a float32 of the host's",
				                  (long long)x.uid);
			memcpy(&t->values[x.uid], p, sizeof(float));
			continue;
		}
		if ((uintptr_t)p % (uintptr_t)x.alignment)
			return dnn_refuse(CUDNN_STATUS_BAD_PARAM_MISALIGNED_POINTER, "tensor %lld is not aligned to %lld bytes",
			                  (long long)x.uid, (long long)x.alignment);
		if (!in_device(p, bytes_of(&x), &why))
			return dnn_refuse(CUDNN_STATUS_BAD_PARAM, "tensor %lld %s", (long long)x.uid, why.c_str());
		t->at[x.uid] = p;
	}
	return CUDNN_STATUS_SUCCESS;
}

static cudnnStatus_t take_workspace(struct dnn_task *t, const struct dnn_node *plan, const struct dnn_node *pack)
{
	std::string why;
	t->workspace = dnn_get<void *>(pack, CUDNN_ATTR_VARIANT_PACK_WORKSPACE, NULL);
	t->workspace_bytes = plan->workspace;
	if (t->workspace_bytes && !t->workspace)
		return dnn_refuse(CUDNN_STATUS_BAD_PARAM_NULL_POINTER, "a workspace of %zu bytes is missing", t->workspace_bytes);
	if (t->workspace_bytes && (uintptr_t)t->workspace % WORKSPACE_ALIGN)
		return dnn_refuse(CUDNN_STATUS_BAD_PARAM_MISALIGNED_POINTER, "the workspace is not aligned to %d bytes",
		                  WORKSPACE_ALIGN);
	if (t->workspace_bytes && !in_device(t->workspace, t->workspace_bytes, &why))
		return dnn_refuse(CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT, "the workspace %s", why.c_str());
	return CUDNN_STATUS_SUCCESS;
}

/* ---- what overlaps ---- */

static bool overlap(const void *p, size_t n, const void *q, size_t m)
{
	return (const char *)p < (const char *)q + m && (const char *)q < (const char *)p + n;
}

static bool is_written(const struct dnn_graph *g, int64_t uid)
{
	for (const struct dnn_op &op : g->ops)
		for (int i = 0; i < op.outs; i++)
			if (op.out[i].uid == uid)
				return true;
	return false;
}

/* A convolution reads it: each element more than once. */
static bool is_convolved(const struct dnn_graph *g, int64_t uid)
{
	for (const struct dnn_op &op : g->ops)
		for (int i = 0; dnn_is_conv(&op) && i < op.ins; i++)
			if (op.in[i].uid == uid)
				return true;
	return false;
}

/* What is written overlaps nothing, but for an operand that is read element by element and lies just there. */
static cudnnStatus_t overlaps_good(const struct dnn_task *t)
{
	for (const struct dnn_tensor &x : t->graph->given) {
		if (x.by_value || !is_written(t->graph.get(), x.uid))
			continue;
		const void *mine = t->at.at(x.uid);
		if (t->workspace_bytes && overlap(mine, bytes_of(&x), t->workspace, t->workspace_bytes))
			return dnn_refuse(CUDNN_STATUS_BAD_PARAM, "tensor %lld overlaps the workspace", (long long)x.uid);
		for (const struct dnn_tensor &other : t->graph->given) {
			if (other.by_value || other.uid == x.uid)
				continue;
			const void *its = t->at.at(other.uid);
			const bool same = mine == its && bytes_of(&x) == bytes_of(&other) && !is_convolved(t->graph.get(), other.uid) &&
			                  !is_written(t->graph.get(), other.uid);
			if (!same && overlap(mine, bytes_of(&x), its, bytes_of(&other)))
				return dnn_refuse(CUDNN_STATUS_BAD_PARAM, "tensor %lld, which is written, overlaps tensor %lld",
				                  (long long)x.uid, (long long)other.uid);
		}
	}
	return CUDNN_STATUS_SUCCESS;
}

static cudnnStatus_t issue(const struct dnn_task &t, cudaStream_t stream)
{
	std::unique_ptr<standin_work> w(new standin_work());
	w->name = "a graph of cuDNN's";
	for (const struct dnn_tensor &x : t.graph->given)
		if (!x.by_value)
			w->touches.push_back({(const char *)t.at.at(x.uid), bytes_of(&x),
			                      is_written(t.graph.get(), x.uid) ? STANDIN_WRITES : STANDIN_READS});
	if (t.workspace_bytes)
		w->touches.push_back({(const char *)t.workspace, t.workspace_bytes, STANDIN_WRITES});
	w->run = [task = t](size_t) { dnn_run(&task); };
	w->counts = true;
	if (standin_issue(stream, standin_work_ref(w.release())) != cudaSuccess)
		return dnn_refuse(CUDNN_STATUS_EXECUTION_FAILED, "the stream takes no more");
	return CUDNN_STATUS_SUCCESS;
}

static cudnnStatus_t execute(cudnnHandle_t h, const struct dnn_node *plan, const struct dnn_node *pack)
{
	struct dnn_task t = {};
	if (!dnn_handle_known(h) || !plan || plan->type != CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR || !pack ||
	    pack->type != CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR)
		return dnn_refuse(CUDNN_STATUS_BAD_PARAM, "no handle, plan or variant pack");
	if (!plan->finalized || !pack->finalized)
		return dnn_refuse(CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED, "a plan or variant pack that is not finalized");
	if (plan->described)
		return dnn_refuse(CUDNN_STATUS_BAD_PARAM, "a plan for a card that is only described");
	if (standin_stream_check(dnn_stream(h)) != cudaSuccess)
		return dnn_refuse(CUDNN_STATUS_BAD_PARAM, "the handle's stream is none, or the default one");
	t.graph = plan->graph;
	t.how = dnn_engine_how(plan);
	if (t.how.fails)
		return dnn_refuse(CUDNN_STATUS_EXECUTION_FAILED, "the test has engine %lld fail", (long long)plan->engine);
	cudnnStatus_t s = take_pointers(&t, pack);
	if (s == CUDNN_STATUS_SUCCESS)
		s = take_workspace(&t, plan, pack);
	if (s == CUDNN_STATUS_SUCCESS)
		s = overlaps_good(&t);
	return s == CUDNN_STATUS_SUCCESS ? issue(t, dnn_stream(h)) : s;
}

extern "C" cudnnStatus_t cudnnBackendExecute(cudnnHandle_t h, cudnnBackendDescriptor_t plan, cudnnBackendDescriptor_t pack)
{
	std::lock_guard<std::recursive_mutex> standin_held(standin_lock);
	const cudnnStatus_t forced = (cudnnStatus_t)standin_called(__func__, false);
	return forced != CUDNN_STATUS_SUCCESS ? forced : execute(h, dnn_node_of(plan), dnn_node_of(pack));
}
