/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/predictive.h"

#include <math.h>

#include "src/likelihood.h"

static const struct predictive *const by_loss[LOSS_KINDS] = {
	[LOSS_CATEGORICAL] = &predictive_categorical,
	[LOSS_GAUSSIAN] = &predictive_gaussian,
	[LOSS_BERNOULLI] = &predictive_bernoulli,
	[LOSS_HETEROSCEDASTIC] = &predictive_gaussian,
};

const struct predictive *predictive_of(const struct likelihood *l)
{
	return by_loss[l->loss];
}

status predictions_open(struct arena *a, const struct network *n, const struct subject *subject, size_t members,
                        enum scoring scoring, struct predictions *out)
{
	const struct predictive *how = predictive_of(n->likelihood);
	size_t rows = subject->data.n, k = (size_t)n->model.outputs, kept = how->keeps_outputs ? members : 1;
	int classes = how->classes(n->model.outputs);
	*out = (struct predictions){.how = how, .network = n, .subject = subject, .members = members};
	if (rows * k > SIZE_MAX / sizeof(float) / kept)
		return fail(ERR_MEMORY, "out of memory: %zu members' outputs for %zu examples", members, rows);
	if (how->keeps_outputs)
		TRY(ARENA_NEW(a, kept * rows * k, &out->outputs));
	if (how->read && n->likelihood->param[0].name)
		TRY(ARENA_NEW(a, members * (size_t)likelihood_targets(n->likelihood, n->model.outputs), &out->member_sd));
	if (scoring == SCORE_CURVE)
		TRY(ARENA_NEW(a, members, &out->curve));
	if (scoring > SCORE_MEMBERS) {
		TRY(ARENA_NEW(a, members, &out->alone));
		TRY(ARENA_NEW(a, members, &out->ending));
	}
	for (size_t i = 0; out->alone && i < members; i++)
		out->alone[i] = out->ending[i] = (double)NAN;
	if (!classes)
		return OK;
	TRY(mixture_open(a, rows, classes, true, &out->mixture));
	out->mixture.line = subject->data.line;
	if (scoring == SCORE_MEMBERS)
		TRY(mixture_label_members(a, &out->mixture, subject->data.label));
	else if (scoring != SCORE_NOTHING)
		TRY(mixture_label(a, &out->mixture, subject->data.label));
	return ARENA_NEW(a, rows * (size_t)classes, &out->probs);
}

bool predictions_want_members(const struct predictions *p)
{
	return p->each || p->kept;
}

float *predictions_place(const struct predictions *p, size_t i)
{
	size_t each = p->subject->data.n * (size_t)p->network->model.outputs;
	return p->outputs + i * each;
}
