/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* basin export: one snapshot as a file that other programs read. */
#include <inttypes.h>
#include <string.h>

#include "commands/command.h"
#include "commands/output.h"
#include "commands/report.h"
#include "commands/select.h"
#include "src/data/npz.h"
#include "src/json_build.h"
#include "src/json_numbers.h"

static const struct param export_defs[] = {
	{.name = "format", .type = PARAM_CHOICE, .arg = "npz", .fallback = "npz",
	 .help = "layout of the file: NumPy's archive of one array a tensor"},
	{.name = "out", .type = PARAM_PATH, .arg = "FILE", .help = "file to write; - is standard output"},
	OUTPUT_OVERWRITE,
	{0},
};

static const struct opt_table table_export = {.owner = "export", .heading = "Output", .defs = export_defs};
static const struct opt_table *const tables[] = {&table_export, &table_select, &table_report, NULL};

/* The last choice: the one of the greatest step, of the lowest chain. */
static size_t last_of(const struct selection *s)
{
	size_t last = 0;
	for (size_t i = 1; i < s->n; i++)
		if (s->choice[i].step > s->choice[last].step)
			last = i;
	return last;
}

/* ---- the arrays ---- */

struct arrays {
	struct npz_array *at;
	size_t n;
};

/* PyTorch's batch norms count batches as int64; as a running statistic such a count is a float like the others. */
static bool is_count(const struct segment *g)
{
	const char *dot = strrchr(g->name, '.');
	return strcmp(dot ? dot + 1 : g->name, "num_batches_tracked") == 0;
}

static status count_batches(const struct segment *g, const float *from, struct arena *a, struct npz_array *out)
{
	int64_t *count;
	TRY(ARENA_NEW(a, g->count, &count));
	for (size_t i = 0; i < g->count; i++)
		count[i] = from[i] >= 0 && from[i] < 0x1p63f ? (int64_t)from[i] : 0;
	*out = (struct npz_array){g->name, NPY_I8, g->ndim, g->shape, count};
	return OK;
}

/* One array a segment, in the order of files. */
static status add_segments(struct arrays *list, const struct segments *segments, const float *from, struct arena *a)
{
	float *values;
	TRY(ARENA_NEW(a, segments->count, &values));
	for (int i = 0; i < segments->n; i++) {
		const struct segment *g = &segments->at[i];
		struct npz_array *array = &list->at[list->n++];
		*array = (struct npz_array){g->name, NPY_F4, g->ndim, g->shape, values + g->offset};
		if (is_count(g))
			TRY(count_batches(g, from + g->offset, a, array));
		else
			segment_to_file(g, from + g->offset, values + g->offset);
	}
	return OK;
}

/* What is done to inputs before the network has them, and to targets, under the names of the header. */
static const struct {
	const char *part, *fact, *name;
} transforms[] = {
	{"normalize", "mean", "normalize.mean"},
	{"normalize", "sd", "normalize.sd"},
	{"standardize", "x_mean", "standardize.x_mean"},
	{"standardize", "x_sd", "standardize.x_sd"},
	{"standardize", "target_mean", "standardize.target_mean"},
	{"standardize", "target_sd", "standardize.target_sd"},
};
enum { TRANSFORMS = sizeof transforms / sizeof *transforms };

/* One array for each of them that the header has. */
static status add_transforms(struct arrays *list, const json_t *header, struct arena *a)
{
	for (int i = 0; i < TRANSFORMS; i++) {
		const json_t *part = json_object_get(header, transforms[i].part);
		size_t n = json_array_size(json_object_get(part, transforms[i].fact));
		double *x;
		int64_t *shape;
		bool found;
		TRY(ARENA_NEW(a, n, &x));
		TRY(json_numbers_read(part, transforms[i].fact, n, x, &found));
		if (!found)
			continue;
		TRY(ARENA_NEW(a, 1, &shape));
		*shape = (int64_t)n;
		list->at[list->n++] = (struct npz_array){transforms[i].name, NPY_F8, 1, shape, x};
	}
	return OK;
}

static status collect(const struct snaps_reader *r, const struct snaps_record *record, struct arena *a,
                      struct arrays *list)
{
	const struct segments *params = snaps_params(r), *stats = snaps_stats(r);
	*list = (struct arrays){.n = 0};
	TRY(ARENA_NEW(a, (size_t)params->n + (size_t)stats->n + TRANSFORMS, &list->at));
	TRY(add_segments(list, params, record->params, a));
	if (stats->n)
		TRY(add_segments(list, stats, record->stats, a));
	return add_transforms(list, snaps_meta(r), a);
}

/* ---- the command ---- */

static status write_npz(struct selection *s, size_t i, struct arena *a, FILE *to, size_t *n_arrays)
{
	struct snaps_record record;
	struct arrays list;
	TRY(selection_read(s, i, &record));
	TRY(collect(s->sources.reader, &record, a, &list));
	*n_arrays = list.n;
	status st = npz_write(to, list.at, list.n);
	return st == OK ? OK : fail_within(st, "%s: ", s->sources.source[s->choice[i].source].path);
}

static status say(const struct opts *o, const struct selection *s, size_t i, size_t n_arrays)
{
	const struct choice *c = &s->choice[i];
	const struct source *source = &s->sources.source[c->source];
	const char *out = opts_text(o, "out");
	json_int_t chain = source->chain;
	size_t n_params = snaps_params(s->sources.reader)->count, n_stats = snaps_stats(s->sources.reader)->count;
	if (opts_flag(o, "json")) {
		json_t *report = json_pack("{s:o, s:s, s:o, s:I, s:I, s:s, s:I, s:I, s:I, s:I}", "out", json_words(out),
		                           "format", opts_text(o, "format"), "path", json_words(source->path), "chain", chain,
		                           "step", (json_int_t)c->step, "role", c->role, "chosen_from", (json_int_t)s->n, "arrays",
		                           (json_int_t)n_arrays, "n_params", (json_int_t)n_params, "n_stats", (json_int_t)n_stats);
		report_facts(&report, source->header);
		return report_json(report);
	}
	report_bytes(strcmp(out, "-") == 0 ? "standard output" : out, stdout);
	printf(": step %" PRIu64 ", %s, of ", c->step, c->role);
	report_bytes(source->path, stdout);
	if (s->n > 1)
		printf(", the last of %zu snapshots", s->n);
	printf("; %zu array%s, %zu parameters, %zu statistics\n", n_arrays, n_arrays == 1 ? "" : "s", n_params, n_stats);
	return report_end();
}

/* Which feature a word of a table has, and what stands for a gap, no array of numbers says. */
static void warn_of_table(const struct source *source)
{
	if (json_object_get(source->header, "table"))
		warning("%s: its table has words or gaps: which of the network's inputs each is, is in \"table\" of the run's run.json, and not in "
		        "the arrays", source->path);
}

static status export_to(const struct opts *o, struct selection *s, struct arena *a)
{
	static const char *const file_option[] = {"out"}, *const read[] = {"config", NULL};
	struct output_file file;
	size_t last = last_of(s), n_arrays = 0;
	TRY(select_spare(o, s, read, file_option, 1));
	TRY(outputs_open(o, a, file_option, 1, &file));
	TRY(outputs_close(&file, 1, write_npz(s, last, a, file.to, &n_arrays)));
	warn_of_table(&s->sources.source[s->choice[last].source]);
	return say(o, s, last, n_arrays);
}

static status run_export(const struct opts *o)
{
	struct selection chosen;
	struct arena arena = {0};
	const char *const *path;
	if (opts_positionals(o, &path) != 1)
		return fail(ERR_USAGE, "name one run or snapshot file");
	if (!opts_text(o, "out"))
		return fail(ERR_USAGE, "--out FILE.npz is missing: the file to write");
	TRY(select_open_rather(o, "theta", &chosen));
	status s = export_to(o, &chosen, &arena);
	selection_close(&chosen);
	arena_free(&arena);
	return s;
}

const struct command command_export = {
	.name = "export",
	.synopsis = "RUN|FILE.snaps --out FILE.npz [options]",
	.help = "write one snapshot for other programs",
	.tables = tables,
	.run = run_export,
};
