/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* How the chains that are diagnosed were sampled, from their files' header. */
#include <string.h>

#include "commands/diagnose.h"
#include "commands/problem.h"
#include "src/json_build.h"

/* The header's sampler is every option but those that say where things lie. */
static json_t *options_of(const struct diagnosis *d)
{
	static const char *const moved[][2] = {{"data", "spec"}, {"labels", "labels"}, {"header", "header"}, {"decimal", "decimal"}};
	static const char *const about[] = {"name", "reference"};
	const json_t *data = json_object_get(d->header, "data");
	json_t *options = json_object();
	if (!json_add_missing(options, d->run)) {
		json_decref(options);
		return NULL;
	}
	for (size_t i = 0; i < sizeof about / sizeof *about; i++)
		json_object_del(options, about[i]);
	for (size_t i = 0; i < sizeof moved / sizeof *moved; i++)
		if (json_is_string(json_object_get(data, moved[i][1])))
			json_put_shared(&options, moved[i][0], json_object_get(data, moved[i][1]));
	/* Gradients are those of the function that is claimed, not of its rounding. */
	if (json_object_get(options, "precision"))
		json_put(&options, "precision", json_string("fp32"));
	return options;
}

static status read_options(struct diagnosis *d)
{
	char *none[] = {(char[]){"sample"}, NULL};
	json_t *options = options_of(d);
	if (!options)
		return fail(ERR_MEMORY, "out of memory: the run's options");
	status s = opts_parse(&d->sampled, sample_tables, 1, none);
	if (s == OK)
		s = opts_from_json(d->sampled, options);
	json_decref(options);
	return s == OK ? OK : fail_within(s, "%s: ", d->chosen.sources.source[d->chosen.choice[0].source].path);
}

static status read_schedule(struct diagnosis *d)
{
	struct chain_plan plan = {.state.sampler = d->sampler, .state.temperature = 1};
	const json_int_t n = json_integer_value(json_object_get(json_object_get(d->header, "data"), "n"));
	const json_int_t batch = json_integer_value(json_object_get(d->run, "batch"));
	plan.epoch_steps = n > 0 && batch > 0 ? (uint64_t)((n + batch - 1) / batch) : 1;
	TRY(problem_schedule(d->sampled, &plan));
	d->schedule = plan.schedule;
	return OK;
}

/* Units between two layers that move can change places, between chains and within one. */
static bool has_hidden_units(const struct segments *s)
{
	int layers = 0;
	for (int i = 0; i < s->n; i++)
		layers += s->at[i].ndim > 1 && !s->at[i].frozen;
	return layers > 1;
}

/* The file's own tensors, with what the run's options make of them. */
static status read_pieces(struct diagnosis *d)
{
	static const char *const names[] = {"freeze", "prior"};
	struct snaps_reader *r;
	TRY(sources_reader(&d->chosen.sources, d->chosen.choice[0].source, &r));
	struct segments s = *snaps_params(r);
	TRY(ARENA_NEW(&d->arena, (size_t)s.n, &s.at));
	memcpy(s.at, snaps_params(r)->at, (size_t)s.n * sizeof *s.at);
	for (size_t i = 0; i < sizeof names / sizeof *names && !d->analytic; i++) {
		const char *text = json_string_value(json_object_get(d->run, names[i]));
		if (text)
			TRY(i ? segments_prior(&s, text) : segments_freeze(&s, text));
	}
	d->hidden_units = has_hidden_units(&s);
	return pieces_of(&s, &d->arena, &d->pieces);
}

status diagnose_open_run(struct diagnosis *d)
{
	const char *kind = json_string_value(json_object_get(json_object_get(d->header, "model"), "kind"));
	d->run = json_object_get(d->header, "sampler");
	d->analytic = kind && strcmp(kind, "analytic") == 0;
	d->sampler = sampler_named(json_string_value(json_object_get(d->run, "name")));
	TRY(read_pieces(d));
	if (!d->sampler)
		return OK;
	TRY(read_options(d));
	return read_schedule(d);
}
