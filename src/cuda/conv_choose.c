/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Which of cuDNN's engines does a convolution: known from the device's choices, or measured. */
#include "src/cuda/conv.h"

#include <stdlib.h>
#include <string.h>

#include "src/cuda/chosen.h"

/* All that cuDNN proposes for a shape is measured, since its first is often not the fastest; fewer where each has to be compiled, for
 * up to a second. Where few are left by the rules, one to fall back on is, too: else it is tens of times slower. */
enum { PROPOSALS = CONV_TRIALS - 1, PROPOSALS_COMPILED = 6, PROPOSALS_ENOUGH = 8 };
/* The part of the room that is left which a workspace may have, CONV_WORKSPACE at most. */
enum { WORKSPACE_SHARE = 8 };

/* ---- cuDNN for a device ---- */

status cuda_dnn_open(struct cuda_device *cuda)
{
	if (cuda->dnn)
		return OK;
	struct cuda_dnn *dnn = calloc(1, sizeof *dnn);
	if (!dnn)
		return fail(ERR_MEMORY, "out of memory: cuDNN");
	status s = cuda_check_dnn(cudnnCreate(&dnn->card.handle), "cudnnCreate", __FILE__);
	if (s != OK) {
		free(dnn);
		return s == ERR_MEMORY ? s : fail_within(s, "convolutions need cuDNN on a CUDA device, which does not open ({device} cpu does "
		                                            "without): ");
	}
	cuda->dnn = dnn;
	s = cuda_check_dnn(cudnnSetStream(dnn->card.handle, cuda->stream), "cudnnSetStream", __FILE__);
	if (s != OK) {
		/* Not to be found open later, in the stream of all threads. */
		char *words = fail_copy();
		cuda_dnn_close(cuda);
		fail_again(s, words);
		free(words);
	}
	return s;
}

void cuda_dnn_close(struct cuda_device *cuda)
{
	struct cuda_dnn *dnn = cuda->dnn;
	if (!dnn)
		return;
	while (dnn->ready) {
		struct conv_ready *r = dnn->ready;
		dnn->ready = r->next;
		dnn_plan_close(&r->plan);
		free(r);
	}
	cuda_keep(cuda, cuda_check_dnn(cudnnDestroy(dnn->card.handle), "cudnnDestroy", __FILE__));
	free(dnn);
	cuda->dnn = NULL;
}

/* ---- known ones ---- */

/* What is known of a task; NULL: nothing. */
static const char *known_text(struct cuda_device *cuda, const struct conv_task *t)
{
	char key[CONV_KEY];
	conv_key(t, key);
	return cuda_chosen(cuda, CUDA_CHOSEN_CONV, key);
}

static status check_plan(const struct conv_task *t, const struct dnn_config *c, const struct dnn_plan *p)
{
	if (!conv_allows(t, c->notes))
		return fail(ERR_LIBRARY, "its results may differ from run to run, or it is less precise than asked for");
	if (p->workspace > CONV_WORKSPACE)
		return fail(ERR_LIBRARY, "it needs a workspace of %zu bytes", p->workspace);
	return OK;
}

/* The plan that a text says, if it still can be had. */
static status make_known(const struct conv_task *t, const struct dnn_graph *g, const char *text, struct dnn_plan *out)
{
	struct dnn_config c;
	*out = (struct dnn_plan){.plan = NULL};
	TRY(dnn_config_read(g, text, &c));
	status s = dnn_plan_make(g, &c, out, NULL);
	if (s == OK)
		s = check_plan(t, &c, out);
	char *words = s == OK ? NULL : fail_copy();
	dnn_config_close(&c);
	if (s != OK) {
		dnn_plan_close(out);
		fail_again(s, words);
	}
	free(words);
	return s;
}

static bool choose_known(struct cuda_device *cuda, const struct conv_task *t, const struct dnn_graph *g, const char *key,
                         struct dnn_plan *out)
{
	const char *text = cuda_chosen(cuda, CUDA_CHOSEN_CONV, key);
	if (!text)
		return false;
	status s = make_known(t, g, text, out);
	if (s == OK)
		return true;
	warning_failed(fail_within(s, "%s: the engine that was chosen before (%s) is not had here, and another one may round otherwise: ",
	                           key, text));
	return false;
}

/* ---- new ones ---- */

static status keep_choice(struct cuda_device *cuda, const struct conv_task *t, const struct dnn_config *c)
{
	char key[CONV_KEY];
	conv_key(t, key);
	return cuda_chosen_keep(cuda, CUDA_CHOSEN_CONV, key, c->text);
}

static size_t workspace_most(const struct cuda_device *cuda)
{
	const size_t room = cuda_room(&cuda->device) / WORKSPACE_SHARE;
	return room < CONV_WORKSPACE ? room : CONV_WORKSPACE;
}

static bool is_among(const struct conv_trial *trial, int n, const char *text)
{
	for (int i = 0; i < n; i++)
		if (strcmp(trial[i].config.text, text) == 0)
			return true;
	return false;
}

/* The proposal's plan; where it has none, or needs too much room, false: cuDNN proposes what it has not tried. */
static bool plan_proposal(const struct cuda_device *cuda, const struct dnn_graph *g, const struct dnn_config *c, struct dnn_plan *out)
{
	bool refused;
	const status s = dnn_plan_make(g, c, out, &refused);
	if (s != OK && !refused)
		warning_failed(fail_within(s, "an engine that cuDNN proposes for a convolution (%s) is passed over: ", c->text));
	if (s == OK && out->workspace <= workspace_most(cuda))
		return true;
	dnn_plan_close(out);
	return false;
}

/* Takes a proposal as trial *n, if it may do the task. */
static void take_proposal(const struct cuda_device *cuda, const struct conv_task *t, const struct dnn_graph *g, struct dnn_config *c,
                          struct conv_trial *trial, int *n, int most)
{
	const int room = c->notes & DNN_COMPILES && most > PROPOSALS_COMPILED ? PROPOSALS_COMPILED : most;
	if (*n < room && conv_allows(t, c->notes) && !is_among(trial, *n, c->text) && plan_proposal(cuda, g, c, &trial[*n].plan))
		trial[(*n)++].config = *c;
	else
		dnn_config_close(c);
}

static status take_proposals(const struct cuda_device *cuda, const struct conv_task *t, const struct dnn_graph *g,
                             cudnnBackendHeurMode_t mode, int most, struct conv_trial *trial, int *n)
{
	struct dnn_config found[PROPOSALS];
	int proposed;
	TRY(dnn_propose(g, mode, PROPOSALS, found, &proposed));
	for (int i = 0; i < proposed; i++)
		take_proposal(cuda, t, g, &found[i], trial, n, most);
	return OK;
}

/* Leaves *out empty where no engine does the task. */
static status choose_new(struct cuda_device *cuda, const struct conv_task *t, const struct dnn_graph *g, struct dnn_plan *out)
{
	struct conv_trial trial[CONV_TRIALS];
	int n = 0, best = -1;
	*out = (struct dnn_plan){.plan = NULL};
	status s = take_proposals(cuda, t, g, CUDNN_HEUR_MODE_A, PROPOSALS, trial, &n);
	if (s == OK && n < PROPOSALS_ENOUGH)
		s = take_proposals(cuda, t, g, CUDNN_HEUR_MODE_FALLBACK, n + 1, trial, &n);
	if (s == OK && n)
		s = conv_measure(cuda, t, n, trial, &best);
	if (best >= 0) {
		*out = trial[best].plan;
		trial[best].plan.plan = NULL;
		s = keep_choice(cuda, t, &trial[best].config);
	}
	char *words = s == OK ? NULL : fail_copy();
	for (int i = 0; i < n; i++) {
		dnn_plan_close(&trial[i].plan);
		dnn_config_close(&trial[i].config);
	}
	if (s != OK) {
		dnn_plan_close(out);
		fail_again(s, words);
	}
	free(words);
	return s;
}

/* ---- those of a rest ---- */

/* The trial of a text. */
static status make_trial(const struct conv_task *t, const struct dnn_graph *g, const char *text, struct conv_trial *out)
{
	*out = (struct conv_trial){.best = 0};
	TRY(make_known(t, g, text, &out->plan));
	return dnn_config_read(g, text, &out->config);
}

/* A rest of a batch, such as an epoch's last, has the engine of the whole one, if it can do it: that comes seldom, and to measure all
 * others would take longer than a better one saves. */
static bool choose_as_whole(struct cuda_device *cuda, const struct conv_task *t, const struct dnn_graph *g, struct dnn_plan *out)
{
	struct conv_task whole = *t;
	struct conv_trial trial;
	int best = -1;
	whole.shape.n = t->whole;
	const char *text = t->whole > t->shape.n ? known_text(cuda, &whole) : NULL;
	if (!text)
		return false;
	status s = make_trial(t, g, text, &trial);
	if (s == OK)
		s = conv_measure(cuda, t, 1, &trial, &best);
	if (s == OK && best == 0 && keep_choice(cuda, t, &trial.config) == OK) {
		*out = trial.plan;
		trial.plan.plan = NULL;
	}
	dnn_plan_close(&trial.plan);
	dnn_config_close(&trial.config);
	return out->plan;
}

/* ---- for good ---- */

static bool same_task(const struct conv_task *a, const struct conv_task *b)
{
	return memcmp(&a->shape, &b->shape, sizeof a->shape) == 0 && a->part == b->part && a->bf16 == b->bf16 &&
	       a->direct == b->direct && a->fast == b->fast;
}

static status choose(struct cuda_device *cuda, const struct conv_task *t, struct dnn_plan *out)
{
	struct dnn_graph g;
	char key[CONV_KEY];
	conv_key(t, key);
	status s = conv_graph(&cuda->dnn->card, t, &g);
	if (s != OK)
		return fail_within(s, "%s: ", key);
	*out = (struct dnn_plan){.plan = NULL};
	if (!choose_known(cuda, t, &g, key, out) && !choose_as_whole(cuda, t, &g, out))
		s = choose_new(cuda, t, &g, out);
	if (s != OK)
		fail_within(s, "%s: ", key);
	dnn_graph_close(&g);
	return s;
}

status cuda_conv_choose(struct cuda_device *cuda, const struct conv_task *t, const struct conv_ready **out)
{
	*out = NULL;
	TRY(cuda_dnn_open(cuda));
	struct conv_ready *r = cuda->dnn->ready;
	while (r && !same_task(&r->task, t))
		r = r->next;
	if (!r) {
		r = calloc(1, sizeof *r);
		if (!r)
			return fail(ERR_MEMORY, "out of memory: a convolution's plan");
		r->task = *t;
		status s = choose(cuda, t, &r->plan);
		if (s != OK) {
			free(r);
			return s;
		}
		r->next = cuda->dnn->ready;
		cuda->dnn->ready = r;
	}
	*out = r->plan.plan ? r : NULL;
	return OK;
}
