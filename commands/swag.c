/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* basin swag: fits a Gaussian to a run's snapshots, and makes a run of draws from it. */
#include "commands/swag.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "commands/command.h"
#include "commands/progress.h"
#include "commands/report.h"
#include "commands/select.h"
#include "commands/stop.h"
#include "commands/swag_stats.h"
#include "commands/word_lists.h"
#include "predict/swag.h"
#include "src/files/checkpoint.h"
#include "src/files/run_whole.h"
#include "src/json_build.h"
#include "src/text.h"
#include "src/words.h"

static const struct param swag_defs[] = {
	{.name = "rank", .type = PARAM_COUNT, .arg = "K", .fallback = "20", .min = 0, .max = 1e4,
	 .help = "the last K snapshots' deviations from the mean make the low-rank part of the covariance; 0 leaves it out, and 1, by "
	         "which it can't be divided, is refused"},
	{.name = "draws", .type = PARAM_COUNT, .arg = "S", .min = 1, .max = 1e9, .unit = "draws",
	 .help = "draws from the Gaussian; without it 30, or 1 with --scale 0, where all are the same"},
	{.name = "scale", .type = PARAM_REAL, .arg = "SCALE", .min = 0, .max = 1e6,
	 .help = "factor s on the covariance; without it 0.5, or 1 with --rank 0; with 0 a draw is the mean of the snapshots"},
	{.name = "seed", .type = PARAM_COUNT, .arg = "SEED", .fallback = "1", .min = 0, .max = 4294967295.,
	 .help = "all randomness of the draws follows from it"},
	{.name = "out", .type = PARAM_PATH, .arg = "RUN", .help = "folder that is made for the draws"},
	{.name = "snapshot-dtype", .type = PARAM_CHOICE, .arg = SNAPS_DTYPE_WORDS,
	 .help = "how draws are stored; without it as the snapshots are"},
	{.name = "data", .type = PARAM_TEXT, .arg = "KIND[:PATH]", .words = &words_data_sets_alone,
	 .help = "the training set, where it is not where the run has it; read for batch norm alone"},
	{0},
};

static const struct opt_table table_swag = {.owner = "swag", .heading = "Fit, draws and output", .defs = swag_defs};
static const struct opt_table *const tables[] = {&table_swag, &table_select, &table_device, &table_report, &table_progress, NULL};

/* ---- signals: the first one asks for an end that leaves nothing behind ---- */

static status go_on(void)
{
	return stop_asked() ? fail(ERR_INTERRUPTED, "stopped by a signal; nothing was made") : OK;
}

/* ---- the plan ---- */

static status take_dtype(const struct opts *o, const json_t *header, enum snaps_dtype *out)
{
	const char *theirs = json_string_value(json_object_get(header, "dtype"));
	int dtype = opts_given(o, "snapshot-dtype") ? opts_choice(o, "snapshot-dtype") : words_find(SNAPS_DTYPE_WORDS, theirs);
	*out = (enum snaps_dtype)dtype;
	return dtype >= 0 ? OK : fail(ERR_INPUT, "the header's dtype is “%s”; expected %s", theirs ? theirs : "", SNAPS_DTYPE_WORDS);
}

static void take_steps(const struct selection *chosen, struct swag_plan *p)
{
	p->first = UINT64_MAX;
	for (size_t i = 0; i < chosen->n; i++) {
		uint64_t step = chosen->choice[i].step;
		p->first = step < p->first ? step : p->first;
		p->last = step > p->last ? step : p->last;
		p->files += i == 0 || chosen->choice[i].source != chosen->choice[i - 1].source;
	}
}

static status take_plan(const struct opts *o, const struct selection *chosen, struct swag_plan *p)
{
	*p = (struct swag_plan){.options = o, .chosen = chosen, .rank = (size_t)opts_count(o, "rank"),
	                        .seed = (uint32_t)opts_count(o, "seed")};
	p->scale = opts_given(o, "scale") ? opts_real(o, "scale") : p->rank ? 0.5 : 1;
	p->draws = opts_given(o, "draws") ? (uint64_t)opts_count(o, "draws") : p->scale > 0 ? 30 : 1;
	take_steps(chosen, p);
	TRY(take_dtype(o, selection_header(chosen), &p->dtype));
	return OK;
}

/* The draws say of one set that they were learnt from it, and what it leaves out counts as unseen. */
static status check_data(const struct selection *chosen)
{
	const struct source *other = selection_unlike(chosen, "data", "fingerprint");
	return !other ? OK
	     : fail(ERR_USAGE, "%s and %s were trained on different rows, and draws of one Gaussian would have seen those of both; fit each run "
	            "by itself, and pool the runs of draws in basin predict", chosen->sources.source[chosen->choice[0].source].path,
	            other->path);
}

/* Said once nothing is left to refuse. */
static void warn_of(const struct swag_plan *p)
{
	if (p->files > 1)
		warning("snapshots of %zu chains are pooled: where chains of a network end in different places, their mean is in none; "
		        "--chain fits one of them", p->files);
	if (p->scale > 0 && p->chosen->n == 1)
		warning("there is one snapshot, which has no spread: every draw is the same as it");
	else if (p->scale > 0 && p->chosen->n < p->rank)
		warning("--rank %zu: there are %zu snapshots; the low-rank part of the covariance is divided by %zu all the same", p->rank,
		        p->chosen->n, p->rank - 1);
}

/* Only batch norm's statistics need a network, its data and a device. */
static status refuse_unused(const struct opts *o)
{
	static const char *const names[] = {"data", "device", "threads", NULL};
	for (const char *const *name = names; *name; name++)
		if (opts_given(o, *name))
			return fail(ERR_USAGE, "--%s: the run's model has no batch norm, so no data are read and no device is used", *name);
	return OK;
}

/* ---- the fit ---- */

struct place {
	uint64_t step;
	size_t choice;
};

static int by_step(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	return x->step != y->step ? (x->step > y->step) - (x->step < y->step) : (x->choice > y->choice) - (x->choice < y->choice);
}

/* Chains side by side, as if they had been collected from at the same time: so the last columns are of all of them. */
static status order_of(const struct selection *chosen, struct arena *a, struct place **out)
{
	TRY(ARENA_NEW(a, chosen->n, out));
	for (size_t i = 0; i < chosen->n; i++)
		(*out)[i] = (struct place){chosen->choice[i].step, i};
	qsort(*out, chosen->n, sizeof **out, by_step);
	return OK;
}

static status check_finite(const struct selection *chosen, size_t i, size_t d, const float *x)
{
	const struct choice *c = &chosen->choice[i];
	for (size_t j = 0; j < d; j++)
		if (!isfinite(x[j]))
			return fail(ERR_INPUT, "%s: step %" PRIu64 " holds a parameter that is not finite", chosen->sources.source[c->source].path,
			            c->step);
	return OK;
}

static status fit(struct selection *chosen, struct arena *a, struct swag *swag)
{
	struct place *order;
	TRY(order_of(chosen, a, &order));
	for (size_t i = 0; i < chosen->n; i++) {
		struct snaps_record record;
		TRY(go_on());
		TRY(selection_read(chosen, order[i].choice, &record));
		TRY(check_finite(chosen, order[i].choice, swag->d, record.params));
		swag_add(swag, record.params);
	}
	return OK;
}

/* ---- the draws ---- */

static status draw(const struct swag_plan *p, const struct swag *swag, struct swag_stats *bn, uint64_t number, float *theta,
                   float *stats, struct snaps_writer *to)
{
	const struct swag_request r = {.key = {p->seed, 0}, .number = number, .scale = p->scale, .narrow = p->dtype != SNAPS_FLOAT32};
	swag_draw(swag, &r, theta);
	for (size_t j = 0; j < swag->d; j++)
		if (!isfinite(theta[j]))
			return fail(ERR_USAGE, "draw %" PRIu64 " is beyond float32; take a smaller --scale", number);
	if (stats)
		TRY(swag_stats_make(bn, r.key, number, theta, stats));
	status s = snaps_write(to, number, 0, "theta", (double)NAN, theta, stats);
	return s == ERR_USAGE ? fail_within(s, "draw %" PRIu64 ": ", number) : s;
}

static status draw_all(const struct swag_plan *p, const struct swag *swag, struct swag_stats *bn, struct arena *a,
                       struct snaps_writer *to)
{
	struct progress progress;
	float *theta, *stats = NULL;
	TRY(ARENA_NEW(a, swag->d, &theta));
	if (bn->potential)
		TRY(ARENA_NEW(a, bn->potential->n_stats, &stats));
	progress_start(&progress, opts_flag(p->options, "quiet"), opts_flag(p->options, "progress"), 0, p->draws);
	status s = OK;
	for (uint64_t i = 1; i <= p->draws && s == OK; i++) {
		s = go_on();
		if (s == OK)
			s = draw(p, swag, bn, i, theta, stats, to);
		if (s == OK)
			s = progress_snapshots(&progress, i, p->draws);
	}
	progress_end(&progress);
	return s;
}

/* ---- the files ---- */

/* By it readers know that the file is whole, and whose it is. */
static status write_checkpoint(const struct swag_plan *p, struct run_whole *w, const struct snaps_writer *snaps)
{
	const char *path;
	char header[CHECKPOINT_HEADER];
	TRY(run_file(&w->run, &w->run.arena, 0, "ckpt", &path));
	checkpoint_header(snaps_checksum(snaps), header);
	json_t *meta = json_pack("{s:i, s:s, s:I, s:s, s:I}", "chain", 0, "state", "done", "step", (json_int_t)p->draws, "snaps_header",
	                         header, "snaps_length", (json_int_t)snaps_length(snaps));
	status s = meta ? checkpoint_write(path, meta, NULL, 0) : fail(ERR_MEMORY, "out of memory: the facts of a chain");
	json_decref(meta);
	return s;
}

static status write_chain(const struct swag_plan *p, const struct swag *swag, struct swag_stats *bn, const json_t *header,
                          struct run_whole *w)
{
	static const char *const roles[] = {"theta", NULL};
	const struct snaps_reader *r = p->chosen->sources.reader;
	struct snaps_writer *to;
	const char *path;
	TRY(run_file(&w->run, &w->run.arena, 0, "snaps", &path));
	TRY(snaps_create(path, header, snaps_params(r), snaps_stats(r), roles, p->dtype, &to));
	status s = draw_all(p, swag, bn, &w->run.arena, to);
	if (s == OK)
		s = snaps_sync(to);
	if (s == OK)
		s = write_checkpoint(p, w, to);
	status closed = snaps_close(to);
	return s == OK ? closed : s;
}

static status write_run(const struct swag_plan *p, const struct swag *swag, struct swag_stats *bn, struct run_whole *w)
{
	json_t *header = swag_header(p), *run = header ? swag_run(p, header, bn->network.device) : NULL;
	status s = run ? write_chain(p, swag, bn, header, w) : fail(ERR_MEMORY, "out of memory: the facts of a run");
	if (s == OK)
		s = go_on();
	if (s == OK)
		s = run_whole_commit(w, run);
	json_decref(header);
	json_decref(run);
	return s;
}

/* ---- the command ---- */

static status say(const struct swag_plan *p, const struct swag *swag)
{
	const char *out = opts_text(p->options, "out");
	const json_t *model = json_object_get(selection_header(p->chosen), "model");
	const char *kind = json_string_value(json_object_get(model, "kind"));
	if (opts_flag(p->options, "json"))
		return report_json(json_pack("{s:o, s:I, s:I, s:f, s:I, s:I, s:I, s:s, s:I}", "out", json_words(out), "draws",
		                             (json_int_t)p->draws, "rank", (json_int_t)p->rank, "scale", p->scale, "seed",
		                             (json_int_t)p->seed, "snapshots", (json_int_t)p->chosen->n, "files", (json_int_t)p->files,
		                             "dtype", snaps_dtype_name(p->dtype), "n_params", (json_int_t)swag->d));
	if (opts_flag(p->options, "quiet"))
		return report_end();
	report_bytes(out, stdout);
	printf(": %" PRIu64 " draw%s from %zu snapshot%s of %zu chain%s, rank %zu, scale %g; next: basin %s %s\n", p->draws,
	       p->draws == 1 ? "" : "s", p->chosen->n, p->chosen->n == 1 ? "" : "s", p->files, p->files == 1 ? "" : "s", p->rank, p->scale,
	       kind && strcmp(kind, "analytic") == 0 ? "info" : "predict", text_path(&(struct text){.n = 0}, out));
	return report_end();
}

/* The fit needs no more of the snapshots than one at a time; the tensors' table is that of the file that is open. */
static status make_run(const struct swag_plan *p, struct selection *chosen, struct run_whole *w)
{
	struct snaps_reader *r;
	struct swag swag;
	struct swag_stats bn = {.batch = 0};
	TRY(sources_reader(&chosen->sources, chosen->choice[0].source, &r));
	bool has_stats = snaps_stats(r)->count > 0;
	if (!has_stats)
		TRY(refuse_unused(p->options));
	TRY(swag_open(snaps_params(r)->count, p->rank, &swag));
	warn_of(p);
	status s = has_stats ? swag_stats_open(p->options, selection_header(chosen), &bn) : OK;
	if (s == OK)
		s = fit(chosen, &w->run.arena, &swag);
	if (s == OK)
		s = write_run(p, &swag, &bn, w);
	if (s == OK)
		s = say(p, &swag);
	swag_stats_close(&bn);
	swag_close(&swag);
	return s;
}

static status run_swag(const struct opts *o)
{
	struct selection chosen;
	struct swag_plan plan;
	struct run_whole w = {.run = {.lock = -1}};
	const char *out = opts_text(o, "out");
	if (!out || !*out)
		return fail(ERR_USAGE, "--out RUN must be given: the folder that is made for the draws");
	TRY(select_open_rather(o, "theta", &chosen));
	status s = check_data(&chosen);
	if (s == OK)
		s = take_plan(o, &chosen, &plan);
	stop_listen();
	if (s == OK)
		s = run_whole_begin(out, &w);
	if (s == OK)
		s = make_run(&plan, &chosen, &w);
	run_whole_close(&w);
	selection_close(&chosen);
	return s;
}

const struct command command_swag = {
	.name = "swag",
	.synopsis = "RUN|FILE.snaps… --out RUN [options]",
	.help = "fit a Gaussian to the snapshots of a run, and draw from it",
	.computes = true,
	.tables = tables,
	.run = run_swag,
};
