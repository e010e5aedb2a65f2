/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "samplers/chain.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "samplers/bn_pass.h"
#include "samplers/chain_state.h"

/* ---- one step ---- */

static status take_step(struct chain *c)
{
	struct sampler_state *s = &c->state;
	struct device *d = c->plan->potential->device;
	s->slots.step = c->step;
	s->lr = schedule_lr(&c->plan->schedule, c->step);
	TRY(batches_at(&c->batches, c->step, &s->slots, &s->batch));
	c->plan->sampler->coef(s);
	TRY(d->ops->slots_send(d, &s->slots));
	TRY(c->plan->sampler->step(s));
	c->step++;
	return OK;
}

/* ---- what a step may end with ---- */

static double epochs(const struct chain *c)
{
	return (double)c->step / (double)c->plan->epoch_steps;
}

/* Means since a mark of the running totals, which then moves on to now. */
static void since(struct chain_mark *mark, const struct slots *s, uint64_t step, double *nll, double *accuracy)
{
	double seen = s->value[SLOT_SEEN_TOTAL] - mark->seen;
	*nll = seen > 0 ? (s->value[SLOT_NLL_TOTAL] - mark->nll) / seen : (double)NAN;
	*accuracy = seen > 0 ? (s->value[SLOT_CORRECT_TOTAL] - mark->correct) / seen : (double)NAN;
	*mark = (struct chain_mark){step, s->value[SLOT_NLL_TOTAL], s->value[SLOT_CORRECT_TOTAL], s->value[SLOT_SEEN_TOTAL]};
}

/* Ends the chain, and this chain alone. An error, not a warning: --quiet does not hide what is said of it. */
static status end_failed(struct chain *c)
{
	c->phase = CHAIN_FAILED;
	return chain_checkpoint(c);
}

static status fail_chain(struct chain *c, const char *what, uint64_t step)
{
	const double *v = c->state.slots.value;
	char last[80] = "no loss before it was finite";
	if (v[SLOT_BAD] != 1)
		snprintf(last, sizeof last, "last finite loss %g nats per example", v[SLOT_GOOD_NLL]);
	progress_end(c->plan->progress);
	fprintf(stderr, "basin: chain %d stopped: %s at step %llu (%s); take a smaller --lr%s, or look at the data\n", c->k, what,
	        (unsigned long long)step, last,
	        c->plan->schedule.kind == SCHEDULE_CONSTANT ? ", a --schedule that decays" : "");
	return end_failed(c);
}

static status is_finite(struct chain *c, const float *x, size_t n, bool *finite)
{
	struct device *d = c->plan->potential->device;
	struct slots *s = &c->state.slots;
	TRY(d->ops->reduce(d, s, n, x, x, NULL, SLOT_NORM));
	TRY(d->ops->slots_fetch(d, s));
	*finite = isfinite(s->value[SLOT_NORM]);
	return OK;
}

/* The statistics that state vector i is kept with, to host_stats. */
static status get_stats(struct chain *c, int i, bool *finite)
{
	struct potential *p = c->plan->potential;
	struct sampler_state *s = &c->state;
	const float *stats = s->stats;
	*finite = true;
	if (!stats)
		return OK;
	if (chain_makes_stats(c->plan, i)) {
		TRY(bn_pass(p, s->slots.key, c->step, c->plan->batch, s->vector[i], c->host_stats, c->pass_stats));
		stats = c->pass_stats;
	}
	TRY(is_finite(c, stats, p->n_stats, finite));
	return p->device->ops->get(p->device, c->host_stats, stats, p->n_stats * sizeof(float));
}

static status keep_snapshot(struct chain *c)
{
	struct potential *p = c->plan->potential;
	struct device *d = p->device;
	struct sampler_state *s = &c->state;
	bool finite;
	for (int i = 0; i < SAMPLER_VECTORS; i++) {
		if (!s->vector[i] || !c->plan->sampler->vectors[i].role)
			continue;
		TRY(is_finite(c, s->vector[i], p->n_params, &finite));
		if (!finite)
			return fail_chain(c, "a parameter was not finite", c->step);
	}
	double nll, accuracy;
	since(&c->kept, &s->slots, c->step, &nll, &accuracy);
	for (int i = 0; i < SAMPLER_VECTORS; i++) {
		const char *role = c->plan->sampler->vectors[i].role;
		if (!s->vector[i] || !role)
			continue;
		TRY(get_stats(c, i, &finite));
		if (!finite)
			return fail_chain(c, "a batch-norm statistic was not finite", c->step);
		TRY(d->ops->get(d, c->host[i], s->vector[i], p->n_params * sizeof(float)));
		status written = snaps_write(c->snaps, c->step, epochs(c), role, nll, c->host[i], c->host_stats);
		if (written == ERR_USAGE) {
			/* Beyond --snapshot-dtype's range, which may be this chain's fate alone. */
			progress_end(c->plan->progress);
			fprintf(stderr, "basin: chain %d stopped at step %llu: %s\n", c->k, (unsigned long long)c->step,
			        fail_message(written));
			return end_failed(c);
		}
		TRY(written);
	}
	c->unsynced = true;
	return OK;
}

static status log_step(struct chain *c, double now)
{
	uint64_t steps = c->step - c->timed.step;
	double seen = c->state.slots.value[SLOT_SEEN_TOTAL] - c->timed.seen, seconds = now - c->timed_at;
	c->line = (struct log_line){.step = c->step, .epoch = epochs(c), .lr = c->state.lr,
	                            .temperature = c->plan->temperature, .step_ms = seconds / (double)steps * 1e3,
	                            .examples_per_s = seen / seconds};
	since(&c->logged, &c->state.slots, c->step, &c->line.nll, &c->line.accuracy);
	if (!c->plan->counts_correct)
		c->line.accuracy = (double)NAN;
	c->timed = c->logged;
	c->timed_at = now;
	return log_write(c->log, &c->line);
}

static bool checkpoint_due(const struct chain *c, double now)
{
	const struct chain_plan *p = c->plan;
	if (p->checkpoint_steps)
		return c->step % p->checkpoint_steps == 0;
	return now - c->checkpointed_at >= p->checkpoint_seconds;
}

/* Always in the same order: due snapshots, log line, checkpoint. Signals act after it. */
static status end_step(struct chain *c)
{
	const struct chain_plan *p = c->plan;
	struct device *d = p->potential->device;
	double now = clock_seconds();
	bool last = c->step == p->schedule.total, stop = *p->stop != 0;
	bool keep = keep_due(&p->keep, c->step), log = last || c->step % p->log_every == 0;
	bool checkpoint = last || stop || checkpoint_due(c, now);
	if (keep || log || checkpoint) {
		TRY(d->ops->slots_fetch(d, &c->state.slots));
		double bad = c->state.slots.value[SLOT_BAD];
		if (bad > 0)
			return fail_chain(c, "the loss was not finite", (uint64_t)bad);
	}
	if (keep) {
		TRY(keep_snapshot(c));
		if (c->phase == CHAIN_FAILED)
			return OK;
	}
	if (log)
		TRY(log_step(c, now));
	if (last)
		c->phase = CHAIN_DONE;
	if (checkpoint)
		TRY(chain_checkpoint(c));
	else if (c->unsynced && now - c->synced_at >= 1)
		TRY(chain_sync(c, now));
	if (progress_step(p->progress))
		progress_show(p->progress, c->k, p->chains, c->step, &c->line, p->schedule.total);
	if (stop && !last)
		return fail(ERR_INTERRUPTED, "interrupted");
	return OK;
}

status chain_run(struct chain *c)
{
	/* On going on, the steps since the last log line were another process's time. */
	c->timed = (struct chain_mark){.step = c->step, .seen = c->state.slots.value[SLOT_SEEN_TOTAL]};
	c->timed_at = c->checkpointed_at = c->synced_at = clock_seconds();
	while (c->phase == CHAIN_RUNNING) {
		TRY(take_step(c));
		TRY(end_step(c));
	}
	return OK;
}

enum chain_phase chain_phase(const struct chain *c)
{
	return c->phase;
}

uint64_t chain_step(const struct chain *c)
{
	return c->step;
}
