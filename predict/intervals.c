/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/intervals.h"

static status one_example(const struct regression *r, size_t i, double level, const struct intervals *out)
{
	for (int j = 0; j < r->k; j++) {
		const size_t e = i * (size_t)r->k + (size_t)j;
		out->mean[e] = regression_predicted_mean(r, i, j);
		out->sd[e] = regression_predicted_sd(r, i, j);
		if (out->lower)
			TRY(regression_interval(r, i, j, level, &out->lower[e], &out->upper[e]));
	}
	return OK;
}

/* Messages are kept by thread: of what failed in another one the status is known. */
static status all_examples(const struct regression *r, double level, const struct intervals *out)
{
	int failed = 0;
#pragma omp parallel for schedule(static) reduction(| : failed)
	for (size_t i = 0; i < r->n; i++)
		failed |= one_example(r, i, level, out) != OK;
	return failed ? fail(ERR_MEMORY, "out of memory: the intervals of %zu members", r->members) : OK;
}

status intervals_of(const struct regression *r, double level, struct arena *a, struct intervals *out)
{
	const size_t count = r->n * (size_t)r->k;
	*out = (struct intervals){.n = r->n, .members = r->members, .k = r->k};
	TRY(regression_check(r, NULL));
	TRY(ARENA_NEW(a, count, &out->mean));
	TRY(ARENA_NEW(a, count, &out->sd));
	if (level > 0)
		TRY(ARENA_NEW(a, count, &out->lower));
	if (level > 0)
		TRY(ARENA_NEW(a, count, &out->upper));
	return all_examples(r, level, out);
}
