/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/schedule.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

double schedule_lr(const struct schedule *s, uint64_t k)
{
	switch (s->kind) {
	case SCHEDULE_CONSTANT:
		return s->lr;
	case SCHEDULE_COSINE:
	case SCHEDULE_CYCLICAL: {
		/* frac(k·M/total) in integers: no cycle starts a rounding error late. */
		uint64_t into = (uint64_t)((unsigned __int128)k * s->cycles % s->total);
		return s->lr_end + (s->lr - s->lr_end) / 2 * (cos(M_PI * ((double)into / (double)s->total)) + 1);
	}
	case SCHEDULE_STEP: {
		double lr = s->lr;
		for (int i = 0; i < s->n_milestones && s->milestone[i] <= k; i++)
			lr *= s->gamma;
		return lr;
	}
	}
	return s->lr;
}

double schedule_temperature(const struct schedule *s, uint64_t k)
{
	(void)k;
	return s->temperature;
}

double schedule_max(const struct schedule *s)
{
	bool decays = s->kind == SCHEDULE_COSINE || s->kind == SCHEDULE_CYCLICAL;
	return decays && s->lr_end > s->lr ? s->lr_end : s->lr;
}

uint64_t schedule_cycle_start(const struct schedule *s, uint64_t c)
{
	uint64_t cycles = s->kind == SCHEDULE_CYCLICAL ? s->cycles : 1;
	return (uint64_t)(((unsigned __int128)c * s->total + cycles - 1) / cycles);
}

status schedule_milestones(struct schedule *s, const char *text, uint64_t epoch_steps)
{
	s->n_milestones = 0;
	for (const char *p = text; *p;) {
		char *end;
		unsigned long long count = strtoull(p, &end, 10);
		uint64_t scale = epoch_steps;
		if (end == p || *p == '-')
			return fail(ERR_USAGE, "{milestones} %s: expected epochs (\"100,150\") or steps (\"5000steps,8000steps\")", text);
		if (strncmp(end, "steps", 5) == 0) {
			scale = 1;
			end += 5;
		}
		if ((*end != ',' && *end) || (*end == ',' && !end[1]))
			return fail(ERR_USAGE, "{milestones} %s: unexpected \"%s\"", text, end);
		if (s->n_milestones == MILESTONES_MAX)
			return fail(ERR_USAGE, "{milestones} %s: at most %d", text, MILESTONES_MAX);
		uint64_t step;
		if (__builtin_mul_overflow((uint64_t)count, scale, &step))
			return fail(ERR_USAGE, "{milestones} %s: too large", text);
		if (s->n_milestones && step <= s->milestone[s->n_milestones - 1])
			return fail(ERR_USAGE, "{milestones} %s: must rise", text);
		s->milestone[s->n_milestones++] = step;
		p = *end ? end + 1 : end;
	}
	return OK;
}
