/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Initial parameters from the last snapshot of a run or file. */
#include <string.h>
#include <sys/stat.h>

#include "commands/problem.h"
#include "predict/trained.h"

static status same_shape(const char *path, const struct segment *want, const struct segment *have)
{
	if (!have)
		return fail(ERR_USAGE, "--init %s: has no tensor %s", path, want->name);
	bool same = have->ndim == want->ndim;
	for (int i = 0; same && i < want->ndim; i++)
		same = have->shape[i] == want->shape[i];
	if (!same)
		return fail(ERR_USAGE, "--init %s: tensor %s has another shape there", path, want->name);
	return OK;
}

static status take(const char *path, const struct segments *want, const struct segments *have, const float *from, float *x)
{
	for (int i = 0; i < want->n; i++) {
		const struct segment *to = &want->at[i], *of = segments_find(have, to->name);
		TRY(same_shape(path, to, of));
		memcpy(x + to->offset, from + of->offset, to->count * sizeof *x);
	}
	return OK;
}

static status read_last(const char *path, struct snaps_reader *r, const struct segments *params,
                        const struct segments *stats, float *x, float *s)
{
	struct snaps_record record;
	size_t last = snaps_count(r);
	if (last == 0)
		return fail(ERR_USAGE, "--init %s: holds no snapshot", path);
	/* Of the roles of one step θ comes first; where it is kept it is the one to start from. */
	for (size_t i = last--; i-- > 0;) {
		uint64_t step;
		const char *role;
		TRY(snaps_peek(r, i, &step, &role));
		if (strcmp(role, "theta") == 0) {
			last = i;
			break;
		}
	}
	TRY(snaps_read(r, last, &record));
	TRY(take(path, params, snaps_params(r), record.params, x));
	return take(path, stats, snaps_stats(r), record.stats, s);
}

status problem_init_from(const char *path, const struct segments *params, const struct segments *stats, float *x, float *s,
                         json_t **prints)
{
	struct arena names = {0};
	struct snaps_reader *r = NULL;
	struct stat found;
	char *file = NULL;
	bool folder = stat(path, &found) == 0 && S_ISDIR(found.st_mode);
	status st = arena_text(&names, &file, folder ? "%s/chain-0.snaps" : "%s", path);
	if (st == OK)
		st = snaps_open(file, 0, &r);
	if (st == OK)
		st = read_last(path, r, params, stats, x, s);
	else
		st = fail_within(st, "--init %s: ", path);
	if (st == OK)
		trained_add(snaps_meta(r), prints);
	snaps_reader_close(r);
	arena_free(&names);
	return st;
}
