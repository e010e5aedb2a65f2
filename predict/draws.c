/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/draws.h"

#include <math.h>

/* The middles of m equal parts of n examples. */
static status choose(struct arena *a, size_t n, size_t m, size_t **out)
{
	TRY(ARENA_NEW(a, m, out));
	for (size_t i = 0; i < m; i++)
		(*out)[i] = (size_t)(((double)i + 0.5) * (double)n / (double)m);
	return OK;
}

status draws_open(struct arena *a, struct predictions *p, size_t points, size_t probes, struct member_draws *out)
{
	const size_t n = p->subject->data.n;
	*out = (struct member_draws){.members = p->members, .outputs = (size_t)p->network->model.outputs};
	out->points = points < n ? points : n;
	out->probes = probes < n ? probes : n;
	out->rows = (out->points ? 1 + out->points : 0) + out->probes * out->outputs;
	TRY(choose(a, n, out->points, &out->point));
	TRY(choose(a, n, out->probes, &out->probe));
	if (out->points)
		TRY(ARENA_NEW(a, p->members, &out->figure));
	if (p->members && out->rows > SIZE_MAX / sizeof *out->value / p->members)
		return fail(ERR_MEMORY, "out of memory: %zu numbers of %zu members", out->rows, p->members);
	TRY(ARENA_NEW(a, out->rows * p->members, &out->value));
	p->draws = out;
	return OK;
}

void draws_add(struct member_draws *d, const struct predictions *p, size_t member, const float *outputs)
{
	double *row = d->value + member;
	if (d->points) {
		*row = p->how->mean_log_lik(p, member);
		row += d->members;
		d->figure[member] = p->how->member(p, member);
	}
	for (size_t i = 0; i < d->points; i++, row += d->members)
		*row = p->how->log_lik(p, member, d->point[i]);
	for (size_t i = 0; i < d->probes; i++)
		for (size_t k = 0; k < d->outputs; k++, row += d->members)
			*row = (double)outputs[d->probe[i] * d->outputs + k];
	for (size_t i = 0; d->logs && i < p->subject->data.n; i++)
		d->logs->row[i] = p->how->log_lik(p, member, i);
	if (d->logs)
		member_logs_add(d->logs);
}

struct draws_row draws_row(const struct member_draws *d, size_t i)
{
	const size_t scored = d->points ? 1 + d->points : 0;
	if (i == 0 && scored)
		return (struct draws_row){SIZE_MAX, -1};
	if (i < scored)
		return (struct draws_row){d->point[i - 1], -1};
	i -= scored;
	return (struct draws_row){d->probe[i / d->outputs], (int)(i % d->outputs)};
}
