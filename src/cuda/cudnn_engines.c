/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Who does a graph: cuDNN's proposals and the texts that stand for them, and plans. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cuda/cudnn_private.h"

enum { KNOBS = 32, NOTES = 16 };

/* ---- texts ---- */

/* Knobs that an engine has been given, at most KNOBS. */
struct knobs {
	int64_t engine;
	int n;
	cudnnBackendKnobType_t type[KNOBS];
	int64_t value[KNOBS];
};

static void write_text(const struct knobs *k, char text[DNN_TEXT])
{
	int n = snprintf(text, DNN_TEXT, "e%" PRId64, k->engine);
	for (int i = 0; i < k->n && n < DNN_TEXT; i++)
		n += snprintf(text + n, (size_t)(DNN_TEXT - n), " k%d=%" PRId64, (int)k->type[i], k->value[i]);
}

/* What write_text writes, and nothing else. */
static bool read_text(const char *text, struct knobs *k)
{
	char again[DNN_TEXT];
	int used = 0;
	*k = (struct knobs){.n = 0};
	if (sscanf(text, "e%" SCNd64 "%n", &k->engine, &used) != 1)
		return false;
	for (const char *at = text + used; *at; at += used) {
		int type;
		if (k->n == KNOBS || sscanf(at, " k%d=%" SCNd64 "%n", &type, &k->value[k->n], &used) != 2)
			return false;
		k->type[k->n++] = (cudnnBackendKnobType_t)type;
	}
	write_text(k, again);
	return strcmp(text, again) == 0;
}

static status read_choices(int n, const descriptor *choice, struct knobs *k)
{
	k->n = n;
	for (int i = 0; i < n; i++) {
		TRY(dnn_get_one(choice[i], CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE, CUDNN_TYPE_KNOB_TYPE, &k->type[i]));
		TRY(dnn_get_one(choice[i], CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE, CUDNN_TYPE_INT64, &k->value[i]));
	}
	return OK;
}

static status read_knobs(descriptor config, struct knobs *k)
{
	descriptor choice[KNOBS] = {NULL};
	int64_t n = 0;
	status s = OK;
	for (int i = 0; i < KNOBS && s == OK; i++)
		s = dnn_create(CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR, &choice[i]);
	if (s == OK)
		s = dnn_get(config, CUDNN_ATTR_ENGINECFG_KNOB_CHOICES, CUDNN_TYPE_BACKEND_DESCRIPTOR, KNOBS, &n, choice);
	if (s == OK)
		s = read_choices((int)(n < KNOBS ? n : KNOBS), choice, k);
	for (int i = 0; i < KNOBS; i++)
		dnn_destroy(choice[i]);
	return s;
}

static status read_notes(descriptor engine, unsigned *out)
{
	static const unsigned of[] = {
		[CUDNN_NUMERICAL_NOTE_TENSOR_CORE] = DNN_TENSOR_CORES,
		[CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS] = DNN_DOWN_CONVERTS,
		[CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION] = DNN_SUMS_NARROW,
		[CUDNN_NUMERICAL_NOTE_FFT] = DNN_FFT,
		[CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC] = DNN_NONDETERMINISTIC,
		[CUDNN_NUMERICAL_NOTE_WINOGRAD] = DNN_WINOGRAD,
		[CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_4x4] = DNN_WINOGRAD,
		[CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_6x6] = DNN_WINOGRAD,
		[CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_13x13] = DNN_WINOGRAD,
	};
	cudnnBackendNumericalNote_t numerical[NOTES];
	cudnnBackendBehaviorNote_t behaviour[NOTES];
	int64_t n = 0;
	*out = 0;
	TRY(dnn_get(engine, CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_TYPE_NUMERICAL_NOTE, NOTES, &n, numerical));
	for (int i = 0; i < n && i < NOTES; i++)
		if ((size_t)numerical[i] < sizeof of / sizeof *of)
			*out |= of[numerical[i]];
	TRY(dnn_get(engine, CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE, CUDNN_TYPE_BEHAVIOR_NOTE, NOTES, &n, behaviour));
	for (int i = 0; i < n && i < NOTES; i++)
		if (behaviour[i] == CUDNN_BEHAVIOR_NOTE_RUNTIME_COMPILATION)
			*out |= DNN_COMPILES;
	return OK;
}

/* What a configuration is, in words that are kept. */
static status describe(struct dnn_config *c)
{
	descriptor engine;
	struct knobs k;
	TRY(dnn_create(CUDNN_BACKEND_ENGINE_DESCRIPTOR, &engine));
	status s = dnn_get_one(c->config, CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_TYPE_BACKEND_DESCRIPTOR, &engine);
	if (s == OK)
		s = dnn_get_one(engine, CUDNN_ATTR_ENGINE_GLOBAL_INDEX, CUDNN_TYPE_INT64, &k.engine);
	if (s == OK)
		s = read_notes(engine, &c->notes);
	if (s == OK)
		s = read_knobs(c->config, &k);
	if (s != OK)
		return dnn_destroy_failed(&engine, s);
	dnn_destroy(engine);
	write_text(&k, c->text);
	return OK;
}

void dnn_config_close(struct dnn_config *c)
{
	dnn_destroy(c->config);
	c->config = NULL;
}

static status make_heuristics(const struct dnn_graph *g, cudnnBackendHeurMode_t mode, descriptor h)
{
	TRY(dnn_set_part(h, CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, g->graph));
	TRY(dnn_set(h, CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, 1, &mode));
	return dnn_set_described(g->card, h, CUDNN_ATTR_ENGINEHEUR_DEVICEPROP);
}

/* How many configurations are in out, ready or not; an answer that there is none is no failure. */
static status take_results(descriptor h, int most, struct dnn_config *out, int *n)
{
	descriptor *at = calloc((size_t)most, sizeof *at);
	int64_t found = 0;
	if (!at)
		return fail(ERR_MEMORY, "out of memory: cuDNN's engines");
	status s = OK;
	for (int i = 0; i < most && s == OK; i++)
		s = dnn_create(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, &at[i]);
	if (s == OK)
		s = dnn_get(h, CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_TYPE_BACKEND_DESCRIPTOR, most, &found, at);
	*n = s != OK ? 0 : (int)(found < most ? found : most);
	for (int i = 0; i < most; i++)
		if (i < *n)
			out[i] = (struct dnn_config){.config = at[i]};
		else
			dnn_destroy(at[i]);
	free(at);
	return s;
}

/* Whether cuDNN has said that it has nothing for a graph. */
static bool is_refusal(cudnnStatus_t e)
{
	return CUDNN_STATUS_CATEGORY(e) == CUDNN_STATUS_NOT_SUPPORTED;
}

status dnn_propose(const struct dnn_graph *g, cudnnBackendHeurMode_t mode, int most, struct dnn_config *out, int *n)
{
	descriptor h;
	*n = 0;
	TRY(dnn_create(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR, &h));
	status s = make_heuristics(g, mode, h);
	if (s == OK) {
		const cudnnStatus_t e = cudnnBackendFinalize(h);
		if (is_refusal(e)) {
			dnn_destroy(h);
			return OK;
		}
		s = cuda_check_dnn(e, "cudnnBackendFinalize", __FILE__);
	}
	if (s == OK)
		s = take_results(h, most, out, n);
	for (int i = 0; i < *n && s == OK; i++)
		s = describe(&out[i]);
	if (s != OK) {
		for (int i = 0; i < *n; i++)
			dnn_config_close(&out[i]);
		*n = 0;
		return dnn_destroy_failed(&h, s);
	}
	dnn_destroy(h);
	return OK;
}

/* ---- from texts ---- */

static status fill_engine(const struct dnn_graph *g, int64_t number, descriptor engine)
{
	TRY(dnn_set_part(engine, CUDNN_ATTR_ENGINE_OPERATION_GRAPH, g->graph));
	TRY(dnn_set_number(engine, CUDNN_ATTR_ENGINE_GLOBAL_INDEX, number));
	TRY(dnn_set_described(g->card, engine, CUDNN_ATTR_ENGINE_DEVICEPROP));
	return dnn_finalize(engine);
}

static status make_choices(const struct knobs *k, descriptor choice[KNOBS])
{
	for (int i = 0; i < k->n; i++) {
		TRY(dnn_create(CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR, &choice[i]));
		TRY(dnn_set(choice[i], CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE, CUDNN_TYPE_KNOB_TYPE, 1, &k->type[i]));
		TRY(dnn_set_number(choice[i], CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE, k->value[i]));
		TRY(dnn_finalize(choice[i]));
	}
	return OK;
}

static status fill_config(const struct knobs *k, descriptor engine, const descriptor *choice, descriptor config)
{
	TRY(dnn_set_part(config, CUDNN_ATTR_ENGINECFG_ENGINE, engine));
	if (k->n)
		TRY(dnn_set(config, CUDNN_ATTR_ENGINECFG_KNOB_CHOICES, CUDNN_TYPE_BACKEND_DESCRIPTOR, k->n, choice));
	return dnn_finalize(config);
}

status dnn_config_read(const struct dnn_graph *g, const char *text, struct dnn_config *out)
{
	descriptor engine = NULL, choice[KNOBS] = {NULL};
	struct knobs k;
	*out = (struct dnn_config){.config = NULL};
	if (!read_text(text, &k))
		return fail(ERR_INPUT, "no such text is known");
	status s = dnn_create(CUDNN_BACKEND_ENGINE_DESCRIPTOR, &engine);
	if (s == OK)
		s = fill_engine(g, k.engine, engine);
	if (s == OK)
		s = make_choices(&k, choice);
	if (s == OK)
		s = dnn_create(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, &out->config);
	if (s == OK)
		s = fill_config(&k, engine, choice, out->config);
	if (s == OK)
		s = read_notes(engine, &out->notes);
	char *words = s == OK ? NULL : fail_copy();
	for (int i = 0; i < k.n; i++)
		dnn_destroy(choice[i]);
	dnn_destroy(engine);
	if (s != OK) {
		dnn_config_close(out);
		fail_again(s, words);
	}
	free(words);
	memcpy(out->text, text, strlen(text) + 1);
	return s;
}

/* ---- plans ---- */

static status fill_plan(const struct dnn_graph *g, const struct dnn_config *c, descriptor plan, int64_t *workspace, bool *refused)
{
	if (g->card->handle)
		TRY(dnn_set(plan, CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE, 1, &g->card->handle));
	TRY(dnn_set_part(plan, CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, c->config));
	TRY(dnn_set_described(g->card, plan, CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP));
	const cudnnStatus_t e = cudnnBackendFinalize(plan);
	*refused = is_refusal(e);
	TRY(cuda_check_dnn((int)e, "cudnnBackendFinalize", __FILE__));
	return dnn_get_one(plan, CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, CUDNN_TYPE_INT64, workspace);
}

status dnn_plan_make(const struct dnn_graph *g, const struct dnn_config *c, struct dnn_plan *out, bool *refused)
{
	int64_t workspace = 0;
	bool no;
	refused = refused ? refused : &no;
	*refused = false;
	*out = (struct dnn_plan){.plan = NULL};
	TRY(dnn_create(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR, &out->plan));
	status s = fill_plan(g, c, out->plan, &workspace, refused);
	if (s != OK)
		return dnn_destroy_failed(&out->plan, s);
	out->workspace = workspace > 0 ? (size_t)workspace : 0;
	return OK;
}

void dnn_plan_close(struct dnn_plan *p)
{
	dnn_destroy(p->plan);
	*p = (struct dnn_plan){.plan = NULL};
}

static status fill_pack(const struct dnn_data *data, void *workspace, descriptor pack)
{
	TRY(dnn_set(pack, CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_TYPE_INT64, data->n, data->id));
	TRY(dnn_set(pack, CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, data->n, data->at));
	TRY(dnn_set(pack, CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, 1, &workspace));
	return dnn_finalize(pack);
}

status dnn_run(cudnnHandle_t handle, const struct dnn_plan *p, const struct dnn_data *data, void *workspace)
{
	descriptor pack;
	TRY(dnn_create(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR, &pack));
	status s = fill_pack(data, workspace, pack);
	if (s == OK)
		s = cuda_check_dnn(cudnnBackendExecute(handle, p->plan, pack), "cudnnBackendExecute", __FILE__);
	if (s != OK)
		return dnn_destroy_failed(&pack, s);
	dnn_destroy(pack);
	return OK;
}
