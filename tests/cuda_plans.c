/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The installed cuDNN, of which nothing here is a stand-in, plans every convolution of every network, in each direction and
 * precision, for the cards that tests/cards describes: an engine does it under the rules that a device chooses by, its workspace
 * is bounded, and its text makes the same plan again. No card is here, so nothing runs, and what cuDNN compiles at run time is not
 * planned. */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "src/cuda/conv.h"
#include "src/net/model.h"
#include "tests/net_names.h"
#include "tests/tap.h"

/* As many proposals as a device asks for; texts are tried of so many a list that may do it. */
enum { PROPOSALS = 40, AGAIN = 3, BATCH = 128, TASKS = 512, TEXT = 1 << 16 };

/* What was planned for one card. */
static struct {
	char key[CONV_KEY];
	bool planned;
} tasks[TASKS];
static int n_tasks;
static struct {
	int proposed, allowed, plans, again, refused;
	size_t workspace;
} counts;

static double seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- one task ---- */

/* The text of a configuration that has a plan makes the same plan. */
static bool made_again(const struct dnn_graph *g, const struct dnn_config *c, const struct dnn_plan *plan)
{
	struct dnn_config again;
	struct dnn_plan other;
	MUST(dnn_config_read(g, c->text, &again));
	MUST(dnn_plan_make(g, &again, &other, NULL));
	const bool same = strcmp(again.text, c->text) == 0 && again.notes == c->notes && other.workspace == plan->workspace;
	dnn_plan_close(&other);
	dnn_config_close(&again);
	counts.again++;
	return same;
}

/* What the rules are for, said once more. */
static bool is_careful(const struct conv_task *t, unsigned notes)
{
	return !(notes & DNN_NONDETERMINISTIC) && (t->bf16 || !(notes & (DNN_TENSOR_CORES | DNN_DOWN_CONVERTS)));
}

/* Of one list of proposals: how many have a plan; −1: one is not as it must be. */
static int plan_list(const struct dnn_graph *g, const struct conv_task *t, cudnnBackendHeurMode_t mode)
{
	struct dnn_config found[PROPOSALS];
	int n, planned = 0;
	bool good = true;
	MUST(dnn_propose(g, mode, PROPOSALS, found, &n));
	counts.proposed += n;
	for (int i = 0; i < n; i++) {
		struct dnn_plan plan;
		if (conv_allows(t, found[i].notes)) {
			counts.allowed++;
			good = good && is_careful(t, found[i].notes);
			if (planned < AGAIN && dnn_plan_make(g, &found[i], &plan, NULL) == OK) {
				if (plan.workspace <= CONV_WORKSPACE) {
					planned++;
					good = made_again(g, &found[i], &plan) && good;
					counts.workspace = plan.workspace > counts.workspace ? plan.workspace : counts.workspace;
				}
				dnn_plan_close(&plan);
			}
		} else {
			counts.refused++;
		}
		dnn_config_close(&found[i]);
	}
	counts.plans += planned;
	return good ? planned : -1;
}

static bool plan_task(const struct dnn_card *card, const struct conv_task *t)
{
	struct dnn_graph g;
	MUST(conv_graph(card, t, &g));
	const int best = plan_list(&g, t, CUDNN_HEUR_MODE_A), fallback = plan_list(&g, t, CUDNN_HEUR_MODE_FALLBACK);
	dnn_graph_close(&g);
	return best >= 0 && fallback >= 0 && best + fallback > 0;
}

/* Each task once. */
static bool planned(const struct dnn_card *card, const struct conv_task *t)
{
	char key[CONV_KEY];
	int i = 0;
	conv_key(t, key);
	while (i < n_tasks && strcmp(tasks[i].key, key) != 0)
		i++;
	if (i == n_tasks) {
		MUST(n_tasks == TASKS);
		n_tasks++;
		memcpy(tasks[i].key, key, sizeof key);
		tasks[i].planned = plan_task(card, t);
	}
	return tasks[i].planned;
}

/* ---- networks ---- */

/* The parts of one convolution, as its layer asks for them. */
static bool plan_layer(const struct dnn_card *card, const struct layer *l, enum precision precision, int channels)
{
	static const enum conv_part parts[] = {CONV_FORWARD, CONV_DATA, CONV_WEIGHTS};
	const struct plan_request r = {.layer = l, .n = BATCH, .mode = PLAN_TRAIN, .precision = precision,
	                               .channels = l->input[0] == INPUT_BATCH ? channels : 0};
	struct conv_task t = conv_task_of(&r);
	bool good = true;
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		char key[CONV_KEY];
		t.part = parts[i];
		if (t.part == CONV_DATA && l->input[0] == INPUT_BATCH)
			continue;
		const bool had = planned(card, &t);
		conv_key(&t, key);
		if (!had)
			note("no engine: %s", key);
		good = good && had;
	}
	return good;
}

static void check_net(const struct dnn_card *card, const char *card_name, const char *net, const int input[3], enum precision precision)
{
	struct model m;
	struct format formats[LAYERS_MAX];
	struct batch_format batch = {.channels = input[0]};
	const int before = n_tasks;
	bool good = true;
	MUST(model_build(net, NULL, NULL, input, 10, &m));
	cuda_formats(NULL, m.layer, m.n_layers, precision, &batch, formats);
	for (int i = 0; i < m.n_layers; i++)
		if (m.layer[i].kind == LAYER_CONV)
			good = plan_layer(card, &m.layer[i], precision, batch.channels) && good;
	if (model_has(&m, LAYER_CONV))
		ok(good, "%s: %s of %d×%d×%d, %s: each convolution is planned (%d tasks that are new)", card_name, net, input[0], input[1],
		   input[2], precision == PRECISION_BF16 ? "bf16" : "float32", n_tasks - before);
	model_free(&m);
}

static void check_net_at(const struct dnn_card *card, const char *card_name, const char *net, const int input[3])
{
	check_net(card, card_name, net, input, PRECISION_FP32);
	check_net(card, card_name, net, input, PRECISION_BF16);
}

static void check_nets(const struct dnn_card *card, const char *card_name)
{
	static const int color[] = {3, 32, 32}, grey[] = {1, 28, 28}, large[] = {3, 224, 224};
	const double before = seconds();
	const char *net;
	bool imagenet;
	memset(&counts, 0, sizeof counts);
	n_tasks = 0;
	for (int i = 0; (net = net_name(i, &imagenet)) != NULL; i++) {
		char spec[64];
		check_net_at(card, card_name, net, color);
		if (strcmp(net, "lenet") == 0)
			check_net_at(card, card_name, net, grey);
		snprintf(spec, sizeof spec, "%s:imagenet", net);
		if (imagenet)
			check_net_at(card, card_name, spec, large);
	}
	ok(counts.refused > 0 && counts.allowed > 0, "%s: of cuDNN's proposals some may not do it", card_name);
	note("%d tasks, %d proposals, %d of them allowed, %d plans, %d of them made again from their text; a workspace of %.1f MiB at most; "
	     "%.1f s", n_tasks, counts.proposed, counts.allowed, counts.plans, counts.again, (double)counts.workspace / (1 << 20),
	     seconds() - before);
}

/* ---- cards ---- */

static size_t read_text(const char *path, char text[TEXT])
{
	FILE *f = fopen(path, "r");
	MUST(!f);
	const size_t n = fread(text, 1, TEXT, f);
	MUST(fclose(f));
	return n;
}

static void check_card(const char *path)
{
	static char text[TEXT];
	const char *name = strrchr(path, '/') + 1;
	struct dnn_card card;
	const size_t n = read_text(path, text);
	const status s = dnn_card_read(text, n, &card);
	if (s != OK) {
		skip(name, fail_message(s));
		return;
	}
	check_nets(&card, name);
	dnn_card_close(&card);
}

/* cuDNN's own libraries leave much, in code that is gone when leaks are looked for; what we forget of theirs the stand-in's tests find.
 * AddressSanitizer asks for this by name. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

int main(void)
{
	const char *top = getenv("top_srcdir");
	char pattern[4096], version[DNN_VERSION_TEXT];
	glob_t cards;
	test_prefix("planned by cuDNN, without a card");
	snprintf(pattern, sizeof pattern, "%s/tests/cards/*.json", top ? top : ".");
	const char *lacks = cudnnGetVersion() == 0 ? "no libcudnn is installed" : glob(pattern, 0, NULL, &cards) != 0
		? "no card is described in tests/cards" : NULL;
	if (lacks) {
		skip("every convolution", lacks);
		return done_testing();
	}
	note("cuDNN %s", dnn_version(version));
	for (size_t i = 0; i < cards.gl_pathc; i++)
		check_card(cards.gl_pathv[i]);
	globfree(&cards);
	return done_testing();
}
