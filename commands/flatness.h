/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What `basin flatness` was asked to do, for its parts. */
#ifndef BASIN_COMMANDS_FLATNESS_H
#define BASIN_COMMANDS_FLATNESS_H

#include "commands/progress.h"
#include "curvature/density.h"
#include "curvature/hessian.h"
#include "curvature/lanczos.h"
#include "predict/selection.h"
#include "predict/subject.h"
#include "src/options/opt.h"
#include "src/text.h"

struct flatness_plan {
	const struct opts *options;
	size_t top, probes, steps;        /* K, M; Lanczos steps of a probe of the density */
	bool density, decay, by_tensor;
	double tolerance;
	size_t examples;                  /* drawn; 0: all are taken */
	uint32_t seed;
};

/* The function whose curvature is measured: a network's loss on rows of a set, or an analytic target. Zeroed it is closed. */
struct flatness_target {
	struct arena arena;
	const json_t *header;             /* of the snapshots */
	bool analytic;
	struct device *device;
	struct network network;           /* without a device; closed where the target is analytic, as the next */
	struct subject subject;
	struct potential *potential;
	const double *class_weight;       /* (classes of the set), or NULL */
	uint32_t *rows;                   /* (n_rows) ascending; NULL: all, of which there are as many */
	size_t n_rows;
	bool *tensor;                     /* (segments of the potential's params): those of the operator */
	size_t n;                         /* their elements */
	double decay, deviation;          /* as hessian_options has them; decay is 0 where the prior is left out */
	double stated_decay;              /* δ of the run, where the prior is taken in */
};

/* Opens what the header of the chosen snapshots describes, on the CPU or the device of --device. Errors: ERR_USAGE (options that
 * don't fit it, snapshots that differ in what is held or, with --decay, in their priors; a device without exact products), and those
 * of network_open, subject_open, analytic_open and net_open. On failure it is closed. */
status flatness_open(const struct flatness_plan *p, struct selection *chosen, struct flatness_target *out);
void flatness_close(struct flatness_target *t);

/* flatness_choose.c: the rows of --examples and the tensors of --tensors, once the potential is there: rows, n_rows, tensor and n.
 * Errors: ERR_USAGE where they are not there; ERR_MEMORY. */
status flatness_choose(const struct flatness_plan *p, struct flatness_target *t);

/* Measures all chosen snapshots, one after another: an array of an object for each, in `list`. Where a signal asks for an end, or one
 * fails, those that are done are in it. Errors: ERR_INTERRUPTED; selection_read's and those of curvature/. */
status flatness_measure(const struct flatness_plan *p, const struct flatness_target *t, struct selection *chosen, json_t **list);

/* What was measured, of what and how: the members of the report beside its snapshots. */
void flatness_facts(const struct flatness_plan *p, const struct flatness_target *t, json_t **into);

/* flatness_report.c: its first rows, as people are shown them. Errors: ERR_MEMORY. */
status flatness_print_head(const struct flatness_plan *p, const struct flatness_target *t, const json_t *report);

/* What people are shown of a report, which t is still open for. Errors: ERR_MEMORY. */
status flatness_print(const struct flatness_plan *p, const struct flatness_target *t, const json_t *report);

#endif
