/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "commands/convergence.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "commands/report.h"
#include "commands/select.h"
#include "predict/members.h"
#include "predict/mixing.h"
#include "predict/panel.h"
#include "src/json_build.h"

static const char *const fate_words[] = {
	[MEMBER_GUESSES] = "no better than guessing",
	[MEMBER_FAR] = "far from the others",
};

/* Draws of a varying step size are of distributions that vary with it; of several runs any one's does. */
static bool step_size_varies(const struct selection *s)
{
	for (size_t i = 0; i < s->n; i++) {
		const json_t *sampler = json_object_get(s->sources.source[s->choice[i].source].header, "sampler");
		const char *schedule = json_string_value(json_object_get(sampler, "schedule"));
		if (schedule && strcmp(schedule, "constant") != 0)
			return true;
	}
	return false;
}

/* ---- for programs ---- */

static json_t *dead_of(const struct selection *s, const struct predictions *p, const struct member_draws *d,
                       const enum member_fate *fate)
{
	json_t *dead = json_array();
	for (size_t i = 0; i < s->n; i++) {
		if (fate[i] == MEMBER_LIVES)
			continue;
		json_t *member = select_member(s, i);
		report_number(&member, p->how->guessed, d->figure[i]);
		json_put(&member, "why", json_string(fate_words[fate[i]]));
		json_add(&dead, member);
	}
	return dead;
}

static json_t *object_of(const struct mixing *m, const struct selection *s, json_t *dead)
{
	json_t *object = json_object();
	json_put(&object, "chains", json_integer(m->chains));
	json_put(&object, "draws", json_integer((json_int_t)m->draws));
	json_put(&object, "chains_left_out", json_integer((json_int_t)m->left_out));
	report_number(&object, "rhat", m->rhat);
	report_number(&object, "ess_bulk", m->ess_bulk);
	report_number(&object, "ess_tail", m->ess_tail);
	json_put(&object, "step_size_varies", json_boolean(step_size_varies(s)));
	json_put(&object, "dead", dead);
	return object;
}

/* ---- for people ---- */

/* Dead members of one file, and why the first of them is. */
struct file_dead {
	size_t n, chosen;
	uint64_t first, last;     /* steps */
	enum member_fate fate;
};

/* Of the file of choice `first`; returns the choice behind its last. */
static size_t count_file(const struct selection *s, const enum member_fate *fate, size_t first, struct file_dead *f)
{
	size_t i = first;
	*f = (struct file_dead){.n = 0};
	for (; i < s->n && s->choice[i].source == s->choice[first].source; i++) {
		f->chosen++;
		if (fate[i] == MEMBER_LIVES)
			continue;
		if (f->n++ == 0) {
			f->first = s->choice[i].step;
			f->fate = fate[i];
		}
		f->last = s->choice[i].step;
	}
	return i;
}

static void say_file(const struct selection *s, size_t choice, const struct file_dead *f, FILE *to)
{
	const struct source *source = &s->sources.source[s->choice[choice].source];
	if (s->sources.paths == 1 && source->numbered)
		fprintf(to, "chain %lld", (long long)source->chain);
	else
		report_words(source->path, to);
	fprintf(to, f->first < f->last ? " at steps %llu to %llu" : " at step %llu", (unsigned long long)f->first,
	        (unsigned long long)f->last);
	fprintf(to, " (%zu of %zu, %s)", f->n, f->chosen, fate_words[f->fate]);
}

static void say_dead(const struct selection *s, const enum member_fate *fate, FILE *to)
{
	enum { NAMED_MOST = 4 };
	struct file_dead f;
	size_t told = 0, more = 0;
	for (size_t i = 0, end; i < s->n; i = end) {
		end = count_file(s, fate, i, &f);
		if (f.n && told < NAMED_MOST) {
			fputs(told++ ? ", " : "; dead: ", to);
			say_file(s, i, &f, to);
		} else {
			more += f.n;
		}
	}
	if (more)
		fprintf(to, " and %zu more", more);
}

static void say_mixing(const struct mixing *m, FILE *to)
{
	const char *of = m->chains == 1 ? "of a chain" : "a chain";
	const double least = fmin(m->ess_bulk, m->ess_tail);
	if (!m->judged) {
		fprintf(to, "not judged, %zu draw%s %s: at least %d are needed", m->draws, m->draws == 1 ? "" : "s", of, PANEL_JUDGED);
		return;
	}
	if (isnan(m->rhat)) {
		fputs(m->chains == 1 ? "the chain never moves" : "the chains never move", to);
	} else {
		fprintf(to, isinf(m->rhat) ? "worst R̂ infinite" : "worst R̂ %.3f", m->rhat);
		fputs(" (up to 1.01 where chains agree)", to);
	}
	fprintf(to, ", smallest ESS %.*f of %zu draws", least < 10 ? 1 : 0, least, (size_t)m->chains * m->draws);
	if (m->left_out)
		fprintf(to, ", %zu shorter chain%s left out", m->left_out, m->left_out == 1 ? "" : "s");
}

static json_t *sentence_of(const struct mixing *m, const struct selection *s, const enum member_fate *fate)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	if (!to)
		return NULL;
	say_mixing(m, to);
	if (m->judged && step_size_varies(s))
		fputs(", while the step size varies", to);
	say_dead(s, fate, to);
	json_t *words = fclose(to) == 0 && text ? json_words(text) : NULL;
	free(text);
	return words;
}

/* ---- both ---- */

static status judge(const struct opts *o, const struct selection *s, const struct predictions *p, const struct member_draws *d,
                    enum member_fate *fate, json_t **into)
{
	const double loss = p->how->guess(p);
	struct mixing m;
	TRY(members_judge_roles(d->figure, s, &(struct guess){loss, loss}, fate));
	TRY(mixing_judge(d, s, &m));
	const bool programs = opts_flag(o, "json");
	json_put(into, "convergence", programs ? object_of(&m, s, dead_of(s, p, d, fate)) : sentence_of(&m, s, fate));
	return OK;
}

status report_convergence(const struct opts *o, const struct selection *s, const struct predictions *p, const struct member_draws *d,
                          json_t **into)
{
	if (!d || s->n < 2) {
		json_put(into, "convergence", json_null());
		return OK;
	}
	enum member_fate *fate = malloc(s->n * sizeof *fate);
	if (!fate)
		return fail(ERR_MEMORY, "out of memory: %zu members", s->n);
	status st = judge(o, s, p, d, fate, into);
	free(fate);
	return st;
}
