/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/schedule.h"

#include <ctype.h>
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* frac(k·M/total) · total in integers: no cycle starts a rounding error late. */
static uint64_t into_cycle(const struct schedule *s, uint64_t k)
{
	uint64_t cycles = s->kind == SCHEDULE_CYCLICAL ? s->cycles : 1;
	return (uint64_t)((unsigned __int128)k * cycles % s->total);
}

static double swa_lr(const struct schedule *s, uint64_t k)
{
	double t = (double)k / (double)s->swa_start;
	if (t <= 0.5)
		return s->lr;
	return t < 0.9 ? s->lr + (s->lr_end - s->lr) * ((t - 0.5) / 0.4) : s->lr_end;
}

double schedule_lr(const struct schedule *s, uint64_t k)
{
	switch (s->kind) {
	case SCHEDULE_CONSTANT:
		return s->lr;
	case SCHEDULE_COSINE:
	case SCHEDULE_CYCLICAL:
		return s->lr_end + (s->lr - s->lr_end) / 2 * (cos(M_PI * ((double)into_cycle(s, k) / (double)s->total)) + 1);
	case SCHEDULE_STEP: {
		double lr = s->lr;
		for (int i = 0; i < s->n_milestones && s->milestone[i] <= k; i++)
			lr *= s->gamma;
		return lr;
	}
	case SCHEDULE_SWA:
		return swa_lr(s, k);
	}
	return s->lr;
}

bool schedule_explores(const struct schedule *s, uint64_t k)
{
	/* A share is typed in decimals: where its product with a length is a whole number but for their rounding, that is meant. */
	double edge = s->explore * (double)s->total, whole = nearbyint(edge);
	if (edge <= 0)
		return false;
	if (fabs(edge - whole) <= 4 * DBL_EPSILON * edge)
		edge = whole;
	return (double)into_cycle(s, k) < edge;
}

double schedule_temperature(const struct schedule *s, uint64_t k)
{
	(void)k;
	return s->temperature;
}

bool schedule_has_end(enum schedule_kind kind)
{
	return kind == SCHEDULE_COSINE || kind == SCHEDULE_CYCLICAL || kind == SCHEDULE_SWA;
}

double schedule_max(const struct schedule *s)
{
	return schedule_has_end(s->kind) && s->lr_end > s->lr ? s->lr_end : s->lr;
}

uint64_t schedule_cycle_start(const struct schedule *s, uint64_t c)
{
	uint64_t cycles = s->kind == SCHEDULE_CYCLICAL ? s->cycles : 1;
	return (uint64_t)(((unsigned __int128)c * s->total + cycles - 1) / cycles);
}

/* Reads the number at `text`, of epochs, or of steps where it ends in that word. *end: behind it, or `text` where there is none. */
static bool read_steps(const char *text, uint64_t epoch_steps, const char **end, uint64_t *out)
{
	char *rest;
	uint64_t scale = epoch_steps;
	*end = text;
	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	unsigned long long count = strtoull(text, &rest, 10);
	const bool beyond = errno == ERANGE;
	*end = rest;
	if (strncmp(rest, "steps", 5) == 0) {
		scale = 1;
		*end = rest + 5;
	}
	return !__builtin_mul_overflow((uint64_t)count, scale, out) && !beyond;
}

status schedule_milestones(struct schedule *s, const char *text, uint64_t epoch_steps)
{
	s->n_milestones = 0;
	for (const char *p = text; *p;) {
		const char *end;
		uint64_t step;
		bool fits = read_steps(p, epoch_steps, &end, &step);
		if (end == p)
			return fail(ERR_USAGE, "{milestones} %s: expected epochs (\"100,150\") or steps (\"5000steps,8000steps\")", text);
		if ((*end != ',' && *end) || (*end == ',' && !end[1]))
			return fail(ERR_USAGE, "{milestones} %s: unexpected \"%s\"", text, end);
		if (s->n_milestones == MILESTONES_MAX)
			return fail(ERR_USAGE, "{milestones} %s: at most %d", text, MILESTONES_MAX);
		if (!fits)
			return fail(ERR_USAGE, "{milestones} %s: too large", text);
		if (s->n_milestones && step <= s->milestone[s->n_milestones - 1])
			return fail(ERR_USAGE, "{milestones} %s: must rise", text);
		s->milestone[s->n_milestones++] = step;
		p = *end ? end + 1 : end;
	}
	return OK;
}

status schedule_swa_start(struct schedule *s, const char *text, uint64_t epoch_steps)
{
	const char *end;
	bool fits = read_steps(text, epoch_steps, &end, &s->swa_start);
	if (end == text || *end)
		return fail(ERR_USAGE, "{swa-start} %s: expected epochs (\"160\") or steps (\"5000steps\")", text);
	if (!fits)
		return fail(ERR_USAGE, "{swa-start} %s: too large", text);
	if (s->swa_start < 1 || s->swa_start > s->total)
		return fail(ERR_USAGE, "{swa-start} %s: that is step %llu, and the run has steps 1 to %llu; give one of them, in epochs or as "
		            "\"%llusteps\"", text, (unsigned long long)s->swa_start, (unsigned long long)s->total,
		            (unsigned long long)(s->total > 1 ? s->total / 2 : 1));
	return OK;
}
