/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "chains/chain.h"

#include <math.h>
#include <stdlib.h>

#include "chains/chain_private.h"
#include "src/clock.h"

/* ---- what a step may end with ---- */

/* Whether the last epoch begins after so many updates. */
static bool begins_last_epoch(const struct chain_plan *p, uint64_t step)
{
	return step + p->epoch_steps == p->schedule.total;
}

static void tell_end(struct chain *c)
{
	const struct chain_watch *w = c->plan->watch;
	double nll, accuracy;
	chain_since(&c->ending, &c->state.s.slots, c->state.step, &nll, &accuracy);
	if (w && w->ended)
		w->ended(w->context, c->k, nll);
}

static status log_step(struct chain *c, double now)
{
	const struct sampler_state *s = &c->state.s;
	const struct sampler_report *reports = s->sampler->reports;
	uint64_t steps = c->state.step - c->timed.step;
	double seen = s->slots.value[SLOT_SEEN_TOTAL] - c->timed.seen, seconds = now - c->timed_at;
	c->line = (struct log_line){.step = c->state.step, .epoch = chain_epochs(c), .lr = s->lr,
	                            .temperature = schedule_temperature(&c->plan->schedule, c->state.step - 1),
	                            .step_ms = seconds / (double)steps * 1e3, .examples_per_s = seen / seconds};
	chain_since(&c->logged, &s->slots, c->state.step, &c->line.nll, &c->line.accuracy);
	if (!c->plan->counts_correct)
		c->line.accuracy = (double)NAN;
	for (int i = 0; i < SAMPLER_REPORTS && reports[i].name; i++)
		c->line.report[i] = s->slots.value[reports[i].slot];
	c->timed = c->logged;
	c->timed_at = now;
	return log_write(c->log, &c->line);
}

static bool checkpoint_due(const struct chain *c, double now)
{
	const struct chain_plan *p = c->plan;
	if (p->checkpoint_steps)
		return c->state.step % p->checkpoint_steps == 0;
	return now - c->checkpointed_at >= p->checkpoint_seconds;
}

/* Always in the same order: due snapshots, log line, checkpoint. Signals act after it. */
static status end_step(struct chain *c)
{
	const struct chain_plan *p = c->plan;
	struct device *d = p->state.potential->device;
	double now = clock_seconds();
	uint64_t step = c->state.step;
	bool last = step >= p->schedule.total, stop = atomic_load_explicit(p->stop, memory_order_relaxed) != 0;
	bool keep = keep_due(&p->keep, step), log = last || step % p->log_every == 0;
	bool checkpoint = last || stop || checkpoint_due(c, now), ending = begins_last_epoch(p, step);
	const bool due = keep || log || checkpoint || ending;
	TRY(chain_leave(c, due));
	if (c->phase == CHAIN_FAILED)
		return OK;
	if (keep)
		TRY(chain_keep_norms(c));
	if (log && p->state.sampler->report)
		TRY(p->state.sampler->report(&c->state.s));
	if (due) {
		TRY(d->ops->slots_fetch(d, &c->state.s.slots));
		double bad = c->state.s.slots.value[SLOT_BAD];
		if (bad > 0)
			return chain_end_diverged(c, "the loss was not finite", (uint64_t)bad);
	}
	if (keep) {
		TRY(chain_keep(c));
		TRY(chain_leave(c, checkpoint));
		if (c->phase == CHAIN_FAILED)
			return OK;
	}
	if (log)
		TRY(log_step(c, now));
	if (ending)
		chain_since(&c->ending, &c->state.s.slots, step, &(double){0}, &(double){0});
	if (last)
		c->phase = CHAIN_DONE;
	if (checkpoint)
		TRY(chain_checkpoint(c));
	else if (c->unsynced && now - c->synced_at >= 1)
		TRY(chain_sync(c, now));
	if (p->watch && p->watch->stepped)
		p->watch->stepped(p->watch->context, c->k, step, &c->line);
	if (last)
		tell_end(c);
	return stop && !last ? fail(ERR_INTERRUPTED, "interrupted") : OK;
}

/* ---- the loop ---- */

/* On going on, the steps since the last log line were another process's time. */
static void start_clock(struct chain *c)
{
	c->timed = (struct chain_mark){.step = c->state.step, .seen = c->state.s.slots.value[SLOT_SEEN_TOTAL]};
	c->timed_at = c->checkpointed_at = c->synced_at = clock_seconds();
}

status chain_begin_step(struct chain *c)
{
	const struct schedule *s = &c->plan->schedule;
	uint64_t k = c->state.step;
	if (c->phase != CHAIN_RUNNING)
		return OK;
	if (c->timed_at == 0)
		start_clock(c);
	c->state.s.exploring = schedule_explores(s, k);
	TRY(state_step(&c->state, schedule_lr(s, k), schedule_temperature(s, k)));
	c->under_way = true;
	return OK;
}

status chain_end_step(struct chain *c)
{
	if (!c->under_way)
		return OK;
	c->under_way = false;
	status s = end_step(c);
	if (s == OK || !c->leaving.under_way)
		return s;
	/* What is whole is kept, whatever else went wrong. */
	char *words = fail_copy();
	(void)chain_leave(c, true);
	fail_again(s, words);
	free(words);
	return s;
}

status chain_advance(struct chain *c)
{
	TRY(chain_begin_step(c));
	return chain_end_step(c);
}

status chain_run(struct chain *c)
{
	while (c->phase == CHAIN_RUNNING)
		TRY(chain_advance(c));
	return OK;
}

enum chain_phase chain_phase(const struct chain *c)
{
	return c->phase;
}

uint64_t chain_step(const struct chain *c)
{
	return c->state.step;
}
