/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "commands/select.h"

#include <string.h>
#include <sys/stat.h>

#include "src/data/dataset.h"
#include "src/json_words.h"

/* Devices and FIFOs are written to, and not replaced. */
static bool same_file(const char *a, const char *b)
{
	struct stat x, y;
	return stat(a, &x) == 0 && S_ISREG(x.st_mode) && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* Whether a file is one that lies beside a chain's snapshots and belongs to them, or to the run. */
static status lies_beside(struct arena *a, const char *path, const char *snaps, bool *out)
{
	static const char ending[] = ".snaps", *const chain[] = {".ckpt", ".log.jsonl"}, *const run[] = {"run.json", "lock"};
	const char *slash = strrchr(snaps, '/');
	const int folder = slash ? (int)(slash + 1 - snaps) : 0, name = (int)(strlen(snaps) - strlen(ending));
	for (int i = 0; i < 2 && !*out; i++) {
		char *other;
		TRY(arena_text(a, &other, "%.*s%s", folder, snaps, run[i]));
		*out = same_file(path, other);
		if (*out || name < 0 || strcmp(snaps + name, ending) != 0)
			continue;
		TRY(arena_text(a, &other, "%.*s%s", name, snaps, chain[i]));
		*out = same_file(path, other);
	}
	return OK;
}

/* Whether a data set's name, KIND:PATH or KIND:PATH,PATH, has this file, or its folder does. */
static status is_data(struct arena *a, const char *path, const char *spec, bool *out)
{
	const char *from = spec ? strchr(spec, ':') : NULL;
	if (!from)
		return OK;
	*out = same_file(path, ++from) || dataset_is_read_from(spec, path);
	for (const char *comma = strchr(from, ','); comma && !*out; comma = strchr(comma + 1, ',')) {
		char *first;
		TRY(arena_text(a, &first, "%.*s", (int)(comma - from), from));
		*out = same_file(path, first) || same_file(path, comma + 1);
	}
	return OK;
}

/* Whether a file has the data of a header, or the labels that stand in for theirs. */
static status is_trained_with(struct arena *a, const char *path, const json_t *header, bool *out)
{
	const json_t *data = json_object_get(header, "data");
	const char *spec, *labels;
	TRY(json_words_read(json_object_get(data, "spec"), a, &spec));
	TRY(json_words_read(json_object_get(data, "labels"), a, &labels));
	TRY(is_data(a, path, spec, out));
	*out = *out || (labels && same_file(path, labels));
	return OK;
}

/* What of a source a file is, or NULL. */
static status part_of(struct arena *a, const char *path, const struct source *from, const char **what)
{
	bool beside = false, data = false;
	if (same_file(path, from->path)) {
		*what = "holds the snapshots that are read";
		return OK;
	}
	TRY(lies_beside(a, path, from->path, &beside));
	TRY(is_trained_with(a, path, from->header, &data));
	if (beside || data)
		*what = beside ? "is a part of the run that is read" : "holds the data that the run was made with";
	return OK;
}

/* What a file is to an option that names a data set or a file to read, or NULL. */
static status read_by(struct arena *a, const struct opts *o, const char *path, const char *option, const char **what)
{
	const char *value = opts_text(o, option);
	char *words;
	bool data = false;
	if (value && same_file(path, value)) {
		TRY(arena_text(a, &words, "is what --%s reads", option));
		*what = words;
		return OK;
	}
	TRY(is_data(a, path, value, &data));
	if (data)
		*what = "holds the data that are read";
	return OK;
}

static status spare(struct arena *a, const struct opts *o, const struct selection *s, const char *const *read, const char *option,
                    const char *path)
{
	const char *what = NULL;
	for (size_t k = 0; s && !what && k < s->sources.n; k++)
		TRY(part_of(a, path, &s->sources.source[k], &what));
	for (; !what && *read; read++)
		TRY(read_by(a, o, path, *read, &what));
	return what ? fail(ERR_USAGE, "--%s %s: %s; name another file", option, path, what) : OK;
}

status select_spare_path(const struct opts *o, const struct selection *s, const char *const *read, const char *option, const char *path)
{
	struct arena a = {0};
	status st = path ? spare(&a, o, s, read, option, path) : OK;
	arena_free(&a);
	return st;
}

status select_spare(const struct opts *o, const struct selection *s, const char *const *read, const char *const *option, int n)
{
	for (int i = 0; i < n; i++)
		TRY(select_spare_path(o, s, read, option[i], opts_text(o, option[i])));
	return OK;
}
