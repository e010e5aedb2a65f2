/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Class probabilities: the softmax of the logits, or of (0, z) where there is one; members' are averaged. */
#include "predict/predictive.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "predict/metrics.h"

static int categorical_classes(int outputs)
{
	return outputs;
}

static int bernoulli_classes(int outputs)
{
	(void)outputs;
	return 2;
}

static status classes_check(const struct network *n, const struct dataset *d)
{
	int classes = predictive_of(n->likelihood)->classes(n->model.outputs);
	if (!d->label)
		return fail(ERR_USAGE, "%s: the model predicts classes, and the set has real targets", d->spec);
	for (size_t i = 0; i < d->n; i++)
		if (d->label[i] >= classes)
			return fail(ERR_USAGE, "%s: example %zu has label %d, and the model predicts %d classes, 0 to %d", d->spec, i,
			            d->label[i], classes, classes - 1);
	return OK;
}

static status classes_add(struct predictions *p, const float *outputs, size_t first, size_t count)
{
	struct mixture *m = &p->mixture;
	const int k = p->network->model.outputs;
	return mixture_add_logits(m, first, count, outputs + first * (size_t)k, k, p->probs + first * (size_t)m->c);
}

static status classes_added(struct predictions *p, size_t i)
{
	struct mixture *m = &p->mixture;
	size_t probs = m->n * (size_t)m->c;
	mixture_next(m);
	if (p->each && fwrite(p->probs, sizeof(float), probs, p->each) != probs)
		return fail(ERR_IO, "{save-member-probs}: %s", strerror(errno));
	if (p->kept)
		memcpy(p->kept + i * probs, p->probs, probs * sizeof *p->kept);
	return p->curve ? predictive_score_classes(m, false, &p->curve[i]) : OK;
}

/* A mixture is told of the part that begins when the one before it is read. */
static double classes_alone(struct predictions *p, size_t first, size_t end)
{
	(void)first;
	(void)end;
	double nll = mixture_part_nll(&p->mixture);
	mixture_part(&p->mixture);
	return nll;
}

static double classes_member(const struct predictions *p, size_t i)
{
	(void)i;
	return mixture_last_nll(&p->mixture);
}

static double classes_log_lik(const struct predictions *p, size_t i, size_t example)
{
	(void)i;
	return p->mixture.last ? p->mixture.last[example] : (double)NAN;
}

static double classes_mean_log_lik(const struct predictions *p, size_t i)
{
	return -classes_member(p, i);
}

/* Weights that a user chose ask for other shares than the set has, and what does as asked may score worse than all classes alike;
 * balanced ones ask for just those. */
static double classes_guess(const struct predictions *p)
{
	const char *weights = json_string_value(network_run_option(p->network, "class-weight"));
	return !weights || strcmp(weights, "balanced") == 0 ? log((double)p->mixture.c) : (double)NAN;
}

static status classes_score(const struct predictions *p, struct figures *out)
{
	return predictive_score_classes(&p->mixture, true, out);
}

status predictive_score_classes(const struct mixture *m, bool errors, struct figures *out)
{
	struct class_metrics got;
	TRY(metrics_classes(m, errors, &got));
	*out = (struct figures){got.n, got.members, 8, {
		{"accuracy", got.accuracy, false}, {"nll", got.nll, false},
		{"zero_probabilities", (double)got.zeros, true}, {"brier", got.brier, false}, {"ece", got.ece, false},
		{"entropy", got.entropy, false}, {"expected_entropy", got.expected_entropy, false},
		{"mutual_information", got.mutual_information, false},
	}};
	const struct figure of_errors[] = {
		{"accuracy_se", got.accuracy_se, false}, {"nll_se", got.nll_se, false}, {"brier_se", got.brier_se, false},
		{"entropy_se", got.entropy_se, false}, {"expected_entropy_se", got.expected_entropy_se, false},
		{"mutual_information_se", got.mutual_information_se, false},
	};
	for (size_t i = 0; errors && i < sizeof of_errors / sizeof *of_errors; i++)
		out->at[out->count++] = of_errors[i];
	return OK;
}

const struct predictive predictive_categorical = {
	.classes = categorical_classes,
	.check = classes_check,
	.add = classes_add,
	.added = classes_added,
	.alone = classes_alone,
	.member = classes_member,
	.log_lik = classes_log_lik,
	.mean_log_lik = classes_mean_log_lik,
	.guess = classes_guess,
	.guessed = "nll",
	.guessed_title = "NLL",
	.guess_words = "log of the number of classes",
	.score = classes_score,
};

const struct predictive predictive_bernoulli = {
	.classes = bernoulli_classes,
	.check = classes_check,
	.add = classes_add,
	.added = classes_added,
	.alone = classes_alone,
	.member = classes_member,
	.log_lik = classes_log_lik,
	.mean_log_lik = classes_mean_log_lik,
	.guess = classes_guess,
	.guessed = "nll",
	.guessed_title = "NLL",
	.guess_words = "log of the number of classes",
	.score = classes_score,
};
