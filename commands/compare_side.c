/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "commands/compare_side.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "commands/network.h"
#include "commands/report.h"
#include "commands/select.h"
#include "predict/guess.h"
#include "src/data/fingerprint.h"
#include "src/json_build.h"
#include "src/likelihood.h"

/* ---- opening ---- */

static bool is_array(const char *path)
{
	const size_t n = strlen(path);
	return n > 4 && strcmp(path + n - 4, ".npy") == 0;
}

static status open_stored(const char *path, struct arena *a, struct side *s)
{
	s->stored = true;
	TRY(stored_open(a, path, &s->file));
	s->mixture = &s->file.mixture;
	s->n = s->mixture->n;
	s->members = s->file.members;
	return OK;
}

/* Their predictions have to be scored too: by differences that are paired. */
static status check_subject(const struct opts *o, const struct side *s)
{
	status fits = predictive_of(s->network.likelihood)->check(&s->network, &s->subject.data);
	return opts_text(o, "data") ? report_option(fits, "data") : fits;
}

static status open_subject(const struct opts *o, struct side *s)
{
	const struct subject_request request = {
		.spec = opts_text(o, "data"), .option = "--data", .split = opts_choice(o, "split"),
		.header = (enum header)(opts_choice(o, "header") + 1),
		.decimal = opts_choice(o, "decimal") + 1, .unknown = opts_choice(o, "unknown") + 1,
		.batch = opts_given(o, "batch") ? (int)opts_count(o, "batch") : 0,
	};
	TRY(subject_open(&s->network, &request, &s->subject));
	s->n = s->subject.data.n;
	return check_subject(o, s);
}

static status open_predictions(struct side *s, struct arena *a)
{
	struct predictions *p = &s->predictions;
	TRY(predictions_open(a, &s->network, &s->subject, s->members, SCORE_ALL, p));
	if (!p->mixture.c)
		return OK;
	s->mixture = &p->mixture;
	if (p->mixture.n > SIZE_MAX / (size_t)p->mixture.c / s->members)
		return fail(ERR_MEMORY, "out of memory: %zu members' probabilities for %zu examples", s->members, p->mixture.n);
	return ARENA_NEW(a, s->members * p->mixture.n * (size_t)p->mixture.c, &p->kept);
}

static status open_run(const struct opts *o, const char *path, const struct side *beside, struct arena *a, struct side *s)
{
	TRY(select_paths(o, &path, 1, &s->chosen));
	s->members = s->chosen.n;
	TRY(network_open_by(o, &s->chosen, beside && beside->network.device ? &beside->network : NULL, &s->network));
	const status opened = open_subject(o, s);
	/* A set that --data names is not the run's. */
	if (opened == ERR_USAGE || (opened == ERR_INPUT && !opts_text(o, "data")))
		return fail_within(opened, "%s: ", path);
	TRY(opened);
	return open_predictions(s, a);
}

/* Members come in the order of their chains. */
static void count_chains(struct side *s)
{
	const struct choice *c = s->chosen.choice;
	for (size_t i = 0; i < s->chosen.n; i++)
		s->chains += i == 0 || c[i].source != c[i - 1].source;
	size_t chain = 0;
	for (size_t i = 0; s->chains > 1 && i < s->chosen.n; i++) {
		chain += i > 0 && c[i].source != c[i - 1].source;
		s->half += chain < (s->chains + 1) / 2;
	}
}

status side_open(const struct opts *o, const char *path, const struct side *beside, struct arena *a, struct side *out)
{
	*out = (struct side){.path = path};
	TRY(is_array(path) ? open_stored(path, a, out) : open_run(o, path, beside, a, out));
	count_chains(out);
	if (out->chains < 2 && out->members > 1)
		out->half = (out->members + 1) / 2;
	return OK;
}

void side_close(struct side *s)
{
	subject_close(&s->subject);
	network_close(&s->network);
	selection_close(&s->chosen);
}

/* ---- whether two belong together ---- */

static status check_examples(const struct side *a, const struct side *b)
{
	const struct dataset *x = &a->subject.data, *y = &b->subject.data;
	if (a->n != b->n)
		return fail(ERR_USAGE, "%s predicts %zu examples and %s %zu; both have to be of the same ones, which {split} or {data} can name",
		            a->path, a->n, b->path, b->n);
	if (a->stored || b->stored || subject_same_examples(&a->subject, &b->subject))
		return OK;
	return fail(ERR_USAGE, "%s predicts %s (%s, fingerprint %s) and %s predicts %s (%s, %s), which are other examples; {data} names a "
	            "set for both", a->path, x->spec, split_name(x->split), fingerprint_text(x->fingerprint).at, b->path, y->spec,
	            split_name(y->split), fingerprint_text(y->fingerprint).at);
}

static int targets_of(const struct side *s)
{
	return likelihood_targets(s->network.likelihood, s->network.model.outputs);
}

status side_check(const struct side *a, const struct side *b)
{
	if (!a->mixture != !b->mixture)
		return fail(ERR_USAGE, "%s predicts classes and %s real targets: there is no distance between them",
		            a->mixture ? a->path : b->path, a->mixture ? b->path : a->path);
	if (a->mixture && a->mixture->c != b->mixture->c)
		return fail(ERR_USAGE, "%s predicts %d classes and %s %d; both have to be of the same ones", a->path, a->mixture->c, b->path,
		            b->mixture->c);
	if (!a->mixture && targets_of(a) != targets_of(b))
		return fail(ERR_USAGE, "%s predicts %d targets and %s %d; both have to be of the same ones", a->path, targets_of(a), b->path,
		            targets_of(b));
	return check_examples(a, b);
}

/* ---- predictions ---- */

static status predict_stored(struct side *s, struct arena *a)
{
	float *members;
	TRY(stored_fill(&s->file, a, NULL));
	TRY(stored_members(&s->file, a, &members));
	return votes_of(s->mixture, members, a, &s->votes);
}

status side_predict(const struct opts *o, struct side *s, struct arena *a)
{
	if (s->stored)
		return predict_stored(s, a);
	TRY(network_predict(o, &s->chosen, &s->network, &s->predictions, 1));
	if (s->mixture)
		return votes_of(s->mixture, s->predictions.kept, a, &s->votes);
	s->real = predictions_regression(&s->predictions);
	return OK;
}

status side_score(struct side *s, const int32_t *label, struct arena *a)
{
	if (!s->stored) {
		TRY(s->predictions.how->score(&s->predictions, &s->figures));
		guess_warn(&s->predictions, &s->chosen, &s->figures);
		return OK;
	}
	if (!label)
		return OK;
	status fits = mixture_label(a, s->mixture, label);
	if (fits != OK)
		return fail_within(fits, "%s: ", s->path);
	return predictive_score_classes(s->mixture, true, &s->figures);
}

/* ---- reports ---- */

json_t *side_facts(const struct side *s)
{
	json_t *facts = json_object();
	json_put(&facts, "ensemble", json_words(s->path));
	if (s->figures.count)
		report_figures(&facts, &s->figures);
	json_put(&facts, "n", json_integer((json_int_t)s->n));
	json_put(&facts, "snapshots", json_integer((json_int_t)s->members));
	json_put(&facts, "chains", s->stored ? json_null() : json_integer((json_int_t)s->chains));
	report_facts(&facts, s->stored ? NULL : selection_header(&s->chosen));
	if (s->stored)
		json_put(&facts, "roles", json_array());
	else
		select_report(&s->chosen, &facts);
	return facts;
}

json_t *side_words(const struct side *s)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	if (!to)
		return NULL;
	fprintf(to, "%s: %zu snapshot%s", s->path, s->members, s->members == 1 ? "" : "s");
	if (s->chains > 1)
		fprintf(to, " of %zu chains", s->chains);
	for (int i = 0; i < s->figures.count; i++) {
		const struct figure *f = &s->figures.at[i];
		const bool shown = strcmp(f->name, "accuracy") == 0 || strcmp(f->name, "nll") == 0 || strcmp(f->name, "rmse") == 0;
		if (shown && isfinite(f->value))
			fprintf(to, ", %s = %.5g", f->name, f->value);
	}
	const bool good = fclose(to) == 0 && text;
	json_t *words = good ? json_words(text) : NULL;
	free(text);
	return words;
}
