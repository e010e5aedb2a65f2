/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Likelihoods: how a network's outputs and a target give ℓ. Each is one static const struct, which the device's loss, a
 * network and a run's header are told by. What an ensemble makes of the outputs is in predict/predictive.h. */
#ifndef BASIN_LIKELIHOOD_H
#define BASIN_LIKELIHOOD_H

#include <jansson.h>

#include "src/backend.h"

/* What the examples of a data set have to be predicted. */
struct targets {
	size_t n;
	const int32_t *label;     /* (n): classes 0 … n_classes − 1, or NULL */
	int n_classes;
	const double *class_weight;  /* (n_classes): factors on each ℓ by its class; or NULL for 1 */
	const float *real;        /* (n, n_real), or NULL */
	int n_real;
};

/* A parameter of a likelihood's own: a segment after the network's, sampled, kept and frozen like them. */
struct likelihood_param {
	const char *name;         /* of the segment, with a dot as no network's first word has: "noise.log_sd" */
	int count;                /* elements; 0: one for each output */
	double init;              /* the first value of each */
	double precision;         /* of its prior, which is normal with mean 0, at T = 1; a factor of {prior}'s multiplies it */
};

/* What guessing gives, the best prediction that looks at no inputs: a loss, or another figure that is better the lower it is. */
struct guess {
	double loss;              /* NaN: not known */
	double reducible;         /* the part of it that knowing everything would take away */
};

/* What a loss is against a guess's, "no better than", or "hardly better than" where it is lower by less than half a percent of
 * what is reducible, as that of a network on the plateau where it began; NULL where it is better or one is not known. */
const char *guess_against(const struct guess *g, double loss);

struct likelihood {
	const char *name, *help;
	enum loss_kind loss;
	bool class_targets;       /* reads labels, not real targets */
	const char *needs;        /* what else its targets must be: "2 classes" */
	bool noise_sd;            /* has a deviation that is given, not sampled */
	const struct likelihood *learning;   /* the same with the deviation sampled; NULL where there is none */
	struct likelihood_param param[LOSS_PARAMS];  /* as the loss numbers them; the first without a name ends the list */
	int outputs_each;         /* outputs that a real target has; 0 for classes */
	/* Number of network outputs for such targets, or 0 where they don't fit. */
	int (*outputs)(const struct targets *t);
	/* The targets as the device's loss reads them: *bytes of host memory, t's own or made in the arena.
	 * Errors: ERR_MEMORY. */
	status (*encode)(const struct targets *t, struct arena *a, const void **out, size_t *bytes);
	/* The mean ℓ of guessing, with its class's factor, nats per example; and what is guessed, in words. NULL: not known. Errors:
	 * ERR_MEMORY. */
	status (*guess)(const struct targets *t, double noise_sd, struct guess *out);
	const char *guessed;
};

extern const struct likelihood *const likelihoods[];  /* NULL-terminated */
#define LIKELIHOOD_WORDS "categorical|gaussian|bernoulli|heteroscedastic"
/* What is said instead of a deviation where it is sampled. */
#define NOISE_SD_LEARN "learn"

/* Errors: ERR_USAGE, listing the names. */
status likelihood_find(const char *name, const struct likelihood **out);
/* gaussian for real targets, else categorical. */
const struct likelihood *likelihood_default(const struct targets *t);
/* The number of outputs that l and t ask of a network. Errors: ERR_USAGE, saying how they don't fit. */
status likelihood_outputs(const struct likelihood *l, const struct targets *t, int *out);
/* How many real targets an example has where a network has so many outputs; 0 for classes. */
int likelihood_targets(const struct likelihood *l, int outputs);
/* l's guess for such targets; not known where there is none, or nothing to learn. Errors: ERR_MEMORY. */
status likelihood_guess(const struct likelihood *l, const struct targets *t, double noise_sd, struct guess *out);
/* Errors: ERR_USAGE for a deviation, in the units of the targets as stored, that l can't have. */
status likelihood_check(const struct likelihood *l, double noise_sd);
/* Appends l's parameters to those of a network with so many outputs. Errors: ERR_MEMORY. */
status likelihood_append(const struct likelihood *l, int outputs, struct segments *params, struct arena *a);
/* Whether a segment of that name is one of them; of no likelihood (NULL) none is. */
bool likelihood_owns(const struct likelihood *l, const char *segment);
/* Whether one of them moves. */
bool likelihood_learns(const struct likelihood *l, const struct segments *params);
/* Gives them, among all parameters, their own priors for N examples and a weight decay δ, which other tensors' factors go with:
 * Gaussian of the precision that likelihood_param says, times the factor that their segment has so far, whatever δ. Where δ is 0 it
 * becomes the 1/N that they need, and all others' factors 0, unless these ask for a kind that has none without δ. Returns the δ that
 * the factors are of. */
double likelihood_priors(const struct likelihood *l, double n, double decay, struct segments *params);

/* {name, noise_sd}, which is NOISE_SD_LEARN where it is sampled: what a snapshot's header says. Errors: ERR_INPUT where there is no
 * name, or another word for the deviation, ERR_USAGE for a name that is unknown. */
json_t *likelihood_to_json(const struct likelihood *l, double noise_sd);
status likelihood_from_json(const json_t *j, const struct likelihood **out, double *noise_sd);

#endif
