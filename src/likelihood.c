/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/likelihood.h"

#include <string.h>

static int categorical_outputs(const struct dataset *d)
{
	return d->label && d->n_classes >= 2 ? d->n_classes : 0;
}

static int gaussian_outputs(const struct dataset *d)
{
	return d->target ? d->n_targets : 0;
}

static int bernoulli_outputs(const struct dataset *d)
{
	return d->label && d->n_classes == 2 ? 1 : 0;
}

static const struct likelihood categorical = {
	.name = "categorical",
	.help = "one of several classes: the logits' softmax",
	.loss = LOSS_CATEGORICAL,
	.class_targets = true,
	.outputs = categorical_outputs,
};

static const struct likelihood gaussian = {
	.name = "gaussian",
	.help = "real targets with Gaussian noise of a known deviation",
	.loss = LOSS_GAUSSIAN,
	.outputs = gaussian_outputs,
};

static const struct likelihood bernoulli = {
	.name = "bernoulli",
	.help = "two classes and one output: the logit of class 1",
	.loss = LOSS_BERNOULLI,
	.class_targets = true,
	.outputs = bernoulli_outputs,
};

const struct likelihood *const likelihoods[] = {&categorical, &gaussian, &bernoulli, NULL};

status likelihood_find(const char *name, const struct likelihood **out)
{
	*out = NULL;
	for (const struct likelihood *const *l = likelihoods; *l; l++)
		if (!strcmp(name, (*l)->name)) {
			*out = *l;
			return OK;
		}
	return fail(ERR_USAGE, "{likelihood} %s: expected categorical, gaussian or bernoulli", name);
}

const struct likelihood *likelihood_default(const struct dataset *d)
{
	return d->target ? &gaussian : &categorical;
}

status likelihood_outputs(const struct likelihood *l, const struct dataset *d, int *out)
{
	*out = l->outputs(d);
	if (*out > 0)
		return OK;
	if (l->class_targets && !d->label)
		return fail(ERR_USAGE, "{likelihood} %s: the data set has real targets, not classes", l->name);
	if (!l->class_targets && !d->target)
		return fail(ERR_USAGE, "{likelihood} %s: the data set has classes, not real targets", l->name);
	return fail(ERR_USAGE, "{likelihood} %s: needs %s; the data set has %d", l->name,
	            l->loss == LOSS_BERNOULLI ? "2 classes" : "2 classes or more", d->n_classes);
}
