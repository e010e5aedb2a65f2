/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "commands/watch.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/words.h"

enum { SAID_MOST = 10 };
/* Below it a chain hardly moves, whatever its trajectories cost. */
#define ACCEPTANCE_LEAST 0.1

/* What is said for all chains of a kind beyond those that are told one by one. */
static const char *const more[WATCH_KINDS] = {
	[WATCH_RESUMED] = "more chains are resumed", [WATCH_BUSY] = "more chains are left to others",
	[WATCH_BROKEN] = "more chains can't go on", [WATCH_STOPPED] = "more chains stop before their end",
	[WATCH_POOR] = "more chains end with such a loss", [WATCH_STILL] = "more chains hardly accept anything",
};

/* ---- what chains post ---- */

/* A line comes once in many steps: only then is anybody else waited for. */
static void post_line(struct watch *w, int k, const struct log_line *line)
{
	pthread_mutex_lock(&w->lock);
	w->loss[k] = line->nll;
	w->chains.line = *line;
	pthread_mutex_unlock(&w->lock);
}

/* What --quiet hides; of many chains the first few are named. */
__attribute__((format(printf, 3, 4))) static void post_warning(struct watch *w, enum watch_kind kind, const char *format, ...)
{
	char text[400];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	pthread_mutex_lock(&w->lock);
	progress_end(&w->progress);
	int before = w->said[kind]++;
	if (before <= SAID_MOST)
		warning("%s", before < SAID_MOST ? text : more[kind]);
	pthread_mutex_unlock(&w->lock);
}

static void post_acceptance(struct watch *w, int k, double acceptance)
{
	if (acceptance < ACCEPTANCE_LEAST)
		post_warning(w, WATCH_STILL, "chain %d ends with an acceptance of %.2g: it hardly moves, and its draws are worth little; take a "
		             "smaller --lr, or a longer --burn-in, which adapts it", k, acceptance);
}

static void post_step(void *context, int k, uint64_t step, const struct log_line *line)
{
	struct watch_post *post = context;
	struct watch *w = post->watch;
	/* Nobody else writes it. */
	atomic_store_explicit(&post->steps, atomic_load_explicit(&post->steps, memory_order_relaxed) + 1, memory_order_relaxed);
	if (line->step != step)
		return;
	post_line(w, k, line);
	if (step == w->chain_steps && w->acceptance >= 0)
		post_acceptance(w, k, line->report[w->acceptance]);
}

/* The step sizes, the temperature and the data are what such a chain mostly owes it to. */
static void post_end(void *context, int k, double nll)
{
	struct watch *w = ((struct watch_post *)context)->watch;
	const char *against = guess_against(&w->guess, nll);
	if (!against)
		return;
	post_warning(w, WATCH_POOR, "chain %d ends with a loss of %s nats per example in its last epoch, %s guessing: %s give %s; look at "
	             "--lr, --temperature and the data", k, words_number(nll).at, against, w->likelihood->guessed,
	             words_number(w->guess.loss).at);
}

/* An error, not a warning: --quiet does not hide it. */
static void post_stop(void *context, int k, status why)
{
	(void)k;
	watch_say(((struct watch_post *)context)->watch, WATCH_STOPPED, "%s", fail_words(why, "--"));
}

struct chain_watch watch_calls(struct watch_post *post)
{
	return (struct chain_watch){.context = post, .stepped = post_step, .stopped = post_stop, .ended = post_end};
}

/* ---- what is shown ---- */

void watch_say(struct watch *w, enum watch_kind kind, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	pthread_mutex_lock(&w->lock);
	progress_end(&w->progress);
	int before = w->said[kind]++;
	if (before < SAID_MOST || !more[kind]) {
		fputs("basin: ", stderr);
		vfprintf(stderr, format, args);
		fputc('\n', stderr);
	} else if (before == SAID_MOST) {
		fprintf(stderr, "basin: %s\n", more[kind]);
	}
	pthread_mutex_unlock(&w->lock);
	va_end(args);
}

void watch_chain_end(struct watch *w, int k, enum watch_end how, uint64_t left)
{
	pthread_mutex_lock(&w->lock);
	w->chains.done += how == WATCH_DONE;
	w->chains.failed += how == WATCH_FAILED;
	w->chains.elsewhere += how == WATCH_ELSEWHERE;
	if (how != WATCH_DONE)
		w->loss[k] = (double)NAN;
	w->progress.total -= left < w->progress.total ? left : w->progress.total;
	pthread_mutex_unlock(&w->lock);
}

void watch_chain_skip(struct watch *w, int k, enum watch_end how)
{
	watch_chain_end(w, k, how, w->known[k] < w->chain_steps ? w->chain_steps - w->known[k] : 0);
}

void watch_show(struct watch *w)
{
	struct progress_chains *c = &w->chains;
	int known = 0;
	double sum = 0;
	c->worst = -(double)INFINITY;
	for (int k = 0; k < w->n_loss; k++) {
		if (!isfinite(w->loss[k]))
			continue;
		known++;
		sum += w->loss[k];
		c->worst = w->loss[k] > c->worst ? w->loss[k] : c->worst;
	}
	c->mean = known ? sum / known : (double)NAN;
	w->progress.done = w->progress.first;
	for (int i = 0; i < w->posts; i++)
		w->progress.done += atomic_load_explicit(&w->post[i].steps, memory_order_relaxed);
	progress_show(&w->progress, c);
}

/* ---- opening ---- */

status watch_open(struct watch *w, const struct problem *p, const struct opts *o, int taken, const uint64_t *done, int posts)
{
	uint64_t all = 0;
	*w = (struct watch){.likelihood = p->likelihood, .guess = {(double)NAN, 0}, .chains.n = taken, .quiet = opts_flag(o, "quiet"),
	                    .chain_steps = p->plan.schedule.total, .known = done,
	                    .acceptance = sampler_reported(p->plan.state.sampler, "acceptance"), .lock = PTHREAD_MUTEX_INITIALIZER};
	if (p->has_data) {
		struct targets targets = dataset_targets(&p->data);
		targets.class_weight = p->class_weight;
		TRY(likelihood_guess(p->likelihood, &targets, p->noise_sd, &w->guess));
	}
	w->n_loss = p->plan.chains;
	w->loss = malloc((size_t)w->n_loss * sizeof *w->loss);
	w->post = aligned_alloc(_Alignof(struct watch_post), (size_t)posts * sizeof *w->post);
	if (!w->loss || !w->post)
		return fail(ERR_MEMORY, "out of memory: the progress of %d chains", w->n_loss);
	for (int k = 0; k < w->n_loss; k++) {
		w->loss[k] = (double)NAN;
		all += done[k];
	}
	for (w->posts = 0; w->posts < posts; w->posts++)
		w->post[w->posts] = (struct watch_post){.watch = w};
	progress_start(&w->progress, opts_flag(o, "quiet"), opts_flag(o, "progress"), all,
	               w->chain_steps * (uint64_t)taken);
	return OK;
}

void watch_close(struct watch *w)
{
	progress_end(&w->progress);
	free(w->loss);
	free(w->post);
	w->loss = NULL;
	w->post = NULL;
}
