/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "predict/ensemble.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "predict/prefetch.h"
#include "src/files/log.h"

status predictions_open(struct arena *a, const struct network *n, struct subject *subject, size_t members,
                        struct predictions *out)
{
	size_t rows = subject->data.n, k = (size_t)n->model.outputs;
	int classes = network_classes(n);
	*out = (struct predictions){.subject = subject};
	TRY(n->device->ops->alloc(n->device, rows * k * sizeof(float), (void **)&out->on_device));
	if (!classes) {
		if (rows * k > SIZE_MAX / sizeof(float) / members)
			return fail(ERR_MEMORY, "out of memory: %zu members' outputs for %zu examples", members, rows);
		return ARENA_NEW(a, members * rows * k, &out->outputs);
	}
	TRY(mixture_open(a, rows, classes, true, &out->mixture));
	TRY(ARENA_NEW(a, rows * k, &out->scratch_outputs));
	return ARENA_NEW(a, rows * (size_t)classes, &out->scratch_probs);
}

void predictions_close(struct predictions *p)
{
	struct device *d = p->subject->potential->device;
	d->ops->free(d, p->on_device);
	p->on_device = NULL;
}

/* The outputs of one member for all examples, which come from the device at once. */
static status predict_all(struct predictions *set, const struct network *n, float *out)
{
	struct potential *p = set->subject->potential;
	size_t k = (size_t)p->outputs;
	TRY(p->ops->prepare(p, n->theta, n->stats));
	for (size_t first = 0; first < p->n; first += (size_t)p->batch) {
		size_t left = p->n - first;
		TRY(p->ops->predict(p, first, left < (size_t)p->batch ? (int)left : p->batch, set->on_device + first * k));
	}
	return p->device->ops->get(p->device, out, set->on_device, p->n * k * sizeof *out);
}

static status add_member(struct predictions *set, const struct network *n, size_t member)
{
	struct potential *p = set->subject->potential;
	if (set->outputs)
		return predict_all(set, n, set->outputs + member * p->n * (size_t)p->outputs);
	size_t probs = p->n * (size_t)set->mixture.c;
	TRY(predict_all(set, n, set->scratch_outputs));
	TRY(mixture_add_logits(&set->mixture, 0, p->n, set->scratch_outputs, p->outputs, set->scratch_probs));
	mixture_next(&set->mixture);
	if (set->members && fwrite(set->scratch_probs, sizeof(float), probs, set->members) != probs)
		return fail(ERR_IO, "--save-member-probs: %s", strerror(errno));
	return OK;
}

/* Puts a snapshot on the device. */
static status load(struct network *n, const struct snaps_record *record, const struct snaps_reader *reader)
{
	struct device *d = n->device;
	if (snaps_params(reader)->count != n->model.params.count || snaps_stats(reader)->count != n->model.stats.count)
		return fail(ERR_INPUT, "it holds %zu parameters and %zu statistics; its own model %s has %zu and %zu",
		            snaps_params(reader)->count, snaps_stats(reader)->count, n->model.spec, n->model.params.count,
		            n->model.stats.count);
	TRY(d->ops->put(d, n->theta, record->params, n->model.params.count * sizeof(float)));
	return n->stats ? d->ops->put(d, n->stats, record->stats, n->model.stats.count * sizeof(float)) : OK;
}

struct ticker {
	bool terminal, plain;
	double last;
};

static void show(struct ticker *t, size_t done, size_t total)
{
	double now = clock_seconds(), interval = t->plain ? 10 : 0.1;
	if ((!t->terminal && !t->plain) || (now - t->last < interval && done < total))
		return;
	t->last = now;
	fprintf(stderr, t->plain ? "snapshot %zu/%zu\n" : done < total ? "\rsnapshot %zu/%zu " : "\r\033[K", done, total);
	fflush(stderr);
}

/* Everything that is done with one snapshot. The next one's reading starts as soon as the device has this one. */
static status predict_member(struct selection *s, size_t i, struct ahead *ahead, struct network *n,
                             struct predictions *sets, int n_sets)
{
	struct snaps_record record;
	TRY(ahead_take(ahead, &record));
	status st = load(n, &record, s->reader);
	if (st == OK && i + 1 < s->n)
		ahead_start(ahead, s, i + 1);
	for (int j = 0; st == OK && j < n_sets; j++)
		st = add_member(&sets[j], n, i);
	return st == OK ? OK : fail_within(st, "%s, step %llu: ", s->source[s->choice[i].source].path,
	                                   (unsigned long long)s->choice[i].step);
}

status ensemble_run(struct selection *s, struct network *n, struct predictions *sets, int n_sets, const struct opts *o,
                    mixture_watcher *watcher, void *context)
{
	bool quiet = opts_flag(o, "quiet"), plain = opts_flag(o, "progress") && !quiet;
	struct ticker ticker = {.terminal = !quiet && !plain && isatty(STDERR_FILENO), .plain = plain,
	                        .last = clock_seconds()};
	struct ahead ahead;
	status st = OK;
	ahead_start(&ahead, s, 0);
	for (size_t i = 0; i < s->n && st == OK; i++) {
		st = predict_member(s, i, &ahead, n, sets, n_sets);
		if (st == OK && watcher)
			st = watcher(context, &sets[0].mixture);
		if (st == OK)
			show(&ticker, i + 1, s->n);
	}
	ahead_drop(&ahead);
	return st;
}
