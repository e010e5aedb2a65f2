/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "chains/keep.h"

/* The end of the cycle that `step` lies in, a cycle being (start, end]; *start is its start. */
static uint64_t cycle_end(const struct keep *k, uint64_t step, uint64_t *start)
{
	const struct schedule *s = &k->schedule;
	if (s->kind != SCHEDULE_CYCLICAL) {
		*start = 0;
		return k->steps;
	}
	uint64_t c = (uint64_t)((unsigned __int128)(step - 1) * s->cycles / k->steps);
	while (schedule_cycle_start(s, c + 1) < step)
		c++;
	*start = schedule_cycle_start(s, c);
	return schedule_cycle_start(s, c + 1);
}

bool keep_due(const struct keep *k, uint64_t step)
{
	if (step == 0 || step <= k->burn_in)
		return false;
	if (k->every)
		return step % k->every == 0;
	if (!k->last_epochs)
		return step == k->steps;
	uint64_t start, before_end = cycle_end(k, step, &start) - step;
	return before_end % k->epoch_steps == 0 && before_end / k->epoch_steps < k->last_epochs;
}

uint64_t keep_count(const struct keep *k)
{
	if (k->every)
		return k->steps / k->every - k->burn_in / k->every;
	uint64_t count = 0, cycles = k->schedule.kind == SCHEDULE_CYCLICAL && k->last_epochs ? k->schedule.cycles : 1;
	for (uint64_t c = 1; c <= cycles; c++) {
		uint64_t start = schedule_cycle_start(&k->schedule, c - 1), end = schedule_cycle_start(&k->schedule, c);
		uint64_t last = k->last_epochs ? k->last_epochs : 1;
		for (uint64_t i = 0; i < last && end > start + i * k->epoch_steps; i++)
			count += end - i * k->epoch_steps > k->burn_in;
	}
	return count;
}

status keep_check(const struct keep *k)
{
	if (k->burn_in >= k->steps)
		return fail(ERR_USAGE, "{burn-in} %llu: the run has %llu steps, burn-in included, so nothing would be kept",
		            (unsigned long long)k->burn_in, (unsigned long long)k->steps);
	if (keep_count(k) == 0)
		return fail(ERR_USAGE, "{keep-every} %llu: nothing would be kept in %llu steps with a burn-in of %llu",
		            (unsigned long long)k->every, (unsigned long long)k->steps, (unsigned long long)k->burn_in);
	return OK;
}
