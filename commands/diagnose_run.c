/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* How the chains that are diagnosed were sampled, from their files' headers. */
#include <string.h>

#include "commands/diagnose.h"
#include "commands/problem.h"
#include "src/analytic.h"
#include "src/json_build.h"

/* ---- options ---- */

/* The header's sampler is every option but those that say where things lie. */
static json_t *options_of(const json_t *header)
{
	static const char *const moved[][2] = {{"data", "spec"}, {"labels", "labels"}, {"header", "header"}, {"decimal", "decimal"}};
	static const char *const about[] = {"name", "reference"};
	const json_t *data = json_object_get(header, "data");
	json_t *options = json_object();
	if (!json_add_missing(options, json_object_get(header, "sampler"))) {
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

/* *out is the caller's to free, also where it fails. */
static status read_options(const struct source *source, struct opts **out)
{
	char *none[] = {(char[]){"sample"}, NULL};
	json_t *options = options_of(source->header);
	if (!options)
		return fail(ERR_MEMORY, "out of memory: the run's options");
	status s = opts_parse(out, sample_tables, 1, none);
	if (s == OK)
		s = opts_from_json(*out, options);
	json_decref(options);
	return s == OK ? OK : fail_within(s, "%s: ", source->path);
}

/* ---- schedules ---- */

/* N of an analytic target, of which headers don't say it. */
static status count_terms(const char *spec, json_int_t *n)
{
	struct device *device;
	struct potential *u;
	TRY(backend_open("cpu", 1, &device));
	status s = analytic_open(spec, device, &u);
	if (s == OK) {
		*n = (json_int_t)u->n;
		potential_close(u);
	}
	device->ops->close(device);
	return s;
}

static status count_epoch_steps(const json_t *header, uint64_t *out)
{
	const char *spec = json_string_value(json_object_get(json_object_get(header, "model"), "spec"));
	const json_int_t batch = json_integer_value(json_object_get(json_object_get(header, "sampler"), "batch"));
	json_int_t n = json_integer_value(json_object_get(json_object_get(header, "data"), "n"));
	const struct analytic_kind *kind = n == 0 && spec ? analytic_kind(spec) : NULL;
	if (kind && kind->examples)
		TRY(count_terms(spec, &n));
	*out = n > 0 && batch > 0 ? (uint64_t)((n + batch - 1) / batch) : 1;
	return OK;
}

static status read_schedule(const struct source *source, const struct sampler *sampler, struct schedule *out)
{
	struct chain_plan plan = {.state.sampler = sampler, .state.temperature = 1};
	struct opts *sampled = NULL;
	status s = read_options(source, &sampled);
	if (s == OK)
		s = count_epoch_steps(source->header, &plan.epoch_steps);
	if (s == OK)
		s = problem_schedule(sampled, &plan);
	opts_free(sampled);
	*out = plan.schedule;
	return s;
}

static const struct source *source_of(const struct diagnosis *d, int chain)
{
	return &d->chosen.sources.source[d->chosen.choice[d->panel.first[chain]].source];
}

/* The chain behind those from this one on whose files say the same: they are of one run. */
static int run_end(const struct diagnosis *d, int chain)
{
	const json_t *header = source_of(d, chain)->header;
	int end = chain + 1;
	while (end < d->panel.chains && (source_of(d, end)->header == header || json_equal(source_of(d, end)->header, header)))
		end++;
	return end;
}

/* Whether λ, or whether noise is injected, changes between the first draw of these chains and the last. */
static bool schedule_varies(const struct diagnosis *d, const struct schedule *s, int chain, int end)
{
	uint64_t first = UINT64_MAX, last = 0;
	if (s->kind == SCHEDULE_CONSTANT && s->explore <= 0)
		return false;
	for (int k = chain; k < end; k++) {
		const struct choice *c = &d->chosen.choice[d->panel.first[k]];
		first = c[0].step < first ? c[0].step : first;
		last = c[d->panel.draws - 1].step > last ? c[d->panel.draws - 1].step : last;
	}
	/* The step that made draw k had number k − 1. */
	first -= first > 0;
	for (uint64_t k = first; k < last; k++)
		if (schedule_lr(s, k) != schedule_lr(s, first) || schedule_explores(s, k) != schedule_explores(s, first))
			return true;
	return false;
}

/* Of several runs any one's may vary. */
static status read_schedules(struct diagnosis *d)
{
	for (int k = 0, end; k < d->panel.chains; k = end) {
		const struct source *source = source_of(d, k);
		const char *name = json_string_value(json_object_get(json_object_get(source->header, "sampler"), "name"));
		const struct sampler *sampler = sampler_named(name);
		struct schedule s;
		end = run_end(d, k);
		if (!sampler)
			continue;
		TRY(read_schedule(source, sampler, &s));
		d->varies |= schedule_varies(d, &s, k, end);
		const uint64_t made = d->chosen.choice[d->panel.first[k] + d->panel.draws - 1].step;
		if (schedule_explores(&s, made - (made > 0)))
			d->unheated = "no noise is injected at these draws (--explore)";
		if (k == 0)
			d->schedule = s;
	}
	return OK;
}

/* ---- parameters ---- */

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
	TRY(read_schedules(d));
	return d->sampler ? read_options(&d->chosen.sources.source[d->chosen.choice[0].source], &d->sampled) : OK;
}
