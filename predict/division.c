/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/division.h"

enum { PIECES_EACH = 16, SLICE = 4096 };  /* pieces for a worker; probabilities that are worth a slice */

static size_t up(size_t a, size_t b)
{
	return a / b + (a % b != 0);
}

static size_t at_most(size_t a, size_t b)
{
	return a < b ? a : b;
}

void work_of(const struct network *n, const struct predictions *sets, int n_sets, size_t members, size_t worker,
             struct work *out)
{
	const struct model *m = &n->model;
	*out = (struct work){.members = members, .worker = worker, .seat = (m->params.count + m->stats.count) * sizeof(float)};
	for (int j = 0; j < n_sets; j++) {
		const struct subject *s = sets[j].subject;
		const size_t outputs = s->data.n * (size_t)m->outputs * sizeof(float);
		out->batches += up(s->data.n, (size_t)s->batch);
		out->outputs += outputs;
		if (!sets[j].how->keeps_outputs)
			out->seat += outputs;
	}
}

static bool fits(const struct work *w, const struct division *d, size_t available)
{
	double worker = (double)w->worker + (double)w->outputs / (double)d->pieces;
	double bytes = (double)d->workers * worker + (double)d->seats * (double)w->seat;
	return bytes <= (double)available / 2;
}

void work_divide(const struct work *w, size_t threads, size_t available, struct division *out)
{
	size_t most = w->members > threads / w->batches ? threads : w->members * w->batches;
	for (size_t workers = most; workers > 1; workers--) {
		size_t pieces = at_most(up(PIECES_EACH * workers, w->members), w->batches);
		*out = (struct division){workers, pieces, at_most(workers / pieces + 2, w->members)};
		if (fits(w, out, available))
			return;
	}
	*out = (struct division){1, 1, at_most(2, w->members)};
}

size_t work_slices(const struct predictions *set, size_t workers)
{
	size_t worth = set->mixture.n * (size_t)set->mixture.c / SLICE;
	return worth < 1 ? 1 : at_most(worth, workers);
}
