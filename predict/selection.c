/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/selection.h"

#include <stdlib.h>
#include <string.h>

#include "predict/trained.h"
#include "src/text.h"

/* What those who choose snapshots can do about damage. */
static status advise(status s)
{
	return s == ERR_DAMAGE ? fail(s, "%s; {skip-damaged} leaves it out", fail_message(s)) : s;
}

/* Whether record i of the open file is wanted; damage that may be skipped makes it unwanted. */
static status selection_wants(struct snaps_reader *r, size_t i, const struct selection_request *q,
                              struct choice *c, bool *yes)
{
	struct snaps_record record;
	const char *role;
	*yes = false;
	status s = snaps_peek(r, i, &c->step, &role);
	if (s == OK) {
		if ((q->role && strcmp(role, q->role) != 0) || c->step < q->from || c->step > q->to)
			return OK;
		if (q->skip_damaged)
			s = snaps_read(r, i, &record);
	}
	if (s == ERR_DAMAGE && q->skip_damaged) {
		warning_failed(fail_within(s, "left out: "));
		return OK;
	}
	TRY(advise(s));
	*yes = true;
	c->record = (uint32_t)i;
	c->role = role;
	return OK;
}

/* Room for more choices: just that, the first time, since one file is often all there is. */
static status selection_grow(struct selection *s, size_t more)
{
	size_t capacity = s->capacity + s->capacity / 2;
	if (s->n + more <= s->capacity)
		return OK;
	capacity = capacity > s->n + more ? capacity : s->n + more;
	struct choice *larger = realloc(s->choice, capacity * sizeof *larger);
	if (!larger)
		return fail(ERR_MEMORY, "out of memory: %zu snapshots", capacity);
	s->choice = larger;
	s->capacity = capacity;
	return OK;
}

static status selection_add_records(struct selection *s, size_t source, struct snaps_reader *r, const struct selection_request *q)
{
	for (size_t i = 0; i < snaps_count(r); i++) {
		struct choice c = {.source = (uint32_t)source};
		bool yes;
		TRY(selection_wants(r, i, q, &c, &yes));
		if (yes)
			s->choice[s->n++] = c;
	}
	return OK;
}

/* Keeps every so many-th step, counted from the last; roles that were kept at a step stay together. Returns how many are left. */
static size_t thin(struct choice *c, size_t n, size_t every)
{
	size_t steps = 0, left = n;
	for (size_t i = n; i-- > 0;) {
		steps += i + 1 < n && c[i].step != c[i + 1].step;
		if (steps % every == 0)
			c[--left] = c[i];
	}
	memmove(c, c + left, (n - left) * sizeof *c);
	return n - left;
}

static bool has_role(const struct snaps_shared *h, const char *role)
{
	int i = 0;
	while (snaps_shared_role(h, i) && strcmp(snaps_shared_role(h, i), role) != 0)
		i++;
	return snaps_shared_role(h, i) != NULL;
}

static status selection_add_source(struct selection *s, size_t source, const struct selection_request *request)
{
	struct snaps_reader *r;
	const struct source *from = &s->sources.source[source];
	struct selection_request own = *request;
	const struct selection_request *q = &own;
	if (own.rather && has_role(from->shared, own.rather))
		own.role = own.rather;
	if (q->chain >= 0 && from->chain != q->chain)
		return OK;
	TRY(sources_reader(&s->sources, source, &r));
	if (snaps_torn(r))
		warning("%s: an incomplete last record of %llu bytes is ignored", from->path, (unsigned long long)snaps_torn(r));
	size_t first = s->n;
	if (snaps_count(r) > UINT32_MAX)
		return fail(ERR_INPUT, "%s: has %zu records, and at most 2³² can be chosen from", from->path, snaps_count(r));
	TRY(selection_grow(s, snaps_count(r)));
	TRY(selection_add_records(s, source, r, q));
	if (q->every)
		s->n = first + thin(s->choice + first, s->n - first, q->every);
	if (s->n - first > q->last) {
		memmove(s->choice + first, s->choice + s->n - q->last, q->last * sizeof *s->choice);
		s->n = first + q->last;
	}
	return OK;
}

/* Whether a file can have the role; NULL: any. */
static bool has_any(const struct sources *s, const char *role)
{
	for (size_t i = 0; i < s->n; i++)
		if (!role || has_role(s->source[i].shared, role))
			return true;
	return false;
}

/* Of a role that no file can have. */
static status refuse_role(const struct sources *s, const char *path, const char *role)
{
	struct text roles = {.n = 0};
	for (int k = 0; snaps_shared_role(s->source[0].shared, k); k++)
		text_list(&roles, " or ", snaps_shared_role(s->source[0].shared, k));
	return fail(ERR_USAGE, "{role} %s: %s has no snapshots of this role; expected %s", role, path, roles.at);
}

/* Why there is nothing to read: nothing was kept so far, or the options leave nothing of it. */
static status selection_is_empty(struct sources *s, const char *path, const struct selection_request *q)
{
	size_t all = 0;
	bool running = false;
	for (size_t i = 0; i < s->n; i++) {
		struct snaps_reader *r;
		const char *state = s->source[i].state.word;
		TRY(sources_reader(s, i, &r));
		all += snaps_count(r);
		running = running || (state && strcmp(state, "running") == 0);
	}
	if (all)
		return has_any(s, q->role) ? fail(ERR_USAGE, "%s: no snapshots are left to read; {chain}, {role}, {from-step} and {to-step} "
		                                  "choose among those that basin info lists", path)
		                           : refuse_role(s, path, q->role);
	if (running)
		return fail(ERR_INPUT, "%s: no snapshot has been kept yet; a run that was interrupted goes on with basin sample {resume}",
		            path);
	return fail(ERR_INPUT, "%s: no snapshot has been kept; {keep-last} and {keep-every} of basin sample say which states are",
	            path);
}

static status selection_fill(struct selection *s, const char *const *path, int n, const struct selection_request *r)
{
	struct sources *sources = &s->sources;
	for (int i = 0; i < n; i++)
		TRY(sources_add(sources, path[i]));
	TRY(sources_check(sources, r->apart));
	for (size_t i = 0; i < sources->n; i++)
		TRY(selection_add_source(s, i, r));
	return s->n ? OK : selection_is_empty(sources, path[0], r);
}

status selection_open(const char *const *path, int n, const struct selection_request *r, struct selection *out)
{
	*out = (struct selection){.n = 0};
	status s = selection_fill(out, path, n, r);
	if (s != OK)
		selection_close(out);
	return s;
}

const json_t *selection_header(const struct selection *s)
{
	return s->sources.source[s->choice[0].source].header;
}

const struct source *selection_unlike(const struct selection *s, const char *part, const char *name)
{
	const json_t *first = json_object_get(json_object_get(selection_header(s), part), name);
	for (size_t i = 1; i < s->n; i++) {
		const struct source *other = &s->sources.source[s->choice[i].source];
		const json_t *theirs = json_object_get(json_object_get(other->header, part), name);
		if ((first || theirs) && !json_equal(first, theirs))
			return other;
	}
	return NULL;
}

const struct source *selection_trained_on_others(const struct selection *s, uint64_t rows)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct source *source = &s->sources.source[s->choice[i].source];
		if (trained_own(source->header) && !trained_is_own(source->header, rows))
			return source;
	}
	return NULL;
}

/* ---- records ---- */

struct kept_record {
	struct snaps_record record;
	size_t params, stats;
	float *at;               /* both, one behind the other */
};

static status read_file(struct selection *s, size_t i, struct snaps_record *out)
{
	struct snaps_reader *r;
	TRY(sources_reader(&s->sources, s->choice[i].source, &r));
	s->params = snaps_params(r)->count;
	s->stats = snaps_stats(r)->count;
	return advise(snaps_read(r, s->choice[i].record, out));
}

status selection_read(struct selection *s, size_t i, struct snaps_record *out)
{
	if (!s->kept)
		return read_file(s, i, out);
	s->params = s->kept[i].params;
	s->stats = s->kept[i].stats;
	*out = s->kept[i].record;
	return OK;
}

static status keep_record(struct selection *s, size_t i, struct kept_record *k)
{
	TRY(read_file(s, i, &k->record));
	k->params = s->params;
	k->stats = s->stats;
	k->at = malloc((k->params + k->stats) * sizeof *k->at + 1);
	if (!k->at)
		return fail(ERR_MEMORY, "out of memory: snapshot %zu of %zu", i + 1, s->n);
	k->record.role = s->choice[i].role;
	k->record.params = memcpy(k->at, k->record.params, k->params * sizeof *k->at);
	if (k->stats)
		k->record.stats = memcpy(k->at + k->params, k->record.stats, k->stats * sizeof *k->at);
	return OK;
}

static void forget_records(struct kept_record *kept, size_t n)
{
	for (size_t i = 0; kept && i < n; i++)
		free(kept[i].at);
	free(kept);
}

status selection_keep(struct selection *s)
{
	struct kept_record *kept = calloc(s->n, sizeof *kept);
	status st = kept ? OK : fail(ERR_MEMORY, "out of memory: %zu snapshots", s->n);
	for (size_t i = 0; st == OK && i < s->n; i++)
		st = keep_record(s, i, &kept[i]);
	if (st == OK)
		s->kept = kept;
	else
		forget_records(kept, s->n);
	return st;
}

void selection_close(struct selection *s)
{
	forget_records(s->kept, s->n);
	sources_close(&s->sources);
	free(s->choice);
	*s = (struct selection){.n = 0};
}

size_t selection_take_role(const struct selection *s, size_t first, bool *taken, size_t *member)
{
	size_t n = 0;
	for (size_t i = first; i < s->n; i++)
		if (strcmp(s->choice[i].role, s->choice[first].role) == 0) {
			taken[i] = true;
			member[n++] = i;
		}
	return n;
}
