/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* basin sample: runs chains, or goes on with a run. */
#include <math.h>
#include <signal.h>
#include <stdio.h>

#include "commands/facts.h"
#include "commands/progress.h"
#include "commands/resume.h"
#include "src/clock.h"
#include "src/text.h"

/* ---- signals: the first one asks for a stop after the step, a second one kills ---- */

static volatile sig_atomic_t stop_asked;

static void ask_stop(int signal)
{
	stop_asked = signal;
}

static void listen(void)
{
	struct sigaction a = {.sa_handler = ask_stop, .sa_flags = (int)SA_RESETHAND | SA_RESTART};
	sigemptyset(&a.sa_mask);
	sigaction(SIGINT, &a, NULL);
	sigaction(SIGTERM, &a, NULL);
}

/* ---- the chains, one after another ---- */

/* What is said of a run while it goes on. */
struct show {
	const struct chain_plan *plan;
	struct progress progress;
	bool quiet;
	int failed, already_done;
	const struct likelihood *likelihood;
	struct guess guess;
};

static void show_step(void *context, int k, uint64_t step, const struct log_line *line)
{
	struct show *s = context;
	if (progress_step(&s->progress))
		progress_show(&s->progress, k, s->plan->chains, step, line, s->plan->schedule.total);
}

/* The step sizes, the temperature and the data are what such a chain mostly owes it to. */
static void show_end(void *context, int k, double nll)
{
	struct show *s = context;
	const char *against = guess_against(&s->guess, nll);
	if (!against)
		return;
	progress_end(&s->progress);
	warning("chain %d ends with a loss of %.4f nats per example in its last epoch, %s guessing: %s give %.4f; look at --lr, "
	        "--temperature and the data", k, nll, against, s->likelihood->guessed, s->guess.loss);
}

/* An error, not a warning: --quiet does not hide it. */
static void show_stop(void *context, int k, status why)
{
	(void)k;
	struct show *s = context;
	progress_end(&s->progress);
	fprintf(stderr, "basin: %s\n", fail_words(why, "--"));
}

static status run_chain(struct show *show, int k, bool resumed)
{
	const struct chain_plan *plan = show->plan;
	struct chain *c;
	TRY(chain_open(plan, k, &c));
	uint64_t from = chain_step(c);
	bool fresh = chain_phase(c) == CHAIN_RUNNING;
	if (resumed && fresh && from && !show->quiet)
		fprintf(stderr, "basin: chain %d resumed at step %llu\n", k, (unsigned long long)from);
	status s = chain_run(c);
	unsigned long long step = chain_step(c);
	if (s != OK)
		progress_end(&show->progress);
	if (s == ERR_INTERRUPTED)
		s = fail(s, "stopped by a signal in chain %d after step %llu, nothing is lost; go on with: basin sample --resume %s",
		         k, step, text_path(&(struct text){.n = 0}, plan->run->path));
	else if (s != OK)
		s = fail_within(s, "chain %d after step %llu: ", k, step);
	if (chain_phase(c) == CHAIN_FAILED)
		progress_drop(&show->progress, plan->schedule.total - step);
	show->failed += chain_phase(c) == CHAIN_FAILED;
	show->already_done += chain_phase(c) == CHAIN_DONE && !fresh;
	chain_close(c);
	return s;
}

static status run_each(struct show *show, bool resumed)
{
	for (int k = 0; k < show->plan->chains; k++)
		TRY(run_chain(show, k, resumed));
	return OK;
}

/* The last words of a run that came to its end. */
static void print_end(const struct show *show, const struct problem *p, bool resumed, double seconds)
{
	const struct chain_plan *plan = show->plan;
	unsigned long long steps = plan->schedule.total, kept = keep_count(&plan->keep);
	const char *path = plan->run->path, *chain = plan->chains == 1 ? "" : "s", *step = steps == 1 ? "" : "s";
	/* A run that was lengthened also has states that its first length made it keep. */
	char states[64] = "";
	if (!resumed)
		snprintf(states, sizeof states, ", %llu state%s kept in each", kept, kept == 1 ? "" : "s");
	if (show->already_done == plan->chains)
		printf("%s was finished already: %d chain%s of %llu step%s\n", path, plan->chains, chain, steps, step);
	else
		printf("%s: %d chain%s of %llu step%s%s, %.1f s; next: basin %s %s\n", path, plan->chains, chain, steps, step, states,
		       seconds, p->has_data ? "predict" : "info", text_path(&(struct text){.n = 0}, path));
}

static status run_chains(struct problem *p, struct run *run, const struct opts *o, bool resumed)
{
	struct chain_plan *plan = &p->plan;
	struct show show = {.plan = plan, .quiet = opts_flag(o, "quiet"), .likelihood = p->likelihood, .guess = {(double)NAN, 0}};
	const struct chain_watch watch = {.context = &show, .stepped = show_step, .stopped = show_stop, .ended = show_end};
	uint64_t done = 0, total = plan->schedule.total;
	if (resumed)
		TRY(resume_steps_done(run, &done));
	if (p->has_data) {
		const struct targets targets = dataset_targets(&p->data);
		TRY(likelihood_guess(p->likelihood, &targets, p->noise_sd, &show.guess));
	}
	plan->run = run;
	plan->watch = &watch;
	plan->stop = &stop_asked;
	listen();
	progress_start(&show.progress, show.quiet, opts_flag(o, "progress"), done, total * (uint64_t)plan->chains);
	double start = clock_seconds();
	status s = run_each(&show, resumed);
	plan->watch = NULL;
	TRY(s);
	progress_end(&show.progress);
	if (show.failed)
		return fail(ERR_DIVERGED, "%d of %d chains stopped before their end; %s holds what was kept", show.failed,
		            plan->chains, run->path);
	if (!show.quiet)
		print_end(&show, p, resumed, clock_seconds() - start);
	return report_end();
}

static status start_run(const struct opts *o)
{
	struct problem p;
	struct run run;
	const char *out = opts_text(o, "out");
	if (!out || !*out)
		return fail(ERR_USAGE, "--out RUN must be given: the folder that is made for the run");
	TRY(problem_open(o, NULL, NULL, &p));
	json_t *json = facts_run(&p, o);
	status s = json ? run_create(out, json, &run)
	                : fail(ERR_MEMORY, "out of memory: the facts of a run");
	json_decref(json);
	if (s == OK) {
		s = run_chains(&p, &run, o, false);
		run_close(&run);
	}
	problem_close(&p);
	return s;
}

static status resume_run(const struct opts *given)
{
	struct problem p;
	struct run run;
	struct opts *o;
	const char *path = opts_text(given, "resume");
	if (!*path)
		return fail(ERR_USAGE, "--resume \"\": the name of a run was expected");
	TRY(run_open(path, true, &run));
	status s = resume_options(&run, given, &o);
	if (s == OK) {
		json_t *choices;
		s = resume_choices(&run, &choices);
		if (s == OK)
			s = problem_reopen(o, run.json, choices, &p);
		json_decref(choices);
		if (s == OK) {
			s = resume_check(&run, &p, given, o);
			if (s == OK)
				s = run_chains(&p, &run, o, true);
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
	return opts_given(o, "resume") ? resume_run(o) : start_run(o);
}

const struct command command_sample = {
	.name = "sample",
	.synopsis = "--data KIND[:PATH] --model MODEL --epochs E --out RUN …\n--resume RUN [options]",
	.help = "draw posterior samples: runs chains, or goes on with a run",
	.computes = true,
	.tables = sample_tables,
	.run = run_sample,
};
