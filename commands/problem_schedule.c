/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The schedule of a run, from its options. */
#include "commands/problem.h"

static status open_swa(struct chain_plan *plan, const struct opts *o)
{
	struct schedule *s = &plan->schedule;
	const char *start = opts_text(o, "swa-start");
	if (s->kind != SCHEDULE_SWA)
		return start ? fail(ERR_USAGE, "--swa-start belongs to --schedule swa; this run has %s", opts_text(o, "schedule")) : OK;
	if (s->lr_end <= 0)
		return fail(ERR_USAGE, "--schedule swa needs a --lr-end above 0: the step size at which states are averaged");
	if (start)
		return schedule_swa_start(s, start, plan->epoch_steps);
	s->swa_start = s->total > 1 ? s->total / 2 : 1;
	return OK;
}

/* The first share of each cycle without noise is for methods that inject it and say that they can do without. */
static status open_explore(struct chain_plan *plan, const struct opts *o)
{
	struct text can = {.n = 0};
	plan->schedule.explore = opts_real(o, "explore");
	if (!opts_given(o, "explore") || plan->state.sampler->explores)
		return OK;
	for (const struct sampler *const *s = samplers; *s; s++)
		if ((*s)->explores)
			text_list(&can, ", ", (*s)->name);
	return fail(ERR_USAGE, "--explore belongs to methods with noise to do without, --sampler %s; this run has %s", can.at,
	            plan->state.sampler->name);
}

status problem_schedule(const struct opts *o, struct chain_plan *plan)
{
	const char *kind = opts_text(o, "schedule");
	struct schedule *s = &plan->schedule;
	*s = (struct schedule){.temperature = plan->state.temperature,
	                       .kind = (enum schedule_kind)opts_choice(o, "schedule"),
	                       .lr = opts_real(o, "lr"),
	                       .lr_end = opts_real(o, "lr-end"),
	                       .cycles = 1,
	                       .gamma = opts_real(o, "gamma")};
	if (!opts_given(o, "epochs") && !opts_given(o, "steps"))
		return fail(ERR_USAGE, "--epochs or --steps must be given: the length of each chain");
	s->total = opts_given(o, "steps") ? (uint64_t)opts_count(o, "steps")
	                                  : (uint64_t)opts_count(o, "epochs") * plan->epoch_steps;
	if (opts_given(o, "lr-end") && !schedule_has_end(s->kind))
		return fail(ERR_USAGE, "--lr-end belongs to --schedule cosine, cyclical and swa; this run has %s", kind);
	if (opts_given(o, "cycles") && s->kind != SCHEDULE_CYCLICAL)
		return fail(ERR_USAGE, "--cycles belongs to --schedule cyclical; this run has %s", kind);
	if ((opts_given(o, "milestones") || opts_given(o, "gamma")) && s->kind != SCHEDULE_STEP)
		return fail(ERR_USAGE, "--milestones and --gamma belong to --schedule step; this run has %s", kind);
	if (s->kind == SCHEDULE_CYCLICAL) {
		s->cycles = (uint64_t)opts_count(o, "cycles");
		if (s->cycles > s->total)
			return fail(ERR_USAGE, "--cycles %llu: more than the run's %llu steps", (unsigned long long)s->cycles,
			            (unsigned long long)s->total);
	}
	if (s->kind == SCHEDULE_STEP) {
		if (!opts_text(o, "milestones"))
			return fail(ERR_USAGE, "--schedule step needs --milestones");
		TRY(schedule_milestones(s, opts_text(o, "milestones"), plan->epoch_steps));
	}
	TRY(open_swa(plan, o));
	return open_explore(plan, o);
}

void problem_schedule_hints(const struct problem *p)
{
	const struct schedule *s = &p->plan.schedule;
	int n = s->n_milestones;
	while (n && s->milestone[n - 1] >= s->total)
		n--;
	if (n < s->n_milestones && !p->begun)
		warning("--milestones %s: the run has %llu steps, and does not reach step %llu", opts_text(p->options, "milestones"),
		        (unsigned long long)s->total, (unsigned long long)s->milestone[n]);
}
