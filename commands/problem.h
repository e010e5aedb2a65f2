/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What `basin sample` was asked to do: options become data, a model, a potential and a chain plan. */
#ifndef BASIN_PROBLEM_H
#define BASIN_PROBLEM_H

#include "commands/command.h"
#include "commands/sample_options.h"
#include "chains/chain.h"
#include "src/data/dataset.h"
#include "src/data/normalize.h"
#include "src/net/net.h"
#include "src/text.h"

struct problem {
	const struct opts *options;
	struct device *device;
	int threads;                           /* of a chain; 0 where the device was given */
	const json_t *begun;                   /* run.json of the run that is gone on with; NULL: a new one */
	bool has_data;
	struct dataset data;
	struct normalize normalize;
	const struct likelihood *likelihood;   /* NULL for an analytic target */
	double noise_sd;
	double decay;                          /* δ as it was given; the plan's is what tensors' factors are of (likelihood_priors) */
	const double *class_weight;            /* (classes), or NULL */
	struct model model;
	struct potential *potential;
	struct arena arena;
	struct chain_plan plan;                /* all but run, watch and stop */
	struct sampler_state first;            /* chain 0's, its options read; without vectors */
	struct text target;                    /* the sentence */
	json_t *init_prints;                   /* of the rows that --init's snapshot was learnt from, an array; NULL: without --init */
	json_t *facts;                         /* what run.json and every snapshot header say of the data, model and target */
};

/* Opens everything the options name and checks that it fits together. The options are kept. d: the device, which is the
 * problem's from then on; NULL: the one of --device, with --threads or as many as the model can use. choices: measured choices
 * between algorithms to use again, {device's name: {…}}, or NULL. Errors: ERR_USAGE, ERR_INPUT, ERR_MEMORY, ERR_LIBRARY. On
 * failure *p is closed, and the device. */
status problem_open(const struct opts *o, struct device *d, const json_t *choices, struct problem *p);
/* The same for a run that is gone on with, of which `begun` is the run.json, which the problem goes on using: its data are
 * read as they were then, and without --threads a chain has as many as it had. The device is that of --device. */
status problem_reopen(const struct opts *o, const json_t *begun, const json_t *choices, struct problem *p);
void problem_close(struct problem *p);

/* The schedule that the options name, in a plan that has its state's sampler and temperature and an epoch's steps. Errors: ERR_USAGE. */
status problem_schedule(const struct opts *o, struct chain_plan *plan);
/* Warns of milestones that a run, which begins, does not reach: a recipe may be tried for fewer steps than it is for. */
void problem_schedule_hints(const struct problem *p);

/* Reads the last snapshot of a run or file into x and its batch-norm statistics into s (host, params->count and
 * stats->count floats), tensor by tensor by name, and adds to a list the fingerprints of what it was learnt from
 * (predict/trained.h). Errors: ERR_USAGE naming the tensor that does not fit; ERR_INPUT, ERR_DAMAGE. */
status problem_init_from(const char *path, const struct segments *params, const struct segments *stats, float *x, float *s,
                         json_t **prints);

#endif
