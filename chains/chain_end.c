/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What a chain has done since a mark, and how it ends before its time. */
#include <math.h>
#include <stdio.h>

#include "chains/chain_private.h"

double chain_epochs(const struct chain *c)
{
	return (double)c->state.step / (double)c->plan->epoch_steps;
}

void chain_since(struct chain_mark *mark, const struct slots *s, uint64_t step, double *nll, double *accuracy)
{
	double seen = s->value[SLOT_SEEN_TOTAL] - mark->seen;
	*nll = seen > 0 ? (s->value[SLOT_NLL_TOTAL] - mark->nll) / seen : (double)NAN;
	*accuracy = seen > 0 ? (s->value[SLOT_CORRECT_TOTAL] - mark->correct) / seen : (double)NAN;
	*mark = (struct chain_mark){step, s->value[SLOT_NLL_TOTAL], s->value[SLOT_CORRECT_TOTAL], s->value[SLOT_SEEN_TOTAL]};
}

status chain_end_failed(struct chain *c, status why)
{
	const struct chain_watch *w = c->plan->watch;
	if (w && w->stopped)
		w->stopped(w->context, c->k, why);
	c->phase = CHAIN_FAILED;
	return chain_checkpoint(c);
}

status chain_end_diverged(struct chain *c, const char *what, uint64_t step)
{
	const double *v = c->state.s.slots.value;
	char last[80] = "no loss before it was finite";
	if (v[SLOT_BAD] != 1)
		snprintf(last, sizeof last, "last finite loss %g nats per example", v[SLOT_GOOD_NLL]);
	if (c->plan->schedule.kind == SCHEDULE_CONSTANT)
		return chain_end_failed(c, fail(ERR_DIVERGED, "chain %d stopped: %s at step %llu (%s); take a smaller {lr}, a {schedule} "
		                          "that decays, or look at the data", c->k, what, (unsigned long long)step, last));
	return chain_end_failed(c, fail(ERR_DIVERGED, "chain %d stopped: %s at step %llu (%s); take a smaller {lr}, or look at the data",
	                          c->k, what, (unsigned long long)step, last));
}
