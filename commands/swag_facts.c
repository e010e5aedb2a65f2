/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What the files of `basin swag` say of themselves. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "commands/facts.h"
#include "commands/swag.h"
#include "predict/trained.h"
#include "src/json_build.h"
#include "src/text.h"

static const char *made_by(const struct swag_plan *p)
{
	const char *name = json_string_value(json_object_get(json_object_get(selection_header(p->chosen), "sampler"), "name"));
	return name ? name : "a run";
}

/* "draws of a Gaussian fitted to 80 snapshots of sgd, steps 400 to 32000: …" */
static void write_target(const struct swag_plan *p, struct text *to)
{
	text_add(to, "%s %zu snapshot%s of %s, step", p->scale > 0 ? "draws of a Gaussian fitted to" : "the mean of", p->chosen->n,
	         p->chosen->n == 1 ? "" : "s", made_by(p));
	if (p->first < p->last)
		text_add(to, "s %" PRIu64 " to %" PRIu64, p->first, p->last);
	else
		text_add(to, " %" PRIu64, p->first);
	const size_t columns = p->rank < p->chosen->n ? p->rank : p->chosen->n;
	if (p->scale > 0)
		text_add(to, ": their mean, and %g times their variances by parameter", p->scale);
	if (p->scale > 0 && p->rank)
		text_add(to, " with DDᵀ/%zu, D the last %zu deviations from the running mean", p->rank - 1, columns);
	text_add(to, "; it claims no posterior");
}

/* The options of the snapshots' run that say what the data and the model are, and how they are predicted. */
static void put_problem(const struct swag_plan *p, json_t **sampler)
{
	static const char *const names[] = {"holdout", "target", "header", "drop", "id", "category", "missing", "unknown", "standardize", "no-standardize",
	                                     "normalize", "augment", "model", "activation",
	                                    "norm", "likelihood", "noise-sd", "class-weight", "batch", "precision", NULL};
	const json_t *theirs = json_object_get(selection_header(p->chosen), "sampler");
	for (const char *const *name = names; *name; name++)
		if (json_object_get(theirs, *name))
			json_put_shared(sampler, *name, json_object_get(theirs, *name));
	/* What another run moved is not held. */
	if (json_object_get(theirs, "freeze") && !selection_unlike(p->chosen, "sampler", "freeze"))
		json_put_shared(sampler, "freeze", json_object_get(theirs, "freeze"));
}

static json_t *sampler_of(const struct swag_plan *p)
{
	json_t *sampler = json_pack("{s:s, s:s, s:I, s:f, s:I, s:I, s:s}", "name", "swag", "reference",
	                            "Maddox et al., NeurIPS 2019, arXiv 1902.02476", "rank", (json_int_t)p->rank, "scale", p->scale,
	                            "draws", (json_int_t)p->draws, "fitted-snapshots", (json_int_t)p->chosen->n, "snapshot-dtype",
	                            snaps_dtype_name(p->dtype));
	put_problem(p, &sampler);
	return sampler;
}

/* All snapshots have the data of the first, and each what its own run was begun with. */
static void put_before(const struct swag_plan *p, json_t **header)
{
	const struct selection *chosen = p->chosen;
	json_t *prints = json_array();
	for (size_t i = 0; i < chosen->n; i++)
		if (i == 0 || chosen->choice[i].source != chosen->choice[i - 1].source)
			trained_add_before(chosen->sources.source[chosen->choice[i].source].header, &prints);
	if (!prints || json_array_size(prints))
		json_put(header, "init_fingerprints", prints);
	else
		json_decref(prints);
}

json_t *swag_header(const struct swag_plan *p)
{
	static const char *const theirs[] = {"model", "likelihood", "normalize", "standardize", "table", "classes", "fixed", "data", NULL};
	const json_t *from = selection_header(p->chosen);
	struct text target = {.n = 0};
	write_target(p, &target);
	json_t *header = json_object();
	for (const char *const *name = theirs; *name; name++)
		if (json_object_get(from, *name))
			json_put_shared(&header, *name, json_object_get(from, *name));
	put_before(p, &header);
	json_put(&header, "sampler", sampler_of(p));
	json_put(&header, "target", json_string(target.at));
	json_put(&header, "temperature", json_null());
	json_put(&header, "seed", json_integer(p->seed));
	json_put(&header, "chain", json_integer(0));
	return header;
}

/* Paths that still mean the same runs from another folder. */
static json_t *runs_of(const struct opts *o)
{
	const char *const *path;
	json_t *runs = json_array();
	for (int i = 0, n = opts_positionals(o, &path); i < n; i++) {
		errno = 0;
		char *absolute = realpath(path[i], NULL);
		json_add(&runs, absolute ? json_words(absolute) : errno == ENOMEM ? NULL : json_words(path[i]));
		free(absolute);
	}
	return runs;
}

json_t *swag_run(const struct swag_plan *p, const json_t *header, struct device *d)
{
	char started[FACTS_TIME];
	facts_time(started);
	json_t *fitted = json_pack("{s:o, s:I, s:I, s:I, s:I}", "runs", runs_of(p->options), "snapshots", (json_int_t)p->chosen->n,
	                           "files", (json_int_t)p->files, "first_step", (json_int_t)p->first, "last_step",
	                           (json_int_t)p->last);
	json_t *run = json_pack("{s:s, s:s, s:s, s:s, s:i, s:o, s:o, s:o}", "format", "basin-run", "version", PACKAGE_VERSION,
	                        "command", "swag", "started", started, "chains", 1, "options", opts_to_json(p->options), "device",
	                        d ? d->ops->describe(d) : json_null(), "fitted_to", fitted);
	if (json_add_missing(run, header)) {
		json_object_del(run, "chain");
		return run;
	}
	json_decref(run);
	return NULL;
}
