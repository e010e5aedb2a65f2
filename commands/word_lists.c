/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "commands/word_lists.h"

#include <string.h>

#include "samplers/sampler.h"
#include "src/analytic.h"
#include "src/backend.h"
#include "src/data/dataset_reader.h"
#include "src/likelihood.h"
#include "src/net/nets.h"

static bool data_set(int i, struct param_word *out)
{
	const struct dataset_reader *r = dataset_readers[i];
	if (r)
		*out = (struct param_word){r->kind, r->path, r->help};
	return r != NULL;
}

/* Networks, then analytic targets. */
static bool model(int i, struct param_word *out)
{
	int nets = 0;
	while (net_kinds[nets])
		nets++;
	if (i < nets) {
		const char *name = net_kinds[i]->name, *rest = net_kinds[i]->usage + strlen(name);
		*out = (struct param_word){name, *rest == ':' ? rest + 1 : NULL, NULL};
		return true;
	}
	const struct analytic_kind *a = analytic_kinds[i - nets];
	if (a)
		*out = (struct param_word){a->name, a->rest, NULL};
	return a != NULL;
}

static bool method(int i, struct param_word *out)
{
	if (samplers[i])
		*out = (struct param_word){samplers[i]->name, NULL, samplers[i]->help};
	return samplers[i] != NULL;
}

static bool one_likelihood(int i, struct param_word *out)
{
	if (likelihoods[i])
		*out = (struct param_word){likelihoods[i]->name, NULL, likelihoods[i]->help};
	return likelihoods[i] != NULL;
}

static bool device(int i, struct param_word *out)
{
	if (backends[i])
		*out = (struct param_word){backends[i]->name, NULL, NULL};
	return backends[i] != NULL;
}

const struct param_words words_data_sets = {data_set, true};
const struct param_words words_data_sets_alone = {data_set, false};
const struct param_words words_models = {model, false};
const struct param_words words_methods = {method, true};
const struct param_words words_likelihoods = {one_likelihood, true};
const struct param_words words_devices = {device, false};
