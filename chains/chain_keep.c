/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* How a snapshot is kept. Where a device has a way beside its calls, its vectors are copied there first, and the chain goes on while
 * they are brought to the host; they are written at the end of the step by which they have come. Elsewhere all that is one wait. */
#include <math.h>

#include "chains/bn_pass.h"
#include "chains/chain_private.h"

/* ---- memory ---- */

bool chain_makes_stats(const struct chain_plan *plan, int i)
{
	return plan->state.potential->n_stats && plan->state.sampler->vectors[i].role && (i > 0 || plan->recompute_stats);
}

static bool is_kept(const struct chain *c, int i)
{
	return state_has(&c->state, i) && c->plan->state.sampler->vectors[i].role;
}

static status take_way(struct chain *c, size_t n, float **host, float **copy)
{
	struct potential *p = c->plan->state.potential;
	struct device *d = p->device;
	const size_t bytes = n * sizeof **copy;
	if (n && !*host)
		TRY(device_host_alloc(d, bytes, (void **)host));
	return n && d->ops->get_begin ? potential_lacks(p, d->ops->alloc(d, bytes, (void **)copy), bytes, "a snapshot's copy") : OK;
}

status chain_keep_open(struct chain *c)
{
	const struct potential *p = c->plan->state.potential;
	struct chain_leaving *l = &c->leaving;
	for (int i = 0; i < SAMPLER_VECTORS; i++)
		if (is_kept(c, i)) {
			TRY(take_way(c, p->n_params, &c->host[i], &l->copy[i]));
			TRY(take_way(c, p->n_stats, &l->stats[i], &l->copy_stats[i]));
		}
	return OK;
}

size_t chain_keep_bytes(const struct chain_plan *plan)
{
	const struct potential *p = plan->state.potential;
	return sampler_kept(plan->state.sampler) * (p->n_stats + (p->device->ops->get_begin ? p->n_params + p->n_stats : 0)) * sizeof(float);
}

void chain_keep_close(struct chain *c)
{
	struct device *d = c->plan->state.potential->device;
	bool done;
	/* What is still on its way is behind the last checkpoint: whoever goes on from there keeps it again. */
	(void)device_get_end(d, true, &done);
	for (int i = 0; i < SAMPLER_VECTORS; i++) {
		device_host_free(d, c->leaving.stats[i]);
		d->ops->free(d, c->leaving.copy[i]);
		d->ops->free(d, c->leaving.copy_stats[i]);
	}
}

/* ---- what is kept is finite ---- */

static status norm_of(struct chain *c, int i, const float *x, size_t n)
{
	struct device *d = c->plan->state.potential->device;
	return d->ops->reduce(d, &c->state.s.slots, n, x, x, NULL, SLOT_NORM + i);
}

_Static_assert((int)SLOT_NORMS >= (int)SAMPLER_VECTORS, "a slot a vector");

static bool is_finite(const struct chain *c, int i)
{
	return isfinite(c->state.s.slots.value[SLOT_NORM + i]);
}

status chain_keep_norms(struct chain *c)
{
	for (int i = 0; i < SAMPLER_VECTORS; i++)
		if (is_kept(c, i))
			TRY(norm_of(c, i, c->state.s.vector[i], c->plan->state.potential->n_params));
	return OK;
}

/* ---- on the way ---- */

static status bring(struct chain *c, float *host, float *copy, const float *from, size_t n)
{
	struct device *d = c->plan->state.potential->device;
	if (copy)
		TRY(d->ops->copy(d, copy, from, n * sizeof *from));
	return device_get_begin(d, host, copy ? copy : from, n * sizeof *from);
}

/* State vector i, and the statistics that it is kept with. */
static status bring_vector(struct chain *c, int i)
{
	struct sampler_state *s = &c->state.s;
	struct potential *p = s->potential;
	struct chain_leaving *l = &c->leaving;
	const float *stats = s->stats;
	TRY(bring(c, c->host[i], l->copy[i], s->vector[i], p->n_params));
	if (!stats)
		return OK;
	if (chain_makes_stats(c->plan, i)) {
		TRY(bn_pass(p, s->slots.key, c->state.step, c->plan->state.batch, s->vector[i], l->stats[i], c->pass_stats));
		stats = c->pass_stats;
	}
	TRY(norm_of(c, i, stats, p->n_stats));
	return bring(c, l->stats[i], l->copy_stats[i], stats, p->n_stats);
}

status chain_keep(struct chain *c)
{
	struct sampler_state *s = &c->state.s;
	struct device *d = s->potential->device;
	struct chain_leaving *l = &c->leaving;
	double accuracy;
	bool finite = true;
	for (int i = 0; i < SAMPLER_VECTORS; i++)
		if (is_kept(c, i) && !is_finite(c, i))
			return chain_end_diverged(c, "a parameter was not finite", c->state.step);
	l->step = c->state.step;
	l->epoch = chain_epochs(c);
	chain_since(&c->kept, &s->slots, c->state.step, &l->nll, &accuracy);
	for (int i = 0; i < SAMPLER_VECTORS; i++)
		if (is_kept(c, i))
			TRY(bring_vector(c, i));
	if (s->stats)
		TRY(d->ops->slots_fetch(d, &s->slots));
	/* Those before one that can't be kept are. */
	for (int i = 0; i < SAMPLER_VECTORS; i++) {
		finite = finite && (!s->stats || !is_kept(c, i) || is_finite(c, i));
		l->keeps[i] = finite && is_kept(c, i);
	}
	l->under_way = true;
	if (finite)
		return OK;
	TRY(chain_leave(c, true));
	return c->phase == CHAIN_RUNNING ? chain_end_diverged(c, "a batch-norm statistic was not finite", c->state.step) : OK;
}

static status write_vector(struct chain *c, int i)
{
	const struct chain_leaving *l = &c->leaving;
	status written = snaps_write(c->snaps, l->step, l->epoch, c->plan->state.sampler->vectors[i].role, l->nll, c->host[i], l->stats[i]);
	/* Beyond the range of the snapshots' type, which may be this chain's fate alone. */
	if (written == ERR_USAGE)
		return chain_end_failed(c, fail_within(written, "chain %d stopped at step %llu: ", c->k, (unsigned long long)l->step));
	c->unsynced = true;
	return written;
}

status chain_leave(struct chain *c, bool wait)
{
	bool done;
	if (!c->leaving.under_way)
		return OK;
	TRY(device_get_end(c->plan->state.potential->device, wait, &done));
	if (!done)
		return OK;
	c->leaving.under_way = false;
	for (int i = 0; i < SAMPLER_VECTORS && c->phase == CHAIN_RUNNING; i++)
		if (c->leaving.keeps[i])
			TRY(write_vector(c, i));
	return OK;
}
