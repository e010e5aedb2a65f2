/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What `basin diagnose` looks at, for its parts. */
#ifndef BASIN_COMMANDS_DIAGNOSE_H
#define BASIN_COMMANDS_DIAGNOSE_H

#include "commands/checks.h"
#include "predict/distances.h"
#include "predict/members.h"
#include "predict/panel.h"
#include "predict/traces.h"
#include "samplers/sampler.h"
#include "src/options/opt.h"
#include "src/schedule.h"

/* Numbers of every draw, and what they show. */
struct traces {
	int n;
	double *x;                /* (n, chains, draws) */
	const char **name;        /* (n): "class 3 of probe example 7" */
	struct trace *trace;      /* (n) */
	const char *unjudged;     /* why they say nothing; NULL where they do */
};

struct diagnosis {
	const struct opts *options;
	struct arena arena;
	struct selection chosen;
	struct panel panel;
	const json_t *header;            /* of the first file */
	const json_t *run;               /* its options, with the method's name */
	const struct sampler *sampler;   /* NULL: not one of this program's, as a fitted Gaussian */
	struct opts *sampled;            /* its options as basin sample had them; NULL without a sampler */
	struct schedule schedule;        /* of the first chain that is judged */
	bool varies;                     /* λ, or whether noise is injected, between draws of a run */
	const char *unheated;            /* why no draw can have a temperature: noise is not injected there; NULL where it is */
	struct pieces pieces;            /* what of the parameters moves, under which prior */
	bool analytic;
	bool hidden_units;               /* that can change places without another function */
	char unjudged[256];              /* why draws say nothing of the whole; "" where they do */
	char few[128];                   /* why their drift does not, where it alone does not */
	struct traces predictions, parameters;
	struct distances_found distances;
	double nearest;                  /* distance of the two nearest chains; NaN of one */
	enum member_fate *fate;          /* (chosen.n); NULL where nothing is predicted */
	size_t dead;                     /* members */
	char dead_words[512];
	struct checks checks;
};

/* diagnose_run.c: the options that the first run was sampled with, and the schedules of all, from the headers. Errors: ERR_INPUT. */
status diagnose_open_run(struct diagnosis *d);

/* diagnose_parameters.c: one pass over the snapshots: their numbers along directions, and their distances. Errors: as
 * selection_read's; ERR_MEMORY. */
status diagnose_parameters(struct diagnosis *d);

/* diagnose_predictions.c: predicts the sets that are watched with every draw. Errors: those of subjects and
 * ensemble_run. */
status diagnose_predictions(struct diagnosis *d);

/* diagnose_configurational.c: adds the checks of the configurational temperature and of the gradients' noise, for which the
 * run's training set is opened where they can be judged. Errors: problem_open's, selection_read's, ERR_LIBRARY. */
status diagnose_configurational(struct diagnosis *d);

/* diagnose_checks.c: adds the checks of predictions, parameters and distances. */
void diagnose_check(struct diagnosis *d);

/* A temperature that should be T: by no more than a share of it, or than so many of its errors, whichever is more. */
void diagnose_temperature(struct diagnosis *d, const char *name, const char *title, const struct convergence *c,
                          const char *unjudged);

/* diagnose_kinetic.c: adds the check of the kinetic temperature, where the method has one. Errors: log_read's, but for
 * damage, which is warned of. */
status diagnose_kinetic(struct diagnosis *d);

/* diagnose_report.c: the report, on standard output. Errors: ERR_MEMORY, report_end's. */
status diagnose_show(struct diagnosis *d);

#endif
