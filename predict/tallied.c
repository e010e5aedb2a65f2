/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/tallied.h"

#include <stdlib.h>

/* Vectors of n beside the probabilities: entropy, max_logit, energy; log_p, own, last. */
enum { VECTORS = 3, VECTORS_LABELLED = 6 };

static size_t doubles_of(const struct mixture *m)
{
	return m->n * ((size_t)m->c + (m->label ? VECTORS_LABELLED : VECTORS));
}

size_t tallied_bytes(const struct mixture *m, bool probs, size_t keep)
{
	return (doubles_of(m) + keep * m->n) * sizeof(double) + m->n * (sizeof(uint32_t) + (probs ? (size_t)m->c * sizeof(float) : 0));
}

static status take_memory(struct tallied *t, bool probs)
{
	struct device *d = t->device;
	const struct mixture *m = t->mixture;
	const size_t n = m->n;
	struct tally *s = &t->sums;
	s->classes = m->c;
	TRY(d->ops->alloc(d, doubles_of(m) * sizeof *t->all, (void **)&t->all));
	s->p = t->all;
	s->entropy = s->p + n * (size_t)m->c;
	s->max_logit = s->entropy + n;
	s->energy = s->max_logit + n;
	TRY(d->ops->alloc(d, n * sizeof *s->bad, (void **)&s->bad));
	if (probs)
		TRY(d->ops->alloc(d, n * (size_t)m->c * sizeof *s->probs, (void **)&s->probs));
	if (!m->label)
		return OK;
	if (t->kept_most)
		TRY(d->ops->alloc(d, t->kept_most * n * sizeof *t->kept, (void **)&t->kept));
	s->log_p = s->energy + n;
	s->own = s->log_p + n;
	s->last = s->own + n;
	TRY(device_resident(d, m->label, n * sizeof *m->label, &t->label));
	s->label = t->label;
	return m->log_p ? d->ops->put(d, s->log_p, m->log_p, n * sizeof *m->log_p) : OK;
}

status tallied_open(struct device *d, struct mixture *m, bool probs, size_t keep, struct tallied *out)
{
	*out = (struct tallied){.device = d, .mixture = m, .kept_most = keep};
	return take_memory(out, probs);
}

void tallied_close(struct tallied *t)
{
	struct device *d = t->device;
	if (!d)
		return;
	if (t->label)
		device_release(d, t->label);
	d->ops->free(d, t->sums.probs);
	d->ops->free(d, t->sums.bad);
	d->ops->free(d, t->kept);
	d->ops->free(d, t->all);
	*t = (struct tallied){.device = NULL};
}

/* ---- to the host ---- */

static status get(const struct tallied *t, double *host, const double *from, size_t n)
{
	return t->device->ops->get(t->device, host, from, n * sizeof *host);
}

status tallied_get(const struct tallied *t)
{
	const struct mixture *m = t->mixture;
	TRY(get(t, m->p, t->sums.p, m->n * (size_t)m->c));
	TRY(get(t, m->entropy, t->sums.entropy, m->n));
	TRY(get(t, m->max_logit, t->sums.max_logit, m->n));
	TRY(get(t, m->energy, t->sums.energy, m->n));
	return m->log_p ? get(t, m->log_p, t->sums.log_p, m->n) : OK;
}

status tallied_get_part(const struct tallied *t)
{
	const struct mixture *m = t->mixture;
	return m->own ? get(t, m->own, t->sums.own, m->n) : OK;
}

status tallied_get_last(const struct tallied *t)
{
	const struct mixture *m = t->mixture;
	return m->label ? get(t, m->last, t->sums.last, m->n) : OK;
}

size_t tallied_keeps(const struct mixture *m, size_t members)
{
	enum { MOST = 16, BYTES = 8 << 20 };
	const size_t fit = BYTES / sizeof(double) / (m->n + 1), some = fit > 1 ? fit : 1, most = some < MOST ? some : MOST;
	return members < most ? members : most;
}

status tallied_keep(struct tallied *t)
{
	const size_t n = t->mixture->n;
	return t->device->ops->copy(t->device, t->kept + t->n_kept++ * n, t->sums.last, n * sizeof *t->kept);
}

status tallied_get_kept(struct tallied *t, double *host)
{
	const size_t n = t->n_kept * t->mixture->n;
	t->n_kept = 0;
	return get(t, host, t->kept, n);
}

status tallied_get_probs(const struct tallied *t, float *probs)
{
	const struct mixture *m = t->mixture;
	return t->device->ops->get(t->device, probs, t->sums.probs, m->n * (size_t)m->c * sizeof *probs);
}

status tallied_bad(const struct tallied *t, bool *found, size_t *member, size_t *example)
{
	const size_t n = t->mixture->n;
	uint32_t *bad = malloc(n * sizeof *bad + 1), first = 0;
	*found = false;
	if (!bad)
		return fail(ERR_MEMORY, "out of memory: %zu examples", n);
	status s = t->device->ops->get(t->device, bad, t->sums.bad, n * sizeof *bad);
	for (size_t i = 0; s == OK && i < n; i++)
		if (bad[i] && (!first || bad[i] < first)) {
			first = bad[i];
			*found = true;
			*member = first - 1;
			*example = i;
		}
	free(bad);
	return s;
}
