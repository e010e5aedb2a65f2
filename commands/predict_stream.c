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

/* Rows that are there, and the first time the names of the columns. */
static status predict_part(struct feed *s, const struct subject *subject, struct arena *a)
{
	struct predictions p;
	struct predict_csv t;
	struct figures figures;
	const bool first = !s->request.text->again;
	TRY(predictions_open(a, s->network, subject, s->chosen->n, SCORE_NOTHING, &p));
	p.rules = s->rules;
	if (subject->data.n)
		TRY(ensemble_run(s->chosen, s->network, &p, 1, NULL, NULL));
	TRY(predict_rows(s->o, &p, s->all.n + 1, a, &t));
	if (first)
		predict_csv_names(&t, s->out.to);
	predict_csv_rows(&t, s->out.to);
	/* What becomes of it is seen by who reads it now. */
	if (fflush(s->out.to) != 0)
		return fail(ERR_IO, "standard output can't be written");
	if (!subject->data.n)
		return OK;
	TRY(predict_figures_unlabelled(&p, a, &figures));
	add_figures(&s->all, &figures);
	return OK;
}

static status predict_text(struct feed *s)
{
	struct subject subject;
	struct arena a = {0};
	TRY(subject_open(s->network, &s->request, &subject));
	status st = predict_part(s, &subject, &a);
	subject_close(&subject);
	arena_free(&a);
	return st;
}

/* Whether so many rows of a text can be read. */
static bool is_good(const struct feed *s, const struct csv_text *text, size_t rows)
{
	const struct csv_text part = {.bytes = text->bytes, .size = text->size, .line = text->line, .separator = text->separator,
	                              .again = text->again, .rows = rows};
	struct subject_request request = s->request;
	struct subject subject;
	request.text = &part;
	const bool good = subject_open(s->network, &request, &subject) == OK;
	if (good)
		subject_close(&subject);
	return good;
}

/* Rows before the first that can't be read are predicted, and then that one is told of. A text has fewer rows than bytes. */
static status predict_before(struct feed *s, struct csv_text *text)
{
	size_t good = 0, bad = text->size;
	while (bad - good > 1) {
		const size_t middle = good + (bad - good) / 2;
		if (is_good(s, text, middle))
			good = middle;
		else
			bad = middle;
	}
	text->rows = good;
	if (good)
		TRY(predict_text(s));
	text->rows = bad;
	return predict_text(s);
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
	s->request.text = &text;
	for (;;) {
		TRY(csv_stream_next(&s->in, &text));
		if (!text.size)
			return OK;
		status st = predict_text(s);
		/* What is wrong with rows is known before any of them is written. */
		if (st == ERR_INPUT || st == ERR_USAGE)
			st = predict_before(s, &text);
		TRY(st);
	}
}

static status check_options(const struct opts *o, const struct subject_request *r)
{
	static const char *const whole[] = {"save-probs", "save-member-probs", "curve", NULL};
	for (const char *const *name = whole; *name; name++)
		if (opts_given(o, *name))
			return fail(ERR_USAGE, "--%s needs all rows, and from csv:- to --csv %s they are predicted as they come; name a file "
			            "for one of the two", *name, opts_text(o, "csv"));
	if (r->split >= 0)
		return fail(ERR_USAGE, "--split %s: all rows of standard input are predicted; leave it out", split_name((enum split)r->split));
	return OK;
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
	TRY(check_options(o, request));
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
