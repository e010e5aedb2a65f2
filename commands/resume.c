/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "commands/resume.h"

#include <math.h>
#include <string.h>

#include "commands/problem_device.h"
#include "src/choices.h"
#include "src/files/checkpoint.h"
#include "src/files/file.h"
#include "src/json_build.h"

static const char *fact(const json_t *j, const char *object, const char *key)
{
	const char *text = json_string_value(json_object_get(json_object_get(j, object), key));
	return text ? text : "";
}

/* What a device's description has not, such as a card's instruction set, is no difference. */
static bool same_fact(const json_t *a, const json_t *b, const char *key)
{
	a = json_object_get(a, key);
	b = json_object_get(b, key);
	return json_equal(a, b) || (!a && !b);
}

/* Says what the device is that the other was not; of another kind of device that alone, as nothing else is alike then. */
static void warn_of_device(const json_t *now, const json_t *then)
{
	static const char *const keys[][2] = {{"name", "on another device"}, {"card", "on another card"},
	                                      {"instruction_set", "with another instruction set"},
	                                      {"threads", "with another number of threads"}, {"libraries", "with other libraries"}};
	bool same_kind = same_fact(now, then, "name");
	for (size_t i = 0; i < (same_kind ? sizeof keys / sizeof *keys : 1); i++)
		if (!same_fact(now, then, keys[i][0]))
			warning("the run was begun %s: from here on its numbers differ in their last bits", keys[i][1]);
}

static status warn_where_bits_change(const struct run *run, const struct problem *p)
{
	json_t *now = p->device->ops->describe(p->device);
	if (!now)
		return fail(ERR_MEMORY, "out of memory: the device");
	warn_of_device(now, json_object_get(run->json, "device"));
	json_decref(now);
	const char *version = json_string_value(json_object_get(run->json, "version"));
	if (version && strcmp(version, PACKAGE_VERSION) != 0)
		warning("the run was begun by basin %s, and this is basin %s: from here on its numbers may differ from what that one "
		        "would have given", version, PACKAGE_VERSION);
	return OK;
}

status resume_sampled(const struct run *run)
{
	const char *command = json_string_value(json_object_get(run->json, "command"));
	if (!command || strcmp(command, "sample") == 0)
		return OK;
	return fail(ERR_USAGE, "%s: was made by basin %s, and holds no chain to go on with; for other draws give that command again "
	            "with another --out", run->path, command);
}

/* What chain k's checkpoint says, NULL where there is none, or a damaged one, which is that chain's failure when it is opened;
 * the caller's to free. */
static status read_meta(struct run *run, int k, json_t **meta)
{
	const char *path;
	bool present;
	*meta = NULL;
	TRY(run_file(run, &run->arena, k, "ckpt", &path));
	TRY(file_present(path, &present));
	status s = present ? checkpoint_facts(path, meta) : OK;
	return s == ERR_DAMAGE ? OK : s;
}

static status add_choices(struct run *run, json_t *all)
{
	json_t *known = json_object_get(run->json, "choices"), *of_device;
	const char *device;
	json_object_foreach(known, device, of_device)
		if (!json_is_object(of_device))
			return fail(ERR_INPUT, "%s/run.json: its choices for “%s” are no object: the file is damaged", run->path, device);
	if (known && !json_is_object(known))
		return fail(ERR_INPUT, "%s/run.json: its choices are no object: the file is damaged", run->path);
	TRY(choices_join(all, known));
	for (int k = 0; k < run->chains; k++) {
		json_t *meta;
		TRY(read_meta(run, k, &meta));
		status s = choices_join(all, json_object_get(meta, "choices"));
		json_decref(meta);
		TRY(s);
	}
	return OK;
}

/* A run knows what was chosen when it began, and its checkpoints what came later. */
status resume_choices(struct run *run, json_t **out)
{
	*out = json_object();
	status s = *out ? add_choices(run, *out) : fail(ERR_MEMORY, "out of memory: the choices of algorithms");
	if (s != OK) {
		json_decref(*out);
		*out = NULL;
	}
	return s;
}

/* Steps that chain k's checkpoint has done, and the least length that the run can have by it: a chain that is not done has a step
 * to take. */
static status steps_done(struct run *run, int k, uint64_t *done, uint64_t *least)
{
	json_t *meta;
	TRY(read_meta(run, k, &meta));
	const char *state = json_string_value(json_object_get(meta, "state"));
	*done = (uint64_t)json_integer_value(json_object_get(meta, "step"));
	*least = *done + (state && strcmp(state, "running") == 0);
	json_decref(meta);
	return OK;
}

status resume_steps_done(struct run *run, const struct share *share, int chains, uint64_t *done)
{
	for (int k = 0; k < chains; k++) {
		uint64_t least;
		done[k] = 0;
		if (share_has(share, k))
			TRY(steps_done(run, k, &done[k], &least));
	}
	return OK;
}

/* Steps that were taken can't be taken back. */
static status check_not_beyond(struct run *run, const struct problem *p, const char *name)
{
	uint64_t done, own, least = 0, total = p->plan.schedule.total;
	for (int k = 0; k < run->chains; k++) {
		TRY(steps_done(run, k, &done, &own));
		least = own > least ? own : least;
	}
	return least <= total ? OK
	     : fail(ERR_USAGE, "--%s: makes the run %llu steps long; by what the chains of %s have taken already it has %llu at least",
	            name, (unsigned long long)total, run->path, (unsigned long long)least);
}

/* In what run.json holds already. */
static status set_fact(json_t *object, const char *name, json_t *value)
{
	return json_object_set_new(object, name, value) == 0 ? OK
	     : fail(ERR_MEMORY, "out of memory: %s of the run", name);
}

/* A method's parameter may be tied to its rival, as σ is to η: run.json has both, as if both were given. One that is given
 * now must be what the run's other one is tied to. */
static status check_tied(const struct problem *p, const struct opts *given)
{
	const struct param *params = p->plan.state.sampler->params;
	for (int i = 0; params && params[i].name; i++)
		for (int j = 0; opts_given(given, params[i].name) && params[i].rival && params[j].name; j++) {
			struct state_plan plan = p->plan.state;
			struct sampler_state tied;
			if (strcmp(params[j].name, params[i].rival) != 0 || !isfinite(plan.param[j]))
				continue;
			plan.param[j] = NAN;
			TRY(state_facts(&plan, (struct rng_key){p->plan.seed, 0}, &tied));
			double own = p->plan.state.param[j];
			if (isfinite(tied.param[j]) && !(fabs(tied.param[j] - own) <= 1e-9 * fabs(own)))
				return fail(ERR_USAGE, "--%s can't be given on --resume: this run was begun with --%s %g", params[i].name,
				            params[j].name, own);
		}
	return OK;
}

/* Where the data are now, and how a table is read there, is where the next one will look for them. */
static status move_data(struct run *run, const struct problem *p, const struct opts *o, bool *same)
{
	static const char *const names[][2] = {{"data", "spec"}, {"labels", "labels"}}, *const of_file[] = {"header", "decimal"};
	json_t *options = json_object_get(run->json, "options"), *data = json_object_get(run->json, "data");
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		json_t *place = json_object_get(json_object_get(p->facts, "data"), names[i][1]);
		if (!place || json_equal(place, json_object_get(data, names[i][1])))
			continue;
		*same = false;
		TRY(set_fact(options, names[i][0], json_incref(place)));
		TRY(set_fact(data, names[i][1], json_incref(place)));
	}
	for (size_t i = 0; i < sizeof of_file / sizeof *of_file; i++) {
		const char *said = opts_text(o, of_file[i]);
		const json_t *was = json_object_get(options, of_file[i]);
		if (said ? json_words_are(was, said) : !json_is_string(was))
			continue;
		*same = false;
		TRY(set_fact(options, of_file[i], said ? json_string(said) : json_null()));
		/* That was of the file before. */
		json_object_del(data, of_file[i]);
	}
	return OK;
}

/* What was measured just now, so that all that go on with the run use it. */
static status keep_choices(struct run *run, const struct problem *p, bool *same)
{
	json_t *now = problem_choices(p), *known = json_object_get(run->json, "choices");
	if (!now)
		return fail(ERR_MEMORY, "out of memory: the choices of algorithms");
	const char *device = p->device->ops->name;
	json_t *own = json_object_get(now, device), *then = json_object_get(known, device);
	status s = OK;
	if (!json_equal(own, then)) {
		*same = false;
		s = known ? set_fact(known, device, json_incref(own)) : set_fact(run->json, "choices", json_incref(now));
	}
	json_decref(now);
	return s;
}

static status grow(struct run *run, const struct problem *p, bool *same)
{
	if (p->plan.chains <= run->chains)
		return OK;
	*same = false;
	TRY(set_fact(run->json, "chains", json_integer(p->plan.chains)));
	return set_fact(json_object_get(run->json, "options"), "chains", json_integer(p->plan.chains));
}

static status check_data(const struct run *run, const struct problem *p)
{
	const char *then = fact(run->json, "data", "fingerprint"), *now = fact(p->facts, "data", "fingerprint");
	return !p->has_data || strcmp(then, now) == 0 ? OK
	     : fail(ERR_USAGE, "--data %s: not the data that the run %s was begun with (fingerprint %s there, %s here)",
	            p->data.spec, run->path, then, now);
}

status resume_all_begun(struct run *run, bool *out)
{
	*out = true;
	for (int k = 0; k < run->chains && *out; k++) {
		const char *path;
		TRY(run_file(run, &run->arena, k, "ckpt", &path));
		TRY(file_present(path, out));
	}
	return OK;
}

/* Chains begin with what the first ones began with, though --init's run may hold other snapshots now. Runs of versions that did
 * not write it down are taken as they are. */
static status check_init(struct run *run, const struct problem *p)
{
	const char *then = json_string_value(json_object_get(run->json, "init_parameters"));
	const char *now = json_string_value(json_object_get(p->facts, "init_parameters"));
	bool begun;
	if (!then || !now || strcmp(then, now) == 0)
		return OK;
	TRY(resume_all_begun(run, &begun));
	return begun && p->plan.chains <= run->chains ? OK
	     : fail(ERR_USAGE, "--init %s: its last snapshot is no longer the one that chains of %s were to begin with (fingerprint %s "
	            "there, %s here); put that back, or begin another run", opts_text(p->options, "init"), run->path, then, now);
}

status resume_check(struct run *run, const struct problem *p, const struct opts *given, const struct opts *o,
                    const struct share *share)
{
	TRY(check_tied(p, given));
	TRY(resume_same(run, p, share));
	TRY(check_data(run, p));
	TRY(check_init(run, p));
	TRY(warn_where_bits_change(run, p));
	json_t *options = json_object_get(run->json, "options");
	const char *name = opts_given(o, "epochs") ? "epochs" : "steps";
	bool same = json_integer_value(json_object_get(options, name)) == opts_count(o, name);
	if (!same) {
		TRY(check_not_beyond(run, p, name));
		TRY(set_fact(options, name, json_integer(opts_count(o, name))));
	}
	if (p->has_data)
		TRY(move_data(run, p, o, &same));
	/* With what has changed so far no other process may still be under way. */
	bool alone = !same;
	TRY(grow(run, p, &same));
	TRY(keep_choices(run, p, &same));
	return same ? OK : run_change(run, alone);
}

status resume_join(struct run *run, const struct problem *p, const struct opts *o, const struct share *share)
{
	bool same = true;
	TRY(check_data(run, p));
	TRY(resume_equal(run, p, o));
	TRY(check_init(run, p));
	TRY(resume_same(run, p, share));
	TRY(warn_where_bits_change(run, p));
	TRY(keep_choices(run, p, &same));
	return same ? OK : run_change(run, false);
}
