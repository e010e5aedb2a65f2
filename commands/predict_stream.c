/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* basin predict --data csv:- --csv -: rows come and their predictions go, as long as another program has any. */
#include <unistd.h>

#include "commands/output.h"
#include "commands/predict.h"
#include "predict/ensemble.h"
#include "src/data/csv_stream.h"
#include "src/json_build.h"

enum { KEPT_MOST = 256 << 20 };   /* bytes of snapshots that stay in memory from one part to the next; of more, none does */

struct feed {
	const struct opts *o;
	struct selection *chosen;
	struct network *network;
	struct subject_request request;
	struct csv_stream in;
	struct output_file out;
	const struct decisions *rules;
	struct figures all;      /* sums over the rows */
};

static void add_figures(struct figures *all, const struct figures *more)
{
	all->n += more->n;
	all->count = more->count;
	for (int i = 0; i < more->count; i++) {
		all->at[i].name = more->at[i].name;
		all->at[i].value += more->at[i].value * (double)more->n;
	}
}

/* Rows of a text with what is predicted of them. It stays where it is while it is open. */
struct part {
	struct arena arena;
	struct subject subject;
	struct predictions p;
	struct predict_csv t;
	struct figures figures;  /* of no rows where there are none */
};

static void part_close(struct part *part)
{
	subject_close(&part->subject);
	arena_free(&part->arena);
}

static status part_predict(struct feed *s, struct part *part)
{
	TRY(predictions_open(&part->arena, s->network, &part->subject, s->chosen->n, SCORE_NOTHING, &part->p));
	part->p.rules = s->rules;
	if (part->subject.data.n)
		TRY(ensemble_run(s->chosen, s->network, &part->p, 1, NULL, NULL));
	TRY(predict_rows(s->o, &part->p, s->all.n + 1, &part->arena, &part->t));
	return part->subject.data.n ? predict_figures_unlabelled(&part->p, &part->arena, &part->figures) : OK;
}

/* So many rows of a text, or all where rows is 0; without `predict` they are read alone. On failure it is closed. */
static status part_open(struct feed *s, const struct csv_text *text, size_t rows, bool predict, struct part *out)
{
	struct csv_text some = *text;
	struct subject_request request = s->request;
	*out = (struct part){.figures = {.n = 0}};
	some.rows = rows;
	request.text = &some;
	TRY(subject_open(s->network, &request, &out->subject));
	status st = predict ? part_predict(s, out) : OK;
	if (st != OK)
		part_close(out);
	return st;
}

/* The first time also the names of the columns. */
static status predict_part(struct feed *s, const struct csv_text *text, size_t rows)
{
	struct part part;
	TRY(part_open(s, text, rows, true, &part));
	if (!text->again)
		predict_csv_names(&part.t, s->out.to);
	predict_csv_rows(&part.t, s->out.to);
	if (part.figures.n)
		add_figures(&s->all, &part.figures);
	part_close(&part);
	/* What becomes of it is seen by who reads it now. */
	return fflush(s->out.to) == 0 ? OK : fail(ERR_IO, "standard output can't be written");
}

/* Whether a text has so many rows that can be read or, with `predict`, predicted. */
static bool has_good(struct feed *s, const struct csv_text *text, size_t rows, bool predict)
{
	struct part part;
	if (part_open(s, text, rows, predict, &part) != OK)
		return false;
	const bool has = part.subject.data.n == rows;
	part_close(&part);
	return has;
}

/* How many rows at its beginning are good, where `bad` of them are not, or there are fewer. */
static size_t count_good(struct feed *s, const struct csv_text *text, size_t bad, bool predict)
{
	size_t good = 0;
	while (bad - good > 1) {
		const size_t middle = good + (bad - good) / 2;
		if (has_good(s, text, middle, predict))
			good = middle;
		else
			bad = middle;
	}
	return good;
}

/* Rows before the first that can't be read, or whose outputs are not finite, are predicted, and then that one is told of. Which it is
 * takes some predictions of rows that are read. A text has fewer rows than bytes. */
static status predict_before(struct feed *s, const struct csv_text *text)
{
	struct csv_text told = *text;
	told.told = true;
	size_t good = count_good(s, &told, text->size, false);
	if (good && !has_good(s, &told, good, true))
		good = count_good(s, &told, good, true);
	if (good)
		TRY(predict_part(s, &told, good));
	return predict_part(s, &told, good + 1);
}

static status keep_snapshots(struct selection *chosen, const struct model *m)
{
	const size_t each = (m->params.count + m->stats.count) * sizeof(float);
	return each <= KEPT_MOST / chosen->n ? selection_keep(chosen) : OK;
}

static status predict_all(struct feed *s)
{
	struct csv_text text;
	TRY(keep_snapshots(s->chosen, &s->network->model));
	for (;;) {
		TRY(csv_stream_next(&s->in, &text));
		if (!text.size)
			return OK;
		status st = predict_part(s, &text, 0);
		/* What is wrong with rows is known before any of them is written. */
		if (st == ERR_INPUT || st == ERR_USAGE)
			st = predict_before(s, &text);
		TRY(st);
	}
}

static status check_options(const struct opts *o, const struct network *n, const struct subject_request *r)
{
	static const char *const whole[] = {"save-probs", "save-member-probs", "curve", NULL}, *const labels[] = {"scores", "ensemble", NULL};
	for (const char *const *name = whole; *name; name++)
		if (opts_given(o, *name))
			return fail(ERR_USAGE, "--%s needs all rows, and from csv:- to --csv %s they are predicted as they come; name a file "
			            "for one of the two", *name, opts_text(o, "csv"));
	for (const char *const *name = labels; *name; name++)
		if (opts_given(o, *name))
			return fail(ERR_USAGE, "--%s needs labels, and those of rows from csv:- to --csv %s are not read; name a file for one of the two",
			            *name, opts_text(o, "csv"));
	if (r->split >= 0)
		return fail(ERR_USAGE, "--split %s: all rows of standard input are predicted; leave it out", split_name((enum split)r->split));
	return predict_check_level(o, n);
}

status predict_stream(const struct opts *o, struct selection *chosen, struct network *n, const struct subject_request *request,
                      json_t **figures)
{
	static const char *const option = "csv";
	struct feed s = {.o = o, .chosen = chosen, .network = n, .request = *request, .all = {.members = chosen->n}};
	/* Labels among the rows are nobody's to judge. */
	s.request.need = NEED_FOREIGN;
	s.request.empty = true;
	struct arena a = {0};
	TRY(check_options(o, n, request));
	TRY(predict_rules_open(o, n, chosen, NULL, &a, &s.rules));
	TRY(outputs_open(o, &a, &option, 1, &s.out));
	csv_stream_begin(&s.in, STDIN_FILENO);
	status st = outputs_close(&s.out, 1, predict_all(&s));
	csv_stream_end(&s.in);
	arena_free(&a);
	for (int i = 0; i < s.all.count; i++)
		s.all.at[i].value /= (double)s.all.n;
	predict_report_unlabelled(o, &s.all, 0, figures);
	json_put(figures, "labels", json_string("not read: rows that come through a pipe are not scored"));
	json_put(figures, "data", json_string("csv:" CSV_PIPE));
	return st;
}
