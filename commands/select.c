/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "commands/select.h"

#include <string.h>

#include "predict/sources.h"

static const struct param select_defs[] = {
	{.name = "chain", .type = PARAM_COUNT, .arg = "K", .min = 0, .max = UINT32_MAX,
	 .help = "snapshots of chain K only, counted from 0"},
	{.name = "role", .type = PARAM_TEXT, .arg = "ROLE", .help = "snapshots of this role only: theta or anchor"},
	{.name = "from-step", .type = PARAM_COUNT, .arg = "STEP", .min = 0, .max = 1e15, .unit = "steps",
	 .help = "snapshots from this step on"},
	{.name = "to-step", .type = PARAM_COUNT, .arg = "STEP", .min = 0, .max = 1e15, .unit = "steps",
	 .help = "snapshots up to and including this step"},
	{.name = "last", .type = PARAM_COUNT, .arg = "N", .min = 1, .max = 1e12, .unit = "snapshots",
	 .help = "the last N snapshots of each chain, of those that the other options leave"},
	{.name = "skip-damaged", .type = PARAM_FLAG, .help = "leave out records that cannot be read instead of stopping"},
	{0},
};

const struct opt_table table_select = {.owner = "select", .heading = "Which snapshots", .defs = select_defs};

status select_reader(struct selection *s, size_t i, struct snaps_reader **out)
{
	if (!s->reader || s->reading != i) {
		snaps_reader_close(s->reader);
		s->reader = NULL;
		TRY(snaps_open(s->source[i].path, s->source[i].committed, &s->reader));
		s->reading = i;
	}
	*out = s->reader;
	return OK;
}

/* Whether record i of the open file is wanted; damage that may be skipped makes it unwanted. */
static status wanted(struct snaps_reader *r, size_t i, const struct opts *o, struct choice *c, bool *yes)
{
	struct snaps_record record;
	const char *role;
	*yes = false;
	status s = snaps_peek(r, i, &c->step, &role);
	if (s == OK) {
		if (opts_given(o, "role") && strcmp(role, opts_text(o, "role")) != 0)
			return OK;
		if (opts_given(o, "from-step") && c->step < (uint64_t)opts_count(o, "from-step"))
			return OK;
		if (opts_given(o, "to-step") && c->step > (uint64_t)opts_count(o, "to-step"))
			return OK;
		if (opts_flag(o, "skip-damaged"))
			s = snaps_read(r, i, &record);
	}
	if (s == ERR_DAMAGE && opts_flag(o, "skip-damaged")) {
		warning_failed(fail_within(s, "left out: "));
		return OK;
	}
	TRY(s);
	*yes = true;
	c->record = i;
	c->role = role;
	return OK;
}

static status grow(struct selection *s, size_t more, size_t *capacity)
{
	if (s->n + more <= *capacity)
		return OK;
	struct choice *larger;
	*capacity = 2 * (s->n + more);
	TRY(ARENA_NEW(&s->arena, *capacity, &larger));
	if (s->n)
		memcpy(larger, s->choice, s->n * sizeof *larger);
	s->choice = larger;
	return OK;
}

/* The reader's copy of a role goes with the reader; a file has few roles, and the last ones chosen mostly name it. */
static status keep_role(struct selection *s, const char **role)
{
	char *copy;
	for (size_t i = s->n; i > 0 && s->n - i < SNAPS_ROLES; i--)
		if (strcmp(s->choice[i - 1].role, *role) == 0) {
			*role = s->choice[i - 1].role;
			return OK;
		}
	TRY(arena_text(&s->arena, &copy, "%s", *role));
	*role = copy;
	return OK;
}

static status choose_from(struct selection *s, size_t source, const struct opts *o, size_t *capacity)
{
	struct snaps_reader *r;
	const json_t *chain = json_object_get(s->source[source].header, "chain");
	if (opts_given(o, "chain") && json_integer_value(chain) != opts_count(o, "chain"))
		return OK;
	TRY(select_reader(s, source, &r));
	if (snaps_torn(r))
		warning("%s: an incomplete last record of %llu bytes is ignored", s->source[source].path,
		     (unsigned long long)snaps_torn(r));
	size_t first = s->n, keep = opts_given(o, "last") ? (size_t)opts_count(o, "last") : SIZE_MAX;
	TRY(grow(s, snaps_count(r), capacity));
	for (size_t i = 0; i < snaps_count(r); i++) {
		struct choice c = {.source = source};
		bool yes;
		TRY(wanted(r, i, o, &c, &yes));
		if (!yes)
			continue;
		TRY(keep_role(s, &c.role));
		s->choice[s->n++] = c;
	}
	if (s->n - first > keep) {
		memmove(s->choice + first, s->choice + s->n - keep, keep * sizeof *s->choice);
		s->n = first + keep;
	}
	return OK;
}

/* Why there is nothing to read: nothing was kept so far, or the options leave nothing of it. */
static status nothing(struct selection *s, const char *path)
{
	size_t all = 0;
	bool running = false;
	for (size_t i = 0; i < s->n_sources; i++) {
		struct snaps_reader *r;
		const char *state = json_string_value(json_object_get(s->source[i].checkpoint, "state"));
		TRY(select_reader(s, i, &r));
		all += snaps_count(r);
		running = running || (state && strcmp(state, "running") == 0);
	}
	if (all)
		return fail(ERR_USAGE, "%s: no snapshots are left to read; --chain, --role, --from-step and --to-step choose "
		            "among those that basin info lists", path);
	return fail(ERR_INPUT, "%s: no snapshot has been kept%s", path,
	            running ? " yet; a run that was interrupted goes on with basin sample --resume" :
	                      "; --keep-last and --keep-every of basin sample say which states are");
}

static status choose(const struct opts *o, struct selection *s)
{
	const char *const *path;
	int n = opts_positionals(o, &path);
	size_t capacity = 0;
	if (n == 0)
		return fail(ERR_USAGE, "no run given: name a run's folder or a .snaps file");
	for (int i = 0; i < n; i++)
		TRY(select_sources(s, path[i]));
	TRY(sources_check(s));
	for (size_t i = 0; i < s->n_sources; i++)
		TRY(choose_from(s, i, o, &capacity));
	if (s->n == 0)
		return nothing(s, path[0]);
	return OK;
}

status select_open(const struct opts *o, struct selection *out)
{
	*out = (struct selection){.reader = NULL};
	status s = choose(o, out);
	if (s != OK)
		select_close(out);
	return s;
}

status select_refuse(const struct opts *o, const char *option, const char *const *others)
{
	const char *const *path;
	if (opts_positionals(o, &path))
		return fail(ERR_USAGE, "%s: --%s takes the place of a run", path[0], option);
	for (const struct param *d = select_defs; d->name; d++)
		if (opts_given(o, d->name))
			return fail(ERR_USAGE, "--%s chooses snapshots and does not go with --%s", d->name, option);
	for (const char *const *name = others; *name; name++)
		if (opts_given(o, *name))
			return fail(ERR_USAGE, "--%s is about runs and does not go with --%s", *name, option);
	return OK;
}

status select_read(struct selection *s, size_t i, struct snaps_record *out)
{
	struct snaps_reader *r;
	TRY(select_reader(s, s->choice[i].source, &r));
	return snaps_read(r, s->choice[i].record, out);
}

static json_t *roles_of(const struct selection *s)
{
	json_t *roles = json_array();
	for (size_t i = 0; i < s->n; i++) {
		bool known = false;
		size_t at;
		json_t *role;
		json_array_foreach(roles, at, role)
			known |= strcmp(json_string_value(role), s->choice[i].role) == 0;
		if (!known)
			json_array_append_new(roles, json_string(s->choice[i].role));
	}
	return roles;
}

void select_report(const struct selection *s, json_t *into)
{
	static const char *const facts[] = {"temperature", "target", NULL};
	const json_t *first = s->source[s->choice[0].source].header;
	for (size_t i = 1; i < s->n; i++)
		for (const char *const *name = facts; *name && s->choice[i].source != s->choice[i - 1].source; name++)
			if (!json_equal(json_object_get(first, *name), json_object_get(s->source[s->choice[i].source].header, *name)))
				json_object_set_new(into, *name, json_null());
	json_object_set_new(into, "roles", roles_of(s));
}

void select_close(struct selection *s)
{
	snaps_reader_close(s->reader);
	for (size_t i = 0; i < s->n_sources; i++) {
		json_decref(s->source[i].header);
		json_decref(s->source[i].checkpoint);
	}
	arena_free(&s->arena);
	*s = (struct selection){.reader = NULL};
}
