/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* By which engines a graph can be done. They are invented so that a careful choice shows: the one that heuristics put
 * first in float32 rounds its inputs, as the next does, a third gives other bits each time, a fourth wants a large
 * workspace; each sums in another order, so its bits differ, and each knob is a part of the order. What they have in
 * common with cuDNN 9.19's: which notes there are in which type, that none gives float32 from bfloat16 by itself, and
 * that what follows a forward convolution as residual, bias and ReLU, in this order and in its type, needs no engine
 * that compiles; anything else does. */
#include "cudnn.h"

enum { PLAIN, ROOMY, RUNTIME, CORES, LOOSE, ENGINES };   /* global indices */
enum { WIDE = 16 };                                      /* bytes to which the fast ones want tensors aligned */

static enum standin_engine faults[ENGINES];

extern "C" void standin_engine(int index, enum standin_engine how)
{
	std::lock_guard<std::recursive_mutex> held(standin_lock);
	for (int i = 0; i < ENGINES; i++)
		if (index < 0 || index == i)
			faults[i] = how;
}

int64_t dnn_engines(void)
{
	return ENGINES;
}

/* ---- what each can do ---- */

/* In order (n, h, w, c), with nothing between. A dimension of one element has any stride. */
static bool channels_last(const struct dnn_tensor *t)
{
	const int64_t want[DNN_RANK] = {t->dim[1] * t->dim[2] * t->dim[3], 1, t->dim[1] * t->dim[3], t->dim[1]};
	for (int i = 0; i < DNN_RANK; i++)
		if (t->dim[i] > 1 && t->stride[i] != want[i])
			return false;
	return true;
}

static const struct dnn_op *conv_of(const struct dnn_graph *g)
{
	return dnn_is_conv(&g->ops[0]) ? &g->ops[0] : NULL;
}

static cudnnStatus_t types_there(const struct dnn_graph *g, const struct dnn_op *conv)
{
	const cudnnDataType_t in = conv->in[0].type;
	if (conv->in[1].type != in)
		return dnn_refuse(CUDNN_STATUS_NOT_SUPPORTED_DATA_TYPE, "no engine for a convolution of two types");
	if (g->ops.size() == 1 && conv->out[0].type != in)
		return dnn_refuse(CUDNN_STATUS_NOT_SUPPORTED_DATA_TYPE,
		                  "no engine for a convolution alone of which the result has another type");
	return CUDNN_STATUS_SUCCESS;
}

static const struct dnn_op *writer(const struct dnn_graph *g, int64_t uid)
{
	for (const struct dnn_op &op : g->ops)
		for (int i = 0; i < op.outs; i++)
			if (op.out[i].uid == uid)
				return &op;
	return NULL;
}

/* A convolution, and behind it what works on its result, one after the other. */
static cudnnStatus_t pattern_there(const struct dnn_graph *g)
{
	const struct dnn_op *conv = conv_of(g);
	if (!conv)
		return dnn_refuse(CUDNN_STATUS_NOT_SUPPORTED_GRAPH_PATTERN, "no engine for a graph that does not begin with a "
		                  "convolution");
	for (size_t i = 1; i < g->ops.size(); i++) {
		const struct dnn_op *op = &g->ops[i];
		bool follows = false;
		for (int k = 0; k < op->ins; k++)
			follows |= op->in[k].is_virtual && writer(g, op->in[k].uid) != NULL;
		if (dnn_is_conv(op) || !follows)
			return dnn_refuse(CUDNN_STATUS_NOT_SUPPORTED_GRAPH_PATTERN, "no engine for two convolutions, or for "
			                  "operations that are not one behind the other");
	}
	if (g->ops.size() > 1 && (!conv->out[0].is_virtual || conv->beta != 0 || conv->alpha != 1))
		return dnn_refuse(CUDNN_STATUS_NOT_SUPPORTED_GRAPH_PATTERN,
		                  "no engine that writes a convolution's result, or scales it, and goes on");
	for (const struct dnn_tensor &t : g->given)
		if (!channels_last(&t))
			return dnn_refuse(CUDNN_STATUS_NOT_SUPPORTED_LAYOUT, "tensor %lld is not packed with its channels last",
			                  (long long)t.uid);
	return types_there(g, conv);
}

static bool lines_up(const struct dnn_graph *g)
{
	for (const struct dnn_tensor &t : g->given)
		if (!t.by_value && (t.alignment < WIDE || t.dim[1] * (int64_t)dnn_type_bytes(t.type) % WIDE))
			return false;
	return true;
}

/* A forward convolution, perhaps a residual, a bias, perhaps a ReLU, all of one type. */
static bool is_biased(const struct dnn_graph *g)
{
	const cudnnDataType_t type = g->ops[0].in[0].type;
	const struct dnn_tensor *y = &g->ops[0].out[0];
	size_t i = 1;
	const auto adds = [&](size_t elements) {
		return i < g->ops.size() && g->ops[i].mode == CUDNN_POINTWISE_ADD &&
		       g->ops[i].type == CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR &&
		       dnn_elements(&g->ops[i].in[1]) == elements && g->ops[i].in[1].type == type;
	};
	i += adds(dnn_elements(y));
	if (g->ops[0].type != CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR || !adds((size_t)y->dim[1]))
		return false;
	i++;
	i += i < g->ops.size() && g->ops[i].mode == CUDNN_POINTWISE_RELU_FWD;
	return i == g->ops.size();
}

static cudnnStatus_t engine_there(int64_t engine, const struct dnn_graph *g)
{
	if (engine < 0 || engine >= ENGINES)
		return dnn_refuse(CUDNN_STATUS_NOT_SUPPORTED, "there is no engine %lld", (long long)engine);
	const cudnnStatus_t s = pattern_there(g);
	if (s != CUDNN_STATUS_SUCCESS)
		return s;
	const bool fused = g->ops.size() > 1;
	if (engine != RUNTIME && fused && !is_biased(g))
		return dnn_refuse(CUDNN_STATUS_NOT_SUPPORTED_GRAPH_PATTERN, "engine %lld has no fused graphs", (long long)engine);
	if (engine == LOOSE && g->ops[0].type == CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR)
		return dnn_refuse(CUDNN_STATUS_NOT_SUPPORTED_GRAPH_PATTERN, "engine %d goes backwards only", LOOSE);
	if (engine == RUNTIME && g->ops[0].beta != 0)
		return dnn_refuse(CUDNN_STATUS_NOT_SUPPORTED, "engine %d adds nothing to what is there", RUNTIME);
	if (engine == CORES && !lines_up(g))
		return dnn_refuse(CUDNN_STATUS_NOT_SUPPORTED_SHAPE, "engine %d wants %d bytes of channels, aligned", CORES, WIDE);
	return CUDNN_STATUS_SUCCESS;
}

static std::vector<cudnnBackendNumericalNote_t> notes_of(int64_t engine, const struct dnn_graph *g)
{
	std::vector<cudnnBackendNumericalNote_t> notes;
	if (engine == CORES || engine == RUNTIME)
		notes.push_back(CUDNN_NUMERICAL_NOTE_TENSOR_CORE);
	if (engine == RUNTIME && g->ops[0].in[0].type == CUDNN_DATA_FLOAT)
		notes.push_back(CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS);
	if (engine == LOOSE && g->ops[0].in[0].type == CUDNN_DATA_BFLOAT16)
		notes.push_back(CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION);
	if (engine == LOOSE)
		notes.push_back(CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC);
	if (engine == PLAIN)
		notes.push_back(CUDNN_NUMERICAL_NOTE_STRICT_NAN_PROP);
	return notes;
}

struct knob { cudnnBackendKnobType_t type; int64_t from, to; };

/* As they are by themselves: the least. */
static std::vector<struct knob> knobs_of(int64_t engine)
{
	switch (engine) {
	case ROOMY:
		return {{CUDNN_KNOB_TYPE_WORKSPACE, 0, 1}};
	case RUNTIME:
		return {{CUDNN_KNOB_TYPE_KERNEL_CFG, 0, 3}};
	case CORES:
		return {{CUDNN_KNOB_TYPE_TILE_CGA_M, 1, 2}, {CUDNN_KNOB_TYPE_TILE_CGA_N, 1, 2}};
	default:
		return {};
	}
}

static size_t workspace_of(int64_t engine, const struct dnn_graph *g)
{
	const struct dnn_op *op = &g->ops[0];
	if (engine == ROOMY)
		return ((size_t)8 << 20) + sizeof(float) * dnn_elements(&op->out[0]);
	return engine == LOOSE ? sizeof(float) * dnn_elements(&op->out[0]) : 0;
}

/* ---- descriptors ---- */

static const struct dnn_node *card_of(const struct dnn_node *n, int name)
{
	const struct dnn_node *card = dnn_child(n, name);
	return card && card->type == CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR ? card : NULL;
}

/* That there is a graph, and a card where one is given. */
static cudnnStatus_t children_good(const struct dnn_node *n, int graph, int card)
{
	if (graph >= 0 && dnn_child(n, graph)->type != CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR)
		return dnn_refuse(CUDNN_STATUS_BAD_PARAM_DESCRIPTOR_TYPE, "a descriptor of type %d is for a graph", n->type);
	if (n->values.count(card) && !card_of(n, card))
		return dnn_refuse(CUDNN_STATUS_BAD_PARAM_DESCRIPTOR_TYPE, "attribute %d is a card's properties", card);
	return CUDNN_STATUS_SUCCESS;
}

static std::shared_ptr<struct dnn_node> node(cudnnBackendDescriptorType_t type, const dnn_graph_ref &g, int64_t engine)
{
	std::shared_ptr<struct dnn_node> n = std::make_shared<struct dnn_node>();
	n->type = type;
	n->finalized = true;
	n->graph = g;
	n->engine = engine;
	return n;
}

static void put_nodes(struct dnn_node *n, int name, const std::vector<dnn_ref> &list)
{
	n->values[name].type = CUDNN_TYPE_BACKEND_DESCRIPTOR;
	n->values[name].nodes = list;
}

static void describe_engine(struct dnn_node *n)
{
	static const std::vector<cudnnBackendBehaviorNote_t> compiles = {CUDNN_BEHAVIOR_NOTE_RUNTIME_COMPILATION};
	std::vector<dnn_ref> infos;
	for (const struct knob &k : knobs_of(n->engine)) {
		const auto info = node(CUDNN_BACKEND_KNOB_INFO_DESCRIPTOR, n->graph, n->engine);
		dnn_put(info.get(), CUDNN_ATTR_KNOB_INFO_TYPE, CUDNN_TYPE_KNOB_TYPE, std::vector<cudnnBackendKnobType_t>{k.type});
		dnn_put(info.get(), CUDNN_ATTR_KNOB_INFO_MINIMUM_VALUE, CUDNN_TYPE_INT64, std::vector<int64_t>{k.from});
		dnn_put(info.get(), CUDNN_ATTR_KNOB_INFO_MAXIMUM_VALUE, CUDNN_TYPE_INT64, std::vector<int64_t>{k.to});
		dnn_put(info.get(), CUDNN_ATTR_KNOB_INFO_STRIDE, CUDNN_TYPE_INT64, std::vector<int64_t>{1});
		infos.push_back(info);
	}
	put_nodes(n, CUDNN_ATTR_ENGINE_KNOB_INFO, infos);
	dnn_put(n, CUDNN_ATTR_ENGINE_GLOBAL_INDEX, CUDNN_TYPE_INT64, std::vector<int64_t>{n->engine});
	dnn_put(n, CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_TYPE_NUMERICAL_NOTE, notes_of(n->engine, n->graph.get()));
	dnn_put(n, CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE, CUDNN_TYPE_BEHAVIOR_NOTE,
	        n->engine == RUNTIME ? compiles : std::vector<cudnnBackendBehaviorNote_t>());
}

static cudnnStatus_t engine(struct dnn_node *n)
{
	const cudnnStatus_t s = children_good(n, CUDNN_ATTR_ENGINE_OPERATION_GRAPH, CUDNN_ATTR_ENGINE_DEVICEPROP);
	if (s != CUDNN_STATUS_SUCCESS)
		return s;
	n->graph = dnn_child(n, CUDNN_ATTR_ENGINE_OPERATION_GRAPH)->graph;
	n->engine = dnn_get<int64_t>(n, CUDNN_ATTR_ENGINE_GLOBAL_INDEX, -1);
	const cudnnStatus_t there = engine_there(n->engine, n->graph.get());
	if (there == CUDNN_STATUS_SUCCESS)
		describe_engine(n);
	return there;
}

static cudnnStatus_t choice(struct dnn_node *n)
{
	n->knobs = {{dnn_get(n, CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE, CUDNN_KNOB_TYPE_COUNTS),
	             dnn_get<int64_t>(n, CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE, 0)}};
	return CUDNN_STATUS_SUCCESS;
}

static cudnnStatus_t configuration(struct dnn_node *n)
{
	const struct dnn_node *e = dnn_child(n, CUDNN_ATTR_ENGINECFG_ENGINE);
	if (e->type != CUDNN_BACKEND_ENGINE_DESCRIPTOR)
		return dnn_refuse(CUDNN_STATUS_BAD_PARAM_DESCRIPTOR_TYPE, "a configuration is of an engine");
	n->graph = e->graph;
	n->engine = e->engine;
	n->knobs.clear();
	for (const dnn_ref &c : n->values[CUDNN_ATTR_ENGINECFG_KNOB_CHOICES].nodes) {
		if (c->type != CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR)
			return dnn_refuse(CUDNN_STATUS_BAD_PARAM_DESCRIPTOR_TYPE, "a configuration has choices of knobs");
		const struct dnn_knob chosen = c->knobs[0];
		bool good = false;
		for (const struct knob &k : knobs_of(n->engine))
			good |= k.type == chosen.type && chosen.value >= k.from && chosen.value <= k.to;
		if (!good)
			return dnn_refuse(CUDNN_STATUS_NOT_SUPPORTED, "engine %lld: knob %d can't be %lld",
			                  (long long)n->engine, chosen.type, (long long)chosen.value);
		n->knobs.push_back(chosen);
	}
	return CUDNN_STATUS_SUCCESS;
}

static cudnnStatus_t plan(struct dnn_node *n)
{
	const cudnnStatus_t s = children_good(n, -1, CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP);
	const struct dnn_node *c = dnn_child(n, CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG);
	const cudnnHandle_t handle = dnn_get<cudnnHandle_t>(n, CUDNN_ATTR_EXECUTION_PLAN_HANDLE, NULL);
	if (s != CUDNN_STATUS_SUCCESS)
		return s;
	if (c->type != CUDNN_BACKEND_ENGINECFG_DESCRIPTOR)
		return dnn_refuse(CUDNN_STATUS_BAD_PARAM_DESCRIPTOR_TYPE, "a plan is of a configuration");
	if (n->values.count(CUDNN_ATTR_EXECUTION_PLAN_HANDLE) && !dnn_handle_known(handle))
		return dnn_refuse(CUDNN_STATUS_BAD_PARAM, "a plan for a handle that is none");
	n->graph = c->graph;
	n->engine = c->engine;
	n->knobs = c->knobs;
	n->described = card_of(n, CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP) != NULL;
	if (faults[n->engine] == STANDIN_ENGINE_REFUSED)
		return dnn_refuse(CUDNN_STATUS_NOT_SUPPORTED, "the test has engine %lld refused", (long long)n->engine);
	n->workspace = workspace_of(n->engine, n->graph.get());
	dnn_put(n, CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, CUDNN_TYPE_INT64, std::vector<int64_t>{(int64_t)n->workspace});
	return CUDNN_STATUS_SUCCESS;
}

/* ---- heuristics ---- */

/* Each way to set the knobs is a configuration. */
static void configurations(const dnn_graph_ref &g, int64_t index, std::vector<dnn_ref> *out)
{
	const auto e = node(CUDNN_BACKEND_ENGINE_DESCRIPTOR, g, index);
	describe_engine(e.get());
	std::vector<std::vector<struct dnn_knob>> all = {{}};
	for (const struct knob &k : knobs_of(index)) {
		std::vector<std::vector<struct dnn_knob>> longer;
		for (const auto &have : all)
			for (int64_t v = k.to; v >= k.from; v--) {
				longer.push_back(have);
				longer.back().push_back({k.type, v});
			}
		all = longer;
	}
	for (const auto &knobs : all) {
		const auto c = node(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, g, index);
		std::vector<dnn_ref> choices;
		for (const struct dnn_knob &k : knobs) {
			const auto one = node(CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR, g, index);
			one->knobs = {k};
			dnn_put(one.get(), CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE, CUDNN_TYPE_KNOB_TYPE,
			        std::vector<cudnnBackendKnobType_t>{k.type});
			dnn_put(one.get(), CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE, CUDNN_TYPE_INT64, std::vector<int64_t>{k.value});
			choices.push_back(one);
		}
		c->knobs = knobs;
		put_nodes(c.get(), CUDNN_ATTR_ENGINECFG_ENGINE, {e});
		put_nodes(c.get(), CUDNN_ATTR_ENGINECFG_KNOB_CHOICES, choices);
		out->push_back(c);
	}
}

/* What is not supported has no results, which is no error. */
static cudnnStatus_t heuristics(struct dnn_node *n)
{
	static const int best[] = {CORES, RUNTIME, LOOSE, ROOMY}, fallback[] = {LOOSE, PLAIN};
	cudnnStatus_t s = children_good(n, CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, CUDNN_ATTR_ENGINEHEUR_DEVICEPROP);
	if (s != CUDNN_STATUS_SUCCESS)
		return s;
	const cudnnBackendHeurMode_t mode = dnn_get(n, CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_HEUR_MODES_COUNT);
	if (mode != CUDNN_HEUR_MODE_A && mode != CUDNN_HEUR_MODE_FALLBACK)
		return dnn_refuse(CUDNN_STATUS_NOT_SUPPORTED, "heuristics of mode %d are not here", mode);
	n->graph = dnn_child(n, CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH)->graph;
	std::vector<dnn_ref> results;
	const bool fall = mode == CUDNN_HEUR_MODE_FALLBACK;
	for (int i = 0; i < (fall ? 2 : 4); i++) {
		const int index = fall ? fallback[i] : best[i];
		if (engine_there(index, n->graph.get()) == CUDNN_STATUS_SUCCESS)
			configurations(n->graph, index, &results);
	}
	put_nodes(n, CUDNN_ATTR_ENGINEHEUR_RESULTS, results);
	return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t dnn_finalize_engine(struct dnn_node *n)
{
	switch (n->type) {
	case CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR:
		return heuristics(n);
	case CUDNN_BACKEND_ENGINE_DESCRIPTOR:
		return engine(n);
	case CUDNN_BACKEND_ENGINECFG_DESCRIPTOR:
		return configuration(n);
	case CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR:
		return choice(n);
	default:
		return plan(n);
	}
}

struct dnn_how dnn_engine_how(const struct dnn_node *n)
{
	struct dnn_how how = {};
	how.parts = 1 + (unsigned)n->engine;
	for (const struct dnn_knob &k : n->knobs)
		how.parts += (unsigned)k.value;
	how.down_convert = (n->engine == CORES || n->engine == RUNTIME) && n->graph->ops[0].in[0].type == CUDNN_DATA_FLOAT;
	how.unsteady = n->engine == LOOSE;
	how.wrong = faults[n->engine] == STANDIN_ENGINE_WRONG;
	how.slow = faults[n->engine] == STANDIN_ENGINE_SLOW;
	how.fails = faults[n->engine] == STANDIN_ENGINE_FAILS;
	return how;
}
