/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* basin sample: runs chains, or goes on with a run. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "commands/facts.h"
#include "commands/report.h"
#include "commands/resume.h"
#include "commands/workers.h"
#include "src/clock.h"
#include "src/text.h"

/* ---- signals: the first one asks for a stop after the step, a second one kills; before there are chains it ends all ---- */

static atomic_int stop_asked;

static void ask_stop(int signal)
{
	stop_asked = signal;
}

/* Nobody has begun anything by then, and what a run's folder holds is what a kill leaves. */
static void leave(int signal)
{
	static const char words[] = "basin: stopped by a signal before the chains, nothing is lost; go on with the same command\n";
	(void)signal;
	(void)!write(STDERR_FILENO, words, sizeof words - 1);
	_exit(fail_exit_status(ERR_INTERRUPTED));
}

static void listen(void (*hear)(int signal))
{
	struct sigaction a = {.sa_handler = hear, .sa_flags = (int)SA_RESETHAND | SA_RESTART};
	sigemptyset(&a.sa_mask);
	sigaction(SIGINT, &a, NULL);
	sigaction(SIGTERM, &a, NULL);
}

/* ---- the last words ---- */

/* A run, as a command's argument. */
#define PATH_OF(run) text_path(&(struct text){.n = 0}, (run)->path)

static const char *plural(int n)
{
	return n == 1 ? "" : "s";
}

/* A run that came to its end here. */
static void print_end(const struct problem *p, const struct share *share, const struct crew_result *r, bool resumed,
                      double seconds)
{
	const struct chain_plan *plan = &p->plan;
	unsigned long long steps = plan->schedule.total, kept = keep_count(&plan->keep);
	const char *path = plan->run->path, *step = steps == 1 ? "" : "s";
	int taken = share_count(share, plan->chains), chains = plan->chains;
	/* A run that was lengthened also has states that its first length made it keep. */
	char states[64] = "", which[64] = "", others[64] = "";
	if (!resumed)
		snprintf(states, sizeof states, ", %llu state%s kept in each", kept, kept == 1 ? "" : "s");
	if (taken < chains)
		snprintf(which, sizeof which, "%d of ", taken);
	if (r->busy)
		snprintf(others, sizeof others, ", %d of them left to other processes", r->busy);
	const bool held = p->has_data && !p->data.has_test && opts_text(p->options, "holdout");
	report_bytes(path, stdout);
	if (!taken)
		printf(": no chain of %d is this process's\n", chains);
	else if (r->already_done == taken)
		printf(" was finished already: %s%d chain%s of %llu step%s\n", which, chains, plural(chains), steps, step);
	else
		printf(": %s%d chain%s of %llu step%s%s%s, %.1f s; next: basin %s %s%s\n", which, chains, plural(chains), steps, step,
		       states, others, seconds, p->has_data ? "predict" : "info", PATH_OF(plan->run), held ? " --split holdout" : "");
}

static status stopped(const struct run *run, const struct share *share, const struct crew_result *r)
{
	char which[64], only[48] = "";
	if (share->only)
		snprintf(only, sizeof only, share->first < share->last ? " --only %d-%d" : " --only %d", share->first, share->last);
	if (r->stopped == 1 && run->chains == 1)
		snprintf(which, sizeof which, "in chain 0 after step %llu", (unsigned long long)r->step);
	else
		snprintf(which, sizeof which, "with %d chain%s to go on with", r->stopped, plural(r->stopped));
	return fail(ERR_INTERRUPTED, "stopped by a signal %s, nothing is lost; go on with: basin sample --resume %s%s", which,
	            PATH_OF(run), only);
}

/* What has become of the chains as a whole. */
static status conclude(const struct problem *p, const struct share *share, const struct crew_result *r)
{
	const struct run *run = p->plan.run;
	int taken = share_count(share, p->plan.chains);
	/* Whoever goes on will see what failed once more. */
	if (r->stopped)
		return stopped(run, share, r);
	if (r->broken && taken == 1)
		return fail_again(r->why, r->words);
	if (r->broken)
		return fail(r->why, "%d of %d chains can't go on; %s holds what was kept", r->broken, taken, run->path);
	if (r->failed)
		return fail(ERR_DIVERGED, "%d of %d chains stopped before their end; %s holds what was kept", r->failed, taken, run->path);
	return r->busy && !r->done ? fail_again(r->why, r->words) : OK;
}

/* ---- running ---- */

static void say_workers(const struct problem *p, const struct share *share, int taken, int workers)
{
	const struct launcher *l = &share->launcher;
	if (p->plan.chains == 1)
		return;
	fputs("basin: ", stderr);
	if (l->ranks > 1)
		fprintf(stderr, "rank %d of %d (%s): ", l->rank, l->ranks, l->name);
	if (taken < p->plan.chains)
		fprintf(stderr, "%d of ", taken);
	fprintf(stderr, "%d chains, %d at a time on ", p->plan.chains, workers);
	if (p->device->ops->on_host)
		fprintf(stderr, "%d thread%s each\n", p->threads, plural(p->threads));
	else
		fprintf(stderr, "%s\n", p->device->ops->name);
}

/* done: (chains) steps that each chain of the share has taken already. */
static status run_share(struct problem *p, const struct opts *o, const struct share *share, bool resumed, const uint64_t *done)
{
	struct watch watch;
	struct crew_result result;
	int taken = share_count(share, p->plan.chains), workers = workers_choose(p, o, &share->launcher, taken);
	status s = watch_open(&watch, p, o, taken, done, workers);
	if (s == OK) {
		listen(ask_stop);
		if (!opts_flag(o, "quiet") && watch.progress.done < watch.progress.total)
			say_workers(p, share, taken, workers);
		double start = clock_seconds();
		s = workers_run(p, share, &watch, workers, resumed, &result);
		watch_close(&watch);
		if (s == OK) {
			s = conclude(p, share, &result);
			if (s == OK && !opts_flag(o, "quiet"))
				print_end(p, share, &result, resumed, clock_seconds() - start);
			free(result.words);
		}
	} else {
		watch_close(&watch);
	}
	TRY(s);
	return report_end();
}

static status run_chains(struct problem *p, struct run *run, const struct opts *o, const struct share *share, bool resumed)
{
	uint64_t *done = calloc((size_t)p->plan.chains, sizeof *done);
	p->plan.run = run;
	p->plan.stop = &stop_asked;
	status s = done ? OK : fail(ERR_MEMORY, "out of memory: the steps of %d chains", p->plan.chains);
	if (s == OK && resumed)
		s = resume_steps_done(run, share, p->plan.chains, done);
	if (s == OK)
		s = run_share(p, o, share, resumed, done);
	free(done);
	return s;
}

/* ---- a run that begins, or that others may have begun ---- */

static status begin_run(struct run *run, const struct opts *o, const struct share *share)
{
	struct problem p;
	TRY(problem_open(o, NULL, NULL, &p));
	status s = share_check(share, p.plan.chains);
	json_t *json = s == OK ? facts_run(&p, o) : NULL;
	listen(ask_stop);
	if (s == OK && !json)
		s = fail(ERR_MEMORY, "out of memory: the facts of a run");
	if (s == OK)
		s = share->joins ? run_fill(run, json) : run_create(opts_text(o, "out"), json, run);
	json_decref(json);
	if (s == OK)
		s = run_chains(&p, run, o, share, false);
	problem_close(&p);
	return s;
}

static status join_run(struct run *run, const struct opts *o, const struct share *share)
{
	struct problem p;
	json_t *choices;
	TRY(resume_sampled(run));
	TRY(resume_choices(run, &choices));
	status s = problem_reopen(o, run->json, choices, &p);
	json_decref(choices);
	TRY(s);
	s = share_check(share, p.plan.chains);
	if (s == OK)
		s = resume_join(run, &p, o, share);
	if (s == OK)
		s = run_chains(&p, run, o, share, true);
	problem_close(&p);
	return s;
}

static status start_run(const struct opts *o, const struct share *share)
{
	struct run run = {.lock = -1};
	const char *out = opts_text(o, "out");
	if (!out || !*out)
		return fail(ERR_USAGE, "--out RUN must be given: the folder that is made for the run");
	if (share->joins)
		TRY(run_reserve(out, &run));
	status s = run.json ? join_run(&run, o, share) : begin_run(&run, o, share);
	run_close(&run);
	return s;
}

/* ---- a run that is gone on with ---- */

static status resume_run(const struct opts *given, const struct share *share)
{
	struct problem p;
	struct run run;
	struct opts *o;
	const char *path = opts_text(given, "resume");
	if (!*path)
		return fail(ERR_USAGE, "--resume \"\": the name of a run was expected");
	TRY(run_open(path, true, &run));
	status s = resume_sampled(&run);
	if (s == OK)
		s = resume_options(&run, given, &o);
	if (s == OK) {
		json_t *choices;
		s = resume_choices(&run, &choices);
		if (s == OK)
			s = problem_reopen(o, run.json, choices, &p);
		json_decref(choices);
		if (s == OK) {
			s = share_check(share, p.plan.chains);
			if (s == OK)
				s = resume_check(&run, &p, given, o, share);
			if (s == OK)
				s = run_chains(&p, &run, o, share, true);
			problem_close(&p);
		}
		opts_free(o);
	}
	run_close(&run);
	return s;
}

static status run_sample(const struct opts *o)
{
	const char *const *names;
	if (opts_positionals(o, &names) > 0)
		return fail(ERR_USAGE, "%s: basin sample takes options only (did you mean --out %s?)", names[0],
		            text_path(&(struct text){.n = 0}, names[0]));
	struct share share;
	TRY(share_open(o, &share));
	listen(leave);
	return opts_given(o, "resume") ? resume_run(o, &share) : start_run(o, &share);
}

const struct command command_sample = {
	.name = "sample",
	.synopsis = "--data KIND[:PATH] --model MODEL --epochs E --out RUN …\n--resume RUN [options]",
	.help = "draw posterior samples: runs chains, or goes on with a run",
	.computes = true,
	.tables = sample_tables,
	.run = run_sample,
};
