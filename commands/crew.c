/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "commands/crew.h"

#include <stdlib.h>

/* ---- which comes next ---- */

int crew_next(struct crew *c)
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

int crew_left(const struct crew *c)
{
	int n = 0;
	for (int k = c->next; k < c->problem->plan.chains; k++)
		n += share_has(c->share, k);
	return n;
}

/* ---- what has become of one ---- */

/* Keeps the first of these messages; an error counts before a chain that is somebody else's. */
static void crew_note(struct crew *c, status s)
{
	struct crew_result *r = &c->result;
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

void crew_refuse(struct crew *c, int k, status why)
{
	watch_chain_skip(c->watch, k, why == ERR_BUSY ? WATCH_ELSEWHERE : WATCH_FAILED);
	crew_broken(c, why == ERR_BUSY ? why : fail_within(why, "chain %d: ", k));
}

/* What has become of a chain that was opened and run. */
static void crew_account(struct crew *c, const struct crew_chain *at, status s)
{
	struct crew_result *r = &c->result;
	uint64_t step = chain_step(at->chain), left = c->problem->plan.schedule.total - step;
	bool failed = chain_phase(at->chain) == CHAIN_FAILED;
	if (s != OK && s != ERR_INTERRUPTED) {
		watch_chain_end(c->watch, at->k, WATCH_FAILED, left);
		crew_broken(c, fail_within(s, "chain %d after step %llu: ", at->k, (unsigned long long)step));
		return;
	}
	pthread_mutex_lock(&c->watch->lock);
	r->stopped += s == ERR_INTERRUPTED;
	r->step = s == ERR_INTERRUPTED ? step : r->step;
	r->failed += failed;
	r->done += at->fresh && chain_phase(at->chain) == CHAIN_DONE;
	r->already_done += !at->fresh && !failed;
	pthread_mutex_unlock(&c->watch->lock);
	if (s == OK)
		watch_chain_end(c->watch, at->k, failed ? WATCH_FAILED : WATCH_DONE, left);
}

/* ---- opening and closing ---- */

status crew_open(struct crew *c, const struct chain_plan *plan, int k, struct crew_chain *out)
{
	*out = (struct crew_chain){.k = k};
	if (chain_finished(plan, k)) {
		pthread_mutex_lock(&c->watch->lock);
		c->result.already_done++;
		pthread_mutex_unlock(&c->watch->lock);
		watch_chain_skip(c->watch, k, WATCH_DONE);
		return OK;
	}
	TRY(chain_open(plan, k, &out->chain));
	uint64_t from = chain_step(out->chain);
	out->fresh = chain_phase(out->chain) == CHAIN_RUNNING;
	if (c->resumed && out->fresh && from && !c->watch->quiet)
		watch_say(c->watch, WATCH_RESUMED, "chain %d resumed at step %llu", k, (unsigned long long)from);
	return OK;
}

void crew_end(struct crew *c, struct crew_chain *chain, status s)
{
	crew_account(c, chain, s);
	chain_close(chain->chain);
	chain->chain = NULL;
}

void crew_return(struct crew *c, struct crew_chain *chain)
{
	chain_close(chain->chain);
	chain->chain = NULL;
	pthread_mutex_lock(&c->watch->lock);
	c->next = chain->k;
	pthread_mutex_unlock(&c->watch->lock);
}
