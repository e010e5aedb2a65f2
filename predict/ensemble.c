/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/ensemble.h"

#include "predict/prefetch.h"

/* One member's outputs for all examples, which leave the device at once. */
static status ensemble_outputs(const struct predictions *set, float *out)
{
	const struct network *n = set->network;
	struct potential *p = set->subject->potential;
	size_t k = (size_t)p->outputs;
	TRY(p->ops->prepare(p, n->theta, n->stats));
	for (size_t first = 0; first < p->n; first += (size_t)p->batch) {
		size_t left = p->n - first;
		TRY(p->ops->predict(p, first, left < (size_t)p->batch ? (int)left : p->batch, set->on_device + first * k));
	}
	return p->device->ops->get(p->device, out, set->on_device, p->n * k * sizeof *out);
}

static status ensemble_add(struct predictions *set, size_t member)
{
	TRY(ensemble_outputs(set, predictions_place(set, member)));
	return set->how->add ? set->how->add(set, member) : OK;
}

/* Whether member i is the last one of its file. */
static bool is_last(const struct selection *s, size_t i)
{
	return i + 1 == s->n || s->choice[i + 1].source != s->choice[i].source;
}

static void ensemble_end_file(const struct selection *s, size_t last, struct predictions *set)
{
	size_t first = last;
	while (first > 0 && s->choice[first - 1].source == s->choice[last].source)
		first--;
	if (!set->alone)
		return;
	set->ending[first] = set->how->alone(set, last, last + 1);
	set->alone[first] = first < last ? set->how->alone(set, first, last + 1) : set->ending[first];
}

/* Puts a snapshot on the device. */
static status ensemble_load(struct network *n, const struct snaps_record *record, const struct snaps_reader *reader)
{
	struct device *d = n->device;
	if (snaps_params(reader)->count != n->model.params.count || snaps_stats(reader)->count != n->model.stats.count)
		return fail(ERR_INPUT, "it holds %zu parameters and %zu statistics; its own model %s has %zu and %zu",
		            snaps_params(reader)->count, snaps_stats(reader)->count, n->model.spec, n->model.params.count,
		            n->model.stats.count);
	TRY(d->ops->put(d, n->theta, record->params, n->model.params.count * sizeof(float)));
	return n->stats ? d->ops->put(d, n->stats, record->stats, n->model.stats.count * sizeof(float)) : OK;
}

/* Everything that is done with one snapshot. The next one's reading starts as soon as the device has this one. */
static status ensemble_member(struct selection *s, size_t i, struct prefetch *next, struct network *n,
                              struct predictions *sets, int n_sets)
{
	struct snaps_record record;
	TRY(prefetch_take(next, &record));
	status st = ensemble_load(n, &record, s->sources.reader);
	if (st == OK && i + 1 < s->n)
		prefetch_start(next, s, i + 1);
	for (int j = 0; st == OK && j < n_sets; j++)
		st = ensemble_add(&sets[j], i);
	for (int j = 0; st == OK && j < n_sets && is_last(s, i); j++)
		ensemble_end_file(s, i, &sets[j]);
	return st == OK ? OK : fail_within(st, "%s, step %llu: ", s->sources.source[s->choice[i].source].path,
	                                   (unsigned long long)s->choice[i].step);
}

status ensemble_run(struct selection *s, struct network *n, struct predictions *sets, int n_sets, ensemble_watcher *watcher,
                    void *context)
{
	struct prefetch prefetch;
	status st = OK;
	prefetch_start(&prefetch, s, 0);
	for (size_t i = 0; i < s->n && st == OK; i++) {
		st = ensemble_member(s, i, &prefetch, n, sets, n_sets);
		if (st == OK && watcher)
			st = watcher(context, i + 1, s->n);
	}
	prefetch_drop(&prefetch);
	return st;
}
