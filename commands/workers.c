/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "commands/workers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "commands/problem_device.h"
#include "src/memory.h"

/* What the workers of a process share; its lock is the watch's. */
struct crew {
	struct problem *problem;
	const struct share *share;
	struct watch *watch;
	json_t *choices;
	bool resumed;
	int chains;                    /* that the share has */
	int next;                      /* chain of the run that is handed out next */
	bool over;                     /* all workers have ended, */
	pthread_cond_t ended;          /* which is told by this */
	pthread_mutex_t opening;       /* devices and potentials are opened one after another */
	struct workers_result result;
};

struct worker {
	struct crew *crew;
	struct watch_post *post;
	pthread_t thread;
	bool threaded;
	int number;                    /* 0 is the thread that opened the problem, and has its device and potential */
	struct device *device;
	struct potential *potential;
};

int workers_choose(const struct problem *p, const struct opts *o, const struct launcher *l, int chains)
{
	int most = chains > 0 ? chains : 1;
	if (opts_given(o, "workers"))
		return opts_count(o, "workers") < most ? (int)opts_count(o, "workers") : most;
	if (strcmp(p->device->ops->name, "cpu") != 0 || !p->threads)
		return 1;
	/* What the first worker has taken already is no longer available, and would be free without it. */
	size_t own = device_held(p->device), each = own + chain_bytes(&p->plan), room = memory_available() / 2 + own / 2;
	int side_by_side = launcher_processors(l) / p->threads;
	most = side_by_side < most ? side_by_side : most;
	if (each && room / each < (size_t)most)
		most = (int)(room / each);
	return most > 1 ? most : 1;
}

/* ---- one chain ---- */

/* The next chain of the share, or −1: there is none, or a stop was asked for. */
static int crew_next(struct crew *c)
{
	const struct chain_plan *plan = &c->problem->plan;
	int k = -1;
	pthread_mutex_lock(&c->watch->lock);
	while (c->next < plan->chains && !share_has(c->share, c->next))
		c->next++;
	if (c->next < plan->chains && !atomic_load(plan->stop))
		k = c->next++;
	pthread_mutex_unlock(&c->watch->lock);
	return k;
}

/* Keeps the first of these messages; an error counts before a chain that is somebody else's. */
static void crew_note(struct crew *c, status s)
{
	struct workers_result *r = &c->result;
	if (r->why != OK && (r->why != ERR_BUSY || s == ERR_BUSY))
		return;
	free(r->words);
	r->why = s;
	r->words = fail_copy();
}

/* Of a chain that can't be run, or not further; s: why. */
static void crew_broken(struct crew *c, status s)
{
	bool busy = s == ERR_BUSY;
	pthread_mutex_lock(&c->watch->lock);
	crew_note(c, s);
	c->result.busy += busy;
	c->result.broken += !busy;
	pthread_mutex_unlock(&c->watch->lock);
	if (c->chains > 1)
		watch_say(c->watch, busy ? WATCH_BUSY : WATCH_BROKEN, "%s%s", fail_words(s, "--"), busy ? "; it is left to that" : "");
}

/* What has become of a chain that was opened and run. */
static void crew_account(struct crew *c, const struct chain *chain, int k, bool fresh, status s)
{
	struct workers_result *r = &c->result;
	uint64_t step = chain_step(chain), left = c->problem->plan.schedule.total - step;
	bool failed = chain_phase(chain) == CHAIN_FAILED;
	if (s != OK && s != ERR_INTERRUPTED) {
		watch_chain_end(c->watch, k, WATCH_FAILED, left);
		crew_broken(c, fail_within(s, "chain %d after step %llu: ", k, (unsigned long long)step));
		return;
	}
	pthread_mutex_lock(&c->watch->lock);
	r->stopped += s == ERR_INTERRUPTED;
	r->step = s == ERR_INTERRUPTED ? step : r->step;
	r->failed += failed;
	r->done += fresh && chain_phase(chain) == CHAIN_DONE;
	r->already_done += !fresh && !failed;
	pthread_mutex_unlock(&c->watch->lock);
	if (s == OK)
		watch_chain_end(c->watch, k, failed ? WATCH_FAILED : WATCH_DONE, left);
}

static void worker_chain(struct worker *w, const struct chain_plan *plan, int k)
{
	struct crew *c = w->crew;
	struct chain *chain;
	if (chain_finished(plan, k)) {
		pthread_mutex_lock(&c->watch->lock);
		c->result.already_done++;
		pthread_mutex_unlock(&c->watch->lock);
		watch_chain_skip(c->watch, k, WATCH_DONE);
		return;
	}
	status s = chain_open(plan, k, &chain);
	if (s != OK) {
		watch_chain_skip(c->watch, k, s == ERR_BUSY ? WATCH_ELSEWHERE : WATCH_FAILED);
		crew_broken(c, s == ERR_BUSY ? s : fail_within(s, "chain %d: ", k));
		return;
	}
	uint64_t from = chain_step(chain);
	bool fresh = chain_phase(chain) == CHAIN_RUNNING;
	if (c->resumed && fresh && from && !c->watch->quiet)
		watch_say(c->watch, WATCH_RESUMED, "chain %d resumed at step %llu", k, (unsigned long long)from);
	s = chain_run(chain);
	crew_account(c, chain, k, fresh, s);
	chain_close(chain);
}

/* ---- one worker ---- */

static status worker_open(struct worker *w)
{
	struct crew *c = w->crew;
	if (w->number == 0) {
		w->device = c->problem->device;
		w->potential = c->problem->potential;
		return OK;
	}
	pthread_mutex_lock(&c->opening);
	status s = problem_twin(c->problem, c->choices, &w->device, &w->potential);
	pthread_mutex_unlock(&c->opening);
	return s;
}

/* The others take its chains. */
static void worker_lacks(const struct worker *w, const char *why)
{
	watch_say(w->crew->watch, WATCH_WORKER, "worker %d can't begin, and the others go on without it: %s", w->number, why);
}

static void worker_close(struct worker *w)
{
	if (w->number == 0)
		return;
	potential_close(w->potential);
	w->device->ops->close(w->device);
}

static void *worker_main(void *context)
{
	struct worker *w = context;
	struct crew *c = w->crew;
	status s = worker_open(w);
	if (s == OK) {
		struct chain_plan plan = c->problem->plan;
		const struct chain_watch calls = watch_calls(w->post);
		plan.state.potential = w->potential;
		plan.watch = &calls;
		for (int k; (k = crew_next(c)) >= 0;)
			worker_chain(w, &plan, k);
		worker_close(w);
	} else {
		worker_lacks(w, fail_words(s, "--"));
	}
	return NULL;
}

/* ---- all of them ---- */

/* The thread that shows progress until the workers have ended. */
static void *show_main(void *context)
{
	struct crew *c = context;
	struct watch *w = c->watch;
	long long interval = (long long)(progress_interval(&w->progress) * 1e9);
	struct timespec due;
	clock_gettime(CLOCK_MONOTONIC, &due);
	pthread_mutex_lock(&w->lock);
	while (!c->over) {
		long long next = due.tv_nsec + interval;
		const struct timespec until = {.tv_sec = due.tv_sec + next / 1000000000, .tv_nsec = next % 1000000000};
		if (pthread_cond_timedwait(&c->ended, &w->lock, &until) != ETIMEDOUT)
			continue;
		due = until;
		watch_show(w);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

/* Chains that were not handed out. */
static int crew_left(const struct crew *c)
{
	int n = 0;
	for (int k = c->next; k < c->problem->plan.chains; k++)
		n += share_has(c->share, k);
	return n;
}

static void crew_run(struct crew *c, struct worker *worker, int workers)
{
	pthread_t shower;
	bool shows = progress_interval(&c->watch->progress) > 0 && pthread_create(&shower, NULL, show_main, c) == 0;
	worker[0] = (struct worker){.crew = c, .post = &c->watch->post[0]};
	for (int i = 1; i < workers; i++) {
		worker[i] = (struct worker){.crew = c, .post = &c->watch->post[i], .number = i};
		int error = pthread_create(&worker[i].thread, NULL, worker_main, &worker[i]);
		worker[i].threaded = !error;
		if (error)
			worker_lacks(&worker[i], strerror(error));
	}
	worker_main(&worker[0]);
	for (int i = 1; i < workers; i++)
		if (worker[i].threaded)
			pthread_join(worker[i].thread, NULL);
	if (!shows)
		return;
	pthread_mutex_lock(&c->watch->lock);
	c->over = true;
	pthread_cond_signal(&c->ended);
	pthread_mutex_unlock(&c->watch->lock);
	pthread_join(shower, NULL);
}

status workers_run(struct problem *p, const struct share *share, struct watch *watch, int workers, bool resumed,
                   struct workers_result *out)
{
	struct crew c = {.problem = p, .share = share, .watch = watch, .resumed = resumed, .opening = PTHREAD_MUTEX_INITIALIZER,
	                 .chains = share_count(share, p->plan.chains)};
	struct worker *worker = calloc((size_t)workers, sizeof *worker);
	pthread_condattr_t monotonic;
	*out = (struct workers_result){.why = OK};
	c.choices = problem_choices(p);
	if (!worker || !c.choices) {
		free(worker);
		json_decref(c.choices);
		return fail(ERR_MEMORY, "out of memory: %d workers", workers);
	}
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&c.ended, &monotonic);
	crew_run(&c, worker, workers);
	pthread_cond_destroy(&c.ended);
	pthread_condattr_destroy(&monotonic);
	c.result.stopped += crew_left(&c);
	*out = c.result;
	json_decref(c.choices);
	free(worker);
	return OK;
}
