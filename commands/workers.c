/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "commands/workers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "commands/problem_device.h"
#include "commands/rounds.h"

/* What the workers of a process share. */
struct team {
	struct crew crew;
	bool over;                     /* all workers have ended, */
	pthread_cond_t ended;          /* which is told by this, under the watch's lock */
	pthread_mutex_t opening;       /* devices and potentials are opened one after another */
};

struct worker {
	struct team *team;
	struct watch_post *post;
	pthread_t thread;
	bool threaded;
	int number;                    /* 0 is the thread that opened the problem, and has its device and potential */
	struct device *device;
	struct potential *potential;
};

/* ---- how many ---- */

/* A card runs 128 kernels at a time at most, and a chain has three files open of the 1024 that a process often may have: what more
 * chains would bring is little, and memory that waits. */
enum { SEATS_MOST = 64 };

/* Processes of a launcher that have the same device as this one. */
static int sharers(const struct problem *p, const struct launcher *l)
{
	const char *named = command_device_named(p->options);
	int devices = p->device->ops->count && !(named && strchr(named, ':')) ? p->device->ops->count() : 1;
	return devices > 1 ? (l->locals + devices - 1) / devices : l->locals;
}

int workers_choose(const struct problem *p, const struct opts *o, const struct launcher *l, int chains)
{
	int most = chains > 0 ? chains : 1;
	if (opts_given(o, "workers"))
		return opts_count(o, "workers") < most ? (int)opts_count(o, "workers") : most;
	bool on_host = p->device->ops->on_host;
	if (on_host && !p->threads)
		return 1;
	/* What the first worker has taken already is no longer available, and would be free without it. */
	size_t own = device_held(p->device), each = own + chain_bytes(&p->plan);
	size_t room = device_room(p->device) / 2 / (size_t)(on_host ? 1 : sharers(p, l)) + own / 2;
	int side_by_side = on_host ? launcher_processors(l) / p->threads : SEATS_MOST;
	most = side_by_side < most ? side_by_side : most;
	if (each && room / each < (size_t)most)
		most = (int)(room / each);
	return most > 1 ? most : 1;
}

/* ---- one worker ---- */

static status worker_open(struct worker *w)
{
	struct team *t = w->team;
	if (w->number == 0) {
		w->device = t->crew.problem->device;
		w->potential = t->crew.problem->potential;
		return OK;
	}
	pthread_mutex_lock(&t->opening);
	status s = problem_twin(t->crew.problem, t->crew.choices, &w->device, &w->potential);
	pthread_mutex_unlock(&t->opening);
	return s;
}

/* The others take its chains. */
static void worker_lacks(const struct worker *w, const char *why)
{
	watch_say(w->team->crew.watch, WATCH_WORKER, "worker %d can't begin, and the others go on without it: %s", w->number, why);
}

static void worker_close(struct worker *w)
{
	if (w->number == 0)
		return;
	potential_close(w->potential);
	w->device->ops->close(w->device);
}

static void worker_chain(struct crew *c, const struct chain_plan *plan, int k)
{
	struct crew_chain at;
	status s = crew_open(c, plan, k, &at);
	if (s != OK)
		crew_refuse(c, k, s);
	else if (at.chain)
		crew_end(c, &at, chain_run(at.chain));
}

static void *worker_main(void *context)
{
	struct worker *w = context;
	struct crew *c = &w->team->crew;
	status s = worker_open(w);
	if (s == OK) {
		struct chain_plan plan = c->problem->plan;
		const struct chain_watch calls = watch_calls(w->post);
		plan.state.potential = w->potential;
		plan.watch = &calls;
		for (int k; (k = crew_next(c)) >= 0;)
			worker_chain(c, &plan, k);
		worker_close(w);
	} else {
		worker_lacks(w, fail_words(s, "--"));
	}
	return NULL;
}

/* ---- all of them ---- */

static status team_threads(struct team *t, int workers)
{
	struct worker *worker = calloc((size_t)workers, sizeof *worker);
	if (!worker)
		return fail(ERR_MEMORY, "out of memory: %d workers", workers);
	worker[0] = (struct worker){.team = t, .post = &t->crew.watch->post[0]};
	for (int i = 1; i < workers; i++) {
		worker[i] = (struct worker){.team = t, .post = &t->crew.watch->post[i], .number = i};
		int error = pthread_create(&worker[i].thread, NULL, worker_main, &worker[i]);
		worker[i].threaded = !error;
		if (error)
			worker_lacks(&worker[i], strerror(error));
	}
	worker_main(&worker[0]);
	for (int i = 1; i < workers; i++)
		if (worker[i].threaded)
			pthread_join(worker[i].thread, NULL);
	free(worker);
	return OK;
}

/* The thread that shows progress until the workers have ended. */
static void *show_main(void *context)
{
	struct team *t = context;
	struct watch *w = t->crew.watch;
	long long interval = (long long)(progress_interval(&w->progress) * 1e9);
	struct timespec due;
	clock_gettime(CLOCK_MONOTONIC, &due);
	pthread_mutex_lock(&w->lock);
	while (!t->over) {
		long long next = due.tv_nsec + interval;
		const struct timespec until = {.tv_sec = due.tv_sec + next / 1000000000, .tv_nsec = next % 1000000000};
		if (pthread_cond_timedwait(&t->ended, &w->lock, &until) != ETIMEDOUT)
			continue;
		due = until;
		watch_show(w);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

static status team_run(struct team *t, int workers)
{
	struct watch *w = t->crew.watch;
	pthread_t shower;
	bool shows = progress_interval(&w->progress) > 0 && pthread_create(&shower, NULL, show_main, t) == 0;
	status s = t->crew.problem->device->ops->on_host ? team_threads(t, workers) : rounds_run(&t->crew, workers);
	if (!shows)
		return s;
	pthread_mutex_lock(&w->lock);
	t->over = true;
	pthread_cond_signal(&t->ended);
	pthread_mutex_unlock(&w->lock);
	pthread_join(shower, NULL);
	return s;
}

status workers_run(struct problem *p, const struct share *share, struct watch *watch, int workers, bool resumed,
                   struct crew_result *out)
{
	struct team t = {.opening = PTHREAD_MUTEX_INITIALIZER, .crew = {
		.problem = p, .share = share, .watch = watch, .resumed = resumed, .chains = share_count(share, p->plan.chains)}};
	pthread_condattr_t monotonic;
	*out = (struct crew_result){.why = OK};
	t.crew.choices = problem_choices(p);
	if (!t.crew.choices)
		return fail(ERR_MEMORY, "out of memory: %d workers", workers);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&t.ended, &monotonic);
	status s = team_run(&t, workers);
	pthread_cond_destroy(&t.ended);
	pthread_condattr_destroy(&monotonic);
	t.crew.result.stopped += crew_left(&t.crew);
	*out = t.crew.result;
	json_decref(t.crew.choices);
	return s;
}
