/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/likelihood.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static status encode_labels(const struct targets *t, struct arena *a, const void **out, size_t *bytes)
{
	(void)a;
	*out = t->label;
	*bytes = t->n * sizeof *t->label;
	return OK;
}

static status encode_reals(const struct targets *t, struct arena *a, const void **out, size_t *bytes)
{
	(void)a;
	*out = t->real;
	*bytes = t->n * (size_t)t->n_real * sizeof *t->real;
	return OK;
}

/* Labels as real targets, 0 and 1. */
static status encode_bits(const struct targets *t, struct arena *a, const void **out, size_t *bytes)
{
	float *real;
	TRY(ARENA_NEW(a, t->n, &real));
	for (size_t i = 0; i < t->n; i++)
		real[i] = (float)t->label[i];
	*out = real;
	*bytes = t->n * sizeof *real;
	return OK;
}

static int categorical_outputs(const struct targets *t)
{
	return t->label && t->n_classes >= 2 ? t->n_classes : 0;
}

static int gaussian_outputs(const struct targets *t)
{
	return t->real ? t->n_real : 0;
}

static int heteroscedastic_outputs(const struct targets *t)
{
	return t->real ? 2 * t->n_real : 0;
}

static int bernoulli_outputs(const struct targets *t)
{
	return t->label && t->n_classes == 2 ? 1 : 0;
}

/* The classes' shares: their entropy, log n − (1/n) Σ c log c over the classes' counts c; with factors w on the losses
 * (1/n)(W log W − Σ wc log wc), W = Σ wc. */
static status guess_shares(const struct targets *t, double noise_sd, struct guess *out)
{
	(void)noise_sd;
	size_t *count = calloc((size_t)t->n_classes, sizeof *count);
	if (!count)
		return fail(ERR_MEMORY, "out of memory: the counts of %d classes", t->n_classes);
	for (size_t i = 0; i < t->n; i++)
		count[t->label[i]]++;
	double sum = 0, all = 0, n = (double)t->n;
	for (int k = 0; k < t->n_classes; k++) {
		double c = (double)count[k] * (t->class_weight ? t->class_weight[k] : 1);
		sum += c > 0 ? c * log(c) : 0;
		all += c;
	}
	out->loss = out->reducible = (all * log(all) - sum) / n;
	free(count);
	return OK;
}

/* Of target j. */
static double target_variance(const struct targets *t, size_t j)
{
	const size_t k = (size_t)t->n_real;
	const double n = (double)t->n;
	/* From the first target on: of equal ones exactly nothing is left. */
	double first = (double)t->real[j], mean = 0, squares = 0;
	for (size_t i = 0; i < t->n; i++)
		mean += ((double)t->real[i * k + j] - first) / n;
	for (size_t i = 0; i < t->n; i++) {
		double d = (double)t->real[i * k + j] - first - mean;
		squares += d * d;
	}
	return squares / n;
}

/* The targets' means: Σ over the targets of their variance/(2σ²) + log σ + ½ log 2π. */
static status guess_means(const struct targets *t, double noise_sd, struct guess *out)
{
	out->reducible = 0;
	for (size_t j = 0; j < (size_t)t->n_real; j++)
		out->reducible += target_variance(t, j) / (2 * noise_sd * noise_sd);
	out->loss = out->reducible + (double)t->n_real * (log(noise_sd) + log(2 * M_PI) / 2);
	return OK;
}

/* The same with σ the targets' deviation too: Σ log σ + ½ log 2πe. There is no end to what knowing everything takes away; it
 * counts as the ½ that the squares are. */
static status guess_deviations(const struct targets *t, double noise_sd, struct guess *out)
{
	(void)noise_sd;
	*out = (struct guess){0, 0};
	for (size_t j = 0; j < (size_t)t->n_real; j++) {
		const double variance = target_variance(t, j);
		out->loss += variance > 0 ? (log(2 * M_PI * variance) + 1) / 2 : (double)NAN;
		out->reducible += 0.5;
	}
	return OK;
}

static const struct likelihood categorical = {
	.name = "categorical",
	.help = "one of several classes: the logits' softmax",
	.loss = LOSS_CATEGORICAL,
	.class_targets = true,
	.needs = "2 classes or more",
	.outputs = categorical_outputs,
	.encode = encode_labels,
	.guess = guess_shares,
	.guessed = "the classes' shares alone",
};

/* ln σ is normal with mean 0 and deviation 1: σ of standardised targets between 0.14 and 7.1 with 95 %. */
static const struct likelihood gaussian_learned = {
	.name = "gaussian",
	.help = "real targets with Gaussian noise of a sampled deviation",
	.loss = LOSS_GAUSSIAN,
	.outputs_each = 1,
	.needs = "a target or more",
	.param = {{"noise.log_sd", 0, 0, 1}},
	.outputs = gaussian_outputs,
	.encode = encode_reals,
	.guess = guess_deviations,
	.guessed = "the targets' mean and deviation alone",
};

static const struct likelihood gaussian = {
	.name = "gaussian",
	.help = "real targets with Gaussian noise of one deviation, known or learnt",
	.loss = LOSS_GAUSSIAN,
	.outputs_each = 1,
	.needs = "a target or more",
	.noise_sd = true,
	.learning = &gaussian_learned,
	.outputs = gaussian_outputs,
	.encode = encode_reals,
	.guess = guess_means,
	.guessed = "the targets' mean and deviation alone",
};

static const struct likelihood bernoulli = {
	.name = "bernoulli",
	.help = "two classes and one output: the logit of class 1",
	.loss = LOSS_BERNOULLI,
	.class_targets = true,
	.needs = "2 classes",
	.outputs = bernoulli_outputs,
	.encode = encode_bits,
	.guess = guess_shares,
	.guessed = "the classes' shares alone",
};

static const struct likelihood heteroscedastic = {
	.name = "heteroscedastic",
	.help = "real targets with Gaussian noise of each example's own: means, then log-variances",
	.loss = LOSS_HETEROSCEDASTIC,
	.outputs_each = 2,
	.needs = "a target or more",
	.outputs = heteroscedastic_outputs,
	.encode = encode_reals,
	.guess = guess_deviations,
	.guessed = "the targets' mean and deviation alone",
};

const struct likelihood *const likelihoods[] = {&categorical, &gaussian, &bernoulli, &heteroscedastic, NULL};

status likelihood_find(const char *name, const struct likelihood **out)
{
	*out = NULL;
	for (const struct likelihood *const *l = likelihoods; *l; l++)
		if (!strcmp(name, (*l)->name)) {
			*out = *l;
			return OK;
		}
	return fail(ERR_USAGE, "{likelihood} %s: expected categorical, gaussian, bernoulli or heteroscedastic", name);
}

const struct likelihood *likelihood_default(const struct targets *t)
{
	return t->real ? &gaussian : &categorical;
}

status likelihood_outputs(const struct likelihood *l, const struct targets *t, int *out)
{
	*out = l->outputs(t);
	if (*out > 0)
		return OK;
	if (l->class_targets && !t->label)
		return fail(ERR_USAGE, "{likelihood} %s: the data set has real targets, not classes", l->name);
	if (!l->class_targets && !t->real)
		return fail(ERR_USAGE, "{likelihood} %s: the data set has classes, not real targets", l->name);
	return fail(ERR_USAGE, "{likelihood} %s: needs %s; the data set has %d", l->name, l->needs,
	            l->class_targets ? t->n_classes : t->n_real);
}

int likelihood_targets(const struct likelihood *l, int outputs)
{
	return l->outputs_each ? outputs / l->outputs_each : 0;
}

status likelihood_guess(const struct likelihood *l, const struct targets *t, double noise_sd, struct guess *out)
{
	*out = (struct guess){(double)NAN, 0};
	if (!l->guess || t->n == 0)
		return OK;
	TRY(l->guess(t, noise_sd, out));
	/* Of one class, or one value, nothing is to be learnt. */
	if (out->reducible < 1e-12)
		out->loss = (double)NAN;
	return OK;
}

const char *guess_against(const struct guess *g, double loss)
{
	/* Losses are summed in float32: what equals the guess may come out a little lower. */
	return loss >= g->loss - 1e-6 * g->reducible ? "no better than"
	     : loss >= g->loss - 5e-3 * g->reducible ? "hardly better than" : NULL;
}

status likelihood_check(const struct likelihood *l, double noise_sd)
{
	if (l->noise_sd && !(isfinite(noise_sd) && noise_sd > 0))
		return fail(ERR_USAGE, "{noise-sd} %g: {likelihood} %s needs a deviation above 0", noise_sd, l->name);
	return OK;
}

status likelihood_append(const struct likelihood *l, int outputs, struct segments *params, struct arena *a)
{
	for (int i = 0; i < LOSS_PARAMS && l->param[i].name; i++) {
		const struct likelihood_param *p = &l->param[i];
		const int64_t shape[1] = {p->count ? p->count : outputs};
		int index;
		TRY(segments_add(params, a, p->name, 1, shape, INIT_CONSTANT, p->init, &index));
		params->at[index].prior = p->precision;
	}
	return OK;
}

bool likelihood_owns(const struct likelihood *l, const char *segment)
{
	for (int i = 0; l && i < LOSS_PARAMS && l->param[i].name; i++)
		if (!strcmp(l->param[i].name, segment))
			return true;
	return false;
}

bool likelihood_learns(const struct likelihood *l, const struct segments *params)
{
	for (int i = 0; i < params->n; i++)
		if (likelihood_owns(l, params->at[i].name) && !params->at[i].frozen)
			return true;
	return false;
}

/* Whether a tensor that moves, other than l's, has a prior of another kind than Gaussian. */
static bool needs_decay(const struct likelihood *l, const struct segments *params)
{
	for (int i = 0; i < params->n; i++) {
		const struct segment *s = &params->at[i];
		if (s->kind != PRIOR_GAUSSIAN && s->prior > 0 && !s->frozen && !likelihood_owns(l, s->name))
			return true;
	}
	return false;
}

double likelihood_priors(const struct likelihood *l, double n, double decay, struct segments *params)
{
	if (!likelihood_learns(l, params) || (decay == 0 && needs_decay(l, params)))
		return decay;
	const double of = decay > 0 ? decay : 1 / n;
	for (int i = 0; i < params->n; i++) {
		struct segment *s = &params->at[i];
		if (likelihood_owns(l, s->name)) {
			s->kind = PRIOR_GAUSSIAN;
			s->prior /= n * of;
		} else if (decay == 0) {
			s->prior = 0;
		}
	}
	return of;
}

/* The deviation that says nothing is there in the header of whatever has none. */
json_t *likelihood_to_json(const struct likelihood *l, double noise_sd)
{
	if (l->loss == LOSS_GAUSSIAN && !l->noise_sd)
		return json_pack("{s:s, s:s}", "name", l->name, "noise_sd", NOISE_SD_LEARN);
	return json_pack("{s:s, s:f}", "name", l->name, "noise_sd", noise_sd);
}

status likelihood_from_json(const json_t *j, const struct likelihood **out, double *noise_sd)
{
	const char *name = json_string_value(json_object_get(j, "name"));
	if (!name)
		return fail(ERR_INPUT, "the header names no likelihood");
	TRY(likelihood_find(name, out));
	const json_t *sd = json_object_get(j, "noise_sd");
	*noise_sd = json_number_value(sd);
	if (!json_is_string(sd))
		return OK;
	if (!(*out)->learning || strcmp(json_string_value(sd), NOISE_SD_LEARN) != 0)
		return fail(ERR_INPUT, "the header's deviation of the %s likelihood is “%s”; expected a number%s", name, json_string_value(sd),
		            (*out)->learning ? " or “" NOISE_SD_LEARN "”" : "");
	*out = (*out)->learning;
	*noise_sd = 1;
	return OK;
}
