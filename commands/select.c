/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "commands/select.h"

#include <string.h>

#include "commands/report.h"
#include "predict/trained.h"
#include "src/json_build.h"

static const struct param select_defs[] = {
	{.name = "chain", .type = PARAM_COUNT, .arg = "K", .min = 0, .max = UINT32_MAX,
	 .help = "snapshots of chain K only, counted from 0"},
	{.name = "role", .type = PARAM_TEXT, .arg = "ROLE", .help = "snapshots of this role only: theta or anchor"},
	{.name = "from-step", .type = PARAM_COUNT, .arg = "STEP", .min = 0, .max = 1e15, .unit = "steps",
	 .help = "snapshots from this step on"},
	{.name = "to-step", .type = PARAM_COUNT, .arg = "STEP", .min = 0, .max = 1e15, .unit = "steps",
	 .help = "snapshots up to and including this step"},
	{.name = "every", .type = PARAM_COUNT, .arg = "N", .min = 1, .max = 1e12,
	 .help = "of each chain every N-th step that was kept, the last among them, of those that the other options leave"},
	{.name = "last", .type = PARAM_COUNT, .arg = "N", .min = 1, .max = 1e12, .unit = "snapshots",
	 .help = "the last N snapshots of each chain, of those that the other options leave"},
	{.name = "skip-damaged", .type = PARAM_FLAG, .help = "leave out records that cannot be read instead of stopping"},
	{0},
};

const struct opt_table table_select = {.owner = "select", .heading = "Which snapshots", .defs = select_defs};

/* What the options say of the snapshots, and where they say nothing the command. */
static status open_with(const struct opts *o, const char *const *path, int n, struct selection_request r, struct selection *out)
{
	r.chain = opts_given(o, "chain") ? opts_count(o, "chain") : -1;
	r.role = opts_text(o, "role");
	r.rather = opts_text(o, "role") ? NULL : r.rather;
	r.from = opts_given(o, "from-step") ? (uint64_t)opts_count(o, "from-step") : 0;
	r.to = opts_given(o, "to-step") ? (uint64_t)opts_count(o, "to-step") : UINT64_MAX;
	r.every = opts_given(o, "every") ? (size_t)opts_count(o, "every") : 0;
	r.last = opts_given(o, "last") ? (size_t)opts_count(o, "last") : r.every ? SIZE_MAX : r.last;
	r.skip_damaged = opts_flag(o, "skip-damaged");
	return selection_open(path, n, &r, out);
}

status select_paths(const struct opts *o, const char *const *path, int n, struct selection *out)
{
	return open_with(o, path, n, (struct selection_request){.last = SIZE_MAX}, out);
}

static status open_given(const struct opts *o, struct selection_request r, struct selection *out)
{
	const char *const *path;
	int n = opts_positionals(o, &path);
	if (n == 0)
		return fail(ERR_USAGE, "no run given: name a run's folder or a .snaps file");
	return open_with(o, path, n, r, out);
}

void select_warn_seen(const struct selection *s, const struct dataset *d)
{
	/* That the first run's own file has changed is told of by itself. */
	const bool changed = !trained_is_own(selection_header(s), d->train_fingerprint);
	const struct source *other = d->split == SPLIT_HOLDOUT && !changed ? selection_trained_on_others(s, d->train_fingerprint) : NULL;
	if (other)
		warning("%s: %s was trained on other rows than those beside what is held out here, and may have seen these: what it predicts looks "
		        "better than it is", d->spec, other->path);
}

status select_refuse_options(const struct opts *o, const char *option, const char *const *others)
{
	for (const struct param *d = select_defs; d->name; d++)
		if (opts_given(o, d->name))
			return fail(ERR_USAGE, "--%s chooses snapshots and does not go with %s", d->name, option);
	for (const char *const *name = others; *name; name++)
		if (opts_given(o, *name))
			return fail(ERR_USAGE, "--%s is about runs and does not go with %s", *name, option);
	return OK;
}

status select_open(const struct opts *o, struct selection *out)
{
	return open_given(o, (struct selection_request){.last = SIZE_MAX}, out);
}

status select_open_rather(const struct opts *o, const char *role, struct selection *out)
{
	return open_given(o, (struct selection_request){.rather = role, .last = SIZE_MAX}, out);
}

status select_open_each(const struct opts *o, const char *role, struct selection *out)
{
	return open_given(o, (struct selection_request){.rather = role, .last = 1, .apart = true}, out);
}

status select_refuse(const struct opts *o, const char *option, const char *const *others)
{
	const char *const *path;
	if (opts_positionals(o, &path))
		return fail(ERR_USAGE, "%s: --%s takes the place of a run", path[0], option);
	char shown[64];
	snprintf(shown, sizeof shown, "--%s", option);
	return select_refuse_options(o, shown, others);
}

static json_t *roles_of(const struct selection *s)
{
	json_t *roles = json_array();
	for (size_t i = 0; i < s->n; i++)
		json_add_new(&roles, s->choice[i].role);
	return roles;
}

void select_report(const struct selection *s, json_t **into)
{
	static const char *const facts[] = {"temperature", "target", NULL};
	const struct source *source = s->sources.source;
	const json_t *first = selection_header(s);
	for (size_t i = 1; i < s->n; i++)
		for (const char *const *name = facts; *name && s->choice[i].source != s->choice[i - 1].source; name++)
			if (!json_equal(json_object_get(first, *name), json_object_get(source[s->choice[i].source].header, *name)))
				json_put(into, *name, json_null());
	json_put(into, "roles", roles_of(s));
}

void select_trained(const struct selection *s, json_t **prints)
{
	for (size_t i = 0; i < s->sources.n; i++)
		trained_add(s->sources.source[i].header, prints);
}

void select_origin(const struct opts *o, const struct selection *s, json_t **into)
{
	json_t *trained = json_array();
	if (s)
		select_trained(s, &trained);
	select_origin_of(o, trained, into);
}

void select_stored(const struct opts *o, json_t **into)
{
	json_put(into, "data", json_words(opts_text(o, "probs")));
	json_put(into, "split", json_null());
	report_facts(into, NULL);
	if (opts_flag(o, "json"))
		select_origin(o, NULL, into);
	json_put(into, "roles", json_array());
}

void select_origin_of(const struct opts *o, json_t *trained, json_t **into)
{
	const char *const *path;
	int n = opts_positionals(o, &path);
	json_t *runs = json_array();
	for (int i = 0; i < n; i++)
		json_add(&runs, json_words(path[i]));
	json_put(into, "version", json_string(PACKAGE_VERSION));
	json_put(into, "runs", runs);
	json_put(into, "train_fingerprints", trained);
}

json_t *select_member(const struct selection *s, size_t i)
{
	const struct choice *c = &s->choice[i];
	const struct source *source = &s->sources.source[c->source];
	json_t *member = json_object();
	json_put(&member, "file", json_words(source->path));
	json_put(&member, "chain", source->numbered ? json_integer(source->chain) : json_null());
	json_put(&member, "step", json_integer((json_int_t)c->step));
	json_put(&member, "role", json_string(c->role));
	return member;
}

json_t *select_members(const struct selection *s)
{
	json_t *members = json_array();
	for (size_t i = 0; i < s->n; i++)
		json_add(&members, select_member(s, i));
	return members;
}
