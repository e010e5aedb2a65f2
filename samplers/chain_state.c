/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "samplers/chain_state.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/files/checkpoint.h"

static const char *const phase_names[] = {"running", "done", "failed"};

/* ---- checkpoints ---- */

static json_t *mark_to_json(const struct chain_mark *m)
{
	return json_pack("{s:I, s:f, s:f, s:f}", "step", (json_int_t)m->step, "nll", m->nll, "correct", m->correct,
	                 "seen", m->seen);
}

static status mark_from_json(json_t *j, const char *key, struct chain_mark *m)
{
	json_int_t step;
	if (json_unpack(json_object_get(j, key), "{s:I, s:f, s:f, s:f}", "step", &step, "nll", &m->nll,
	                "correct", &m->correct, "seen", &m->seen) != 0)
		return fail(ERR_DAMAGE, "the checkpoint has no \"%s\"", key);
	m->step = (uint64_t)step;
	return OK;
}

/* The binary vectors of a checkpoint: every state vector by name, and the statistics. */
static int blobs_of(struct chain *c, struct checkpoint_blob *blobs)
{
	const struct potential *p = c->plan->potential;
	int n = 0;
	for (int i = 0; i < SAMPLER_VECTORS; i++)
		if (c->state.vector[i])
			blobs[n++] = (struct checkpoint_blob){c->plan->sampler->vectors[i].name, c->host[i],
			                                      p->n_params * sizeof(float)};
	if (c->host_stats)
		blobs[n++] = (struct checkpoint_blob){"stats", c->host_stats, p->n_stats * sizeof(float)};
	return n;
}

status chain_sync(struct chain *c, double now)
{
	TRY(snaps_sync(c->snaps));
	c->unsynced = false;
	c->synced_at = now;
	return OK;
}

status chain_checkpoint(struct chain *c)
{
	struct potential *p = c->plan->potential;
	struct device *d = p->device;
	struct sampler_state *s = &c->state;
	struct checkpoint_blob blobs[SAMPLER_VECTORS + 1];
	for (int i = 0; i < SAMPLER_VECTORS; i++)
		if (s->vector[i])
			TRY(d->ops->get(d, c->host[i], s->vector[i], p->n_params * sizeof(float)));
	if (c->host_stats)
		TRY(d->ops->get(d, c->host_stats, s->stats, p->n_stats * sizeof(float)));
	TRY(d->ops->slots_fetch(d, &s->slots));
	TRY(chain_sync(c, clock_seconds()));
	TRY(log_sync(c->log));
	json_t *scalars = json_object(), *totals = json_array(), *choices = json_object();
	for (int i = 0; i < SAMPLER_SCALARS && c->plan->sampler->scalars[i]; i++)
		json_object_set_new(scalars, c->plan->sampler->scalars[i], json_real(s->scalar[i]));
	for (int i = SLOT_NLL; i < SLOT_SAMPLER; i++)
		json_array_append_new(totals, isfinite(s->slots.value[i]) ? json_real(s->slots.value[i]) : json_null());
	status saved = d->ops->choices_save(d, choices);
	json_t *meta = json_pack("{s:i, s:s, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:{s:o}}", "chain", c->k,
	                         "state", phase_names[c->phase], "step", (json_int_t)c->step,
	                         "snaps_length", (json_int_t)snaps_length(c->snaps),
	                         "log_length", (json_int_t)log_length(c->log), "scalars", scalars, "slots", totals,
	                         "logged", mark_to_json(&c->logged), "kept", mark_to_json(&c->kept),
	                         "choices", d->ops->name, choices);
	if (!meta || saved != OK) {
		json_decref(meta);
		return fail(ERR_MEMORY, "out of memory for chain %d's checkpoint", c->k);
	}
	status done = checkpoint_write(c->checkpoint, meta, blobs, blobs_of(c, blobs));
	json_decref(meta);
	c->checkpointed_at = clock_seconds();
	return done;
}

static status restore(struct chain *c, json_t *meta, uint64_t *snaps_at, uint64_t *log_at)
{
	struct sampler_state *s = &c->state;
	const char *phase;
	json_int_t step, snaps, log;
	json_t *scalars, *totals;
	if (json_unpack(meta, "{s:s, s:I, s:I, s:I, s:o, s:o}", "state", &phase, "step", &step, "snaps_length", &snaps,
	                "log_length", &log, "scalars", &scalars, "slots", &totals) != 0)
		return fail(ERR_DAMAGE, "the checkpoint lacks its facts");
	c->step = (uint64_t)step;
	*snaps_at = (uint64_t)snaps;
	*log_at = (uint64_t)log;
	for (c->phase = CHAIN_RUNNING; c->phase < CHAIN_FAILED && strcmp(phase, phase_names[c->phase]) != 0; c->phase++)
		continue;
	/* A run that was made longer goes on. */
	if (c->phase == CHAIN_DONE && c->step < c->plan->schedule.total)
		c->phase = CHAIN_RUNNING;
	for (int i = 0; i < SAMPLER_SCALARS && c->plan->sampler->scalars[i]; i++)
		s->scalar[i] = json_number_value(json_object_get(scalars, c->plan->sampler->scalars[i]));
	for (int i = SLOT_NLL; i < SLOT_SAMPLER; i++)
		s->slots.value[i] = json_number_value(json_array_get(totals, (size_t)(i - SLOT_NLL)));
	TRY(mark_from_json(meta, "logged", &c->logged));
	return mark_from_json(meta, "kept", &c->kept);
}

/* ---- opening ---- */

bool chain_makes_stats(const struct chain_plan *plan, int i)
{
	return plan->potential->n_stats && plan->sampler->vectors[i].role && (i > 0 || plan->recompute_stats);
}

static status allocate(struct chain *c)
{
	const struct chain_plan *p = c->plan;
	struct sampler_state *s = &c->state;
	struct device *d = p->potential->device;
	size_t bytes = p->potential->n_params * sizeof(float);
	for (int i = 0; i < SAMPLER_VECTORS && p->sampler->vectors[i].name; i++) {
		const char *when = p->sampler->vectors[i].when;
		if (when && opts_real(p->options, when) == 0)
			continue;
		TRY(d->ops->alloc(d, bytes, (void **)&s->vector[i]));
		TRY(ARENA_NEW(&c->arena, p->potential->n_params, &c->host[i]));
	}
	TRY(d->ops->alloc(d, bytes, (void **)&s->gradient));
	size_t n_stats = p->potential->n_stats;
	if (n_stats) {
		TRY(d->ops->alloc(d, n_stats * sizeof(float), (void **)&s->stats));
		TRY(ARENA_NEW(&c->arena, n_stats, &c->host_stats));
	}
	for (int i = 0; i < SAMPLER_VECTORS && !c->pass_stats; i++)
		if (s->vector[i] && chain_makes_stats(p, i))
			TRY(d->ops->alloc(d, n_stats * sizeof(float), (void **)&c->pass_stats));
	TRY(batches_open(&c->batches, &c->arena, d, s->slots.key, p->n, p->batch, p->iid));
	return d->ops->slots_open(d, &s->slots);
}

/* The host's vectors to the device. */
static status upload(struct chain *c)
{
	struct potential *p = c->plan->potential;
	struct device *d = p->device;
	for (int i = 0; i < SAMPLER_VECTORS; i++)
		if (c->state.vector[i])
			TRY(d->ops->put(d, c->state.vector[i], c->host[i], p->n_params * sizeof(float)));
	if (c->host_stats)
		TRY(d->ops->put(d, c->state.stats, c->host_stats, p->n_stats * sizeof(float)));
	return d->ops->slots_send(d, &c->state.slots);
}

static status open_fresh(struct chain *c, const char *snaps, const char *log)
{
	const struct chain_plan *p = c->plan;
	const struct segments *params = p->potential->params;
	const char *roles[SNAPS_ROLES + 1] = {NULL};
	int n_roles = 0;
	for (int i = 0; i < SAMPLER_VECTORS; i++) {
		if (!c->state.vector[i])
			continue;
		if (p->sampler->vectors[i].role)
			roles[n_roles++] = p->sampler->vectors[i].role;
		if (p->sampler->vectors[i].zero)
			continue;
		if (p->init)
			memcpy(c->host[i], p->init, params->count * sizeof(float));
		else
			segments_init(params, c->state.slots.key, c->host[i]);
	}
	if (c->host_stats && p->init_stats)
		memcpy(c->host_stats, p->init_stats, p->potential->n_stats * sizeof(float));
	else if (c->host_stats)
		segments_init(p->potential->stats, c->state.slots.key, c->host_stats);
	TRY(upload(c));
	json_object_set_new(p->meta, "chain", json_integer(c->k));
	TRY(snaps_create(snaps, p->meta, params, p->potential->stats, roles, p->dtype, &c->snaps));
	TRY(log_open(log, 0, &c->log));
	return chain_checkpoint(c);
}

static status open_resumed(struct chain *c, const char *snaps, const char *log)
{
	struct checkpoint_blob blobs[SAMPLER_VECTORS + 1];
	json_t *meta;
	uint64_t snaps_at = 0, log_at = 0;
	TRY(checkpoint_read(c->checkpoint, &meta, blobs, blobs_of(c, blobs)));
	status restored = restore(c, meta, &snaps_at, &log_at);
	json_decref(meta);
	if (restored != OK)
		return fail_within(restored, "%s: ", c->checkpoint);
	TRY(upload(c));
	TRY(snaps_append(snaps, snaps_at, c->plan->potential->params, c->plan->potential->stats, &c->snaps));
	return log_open(log, log_at, &c->log);
}

/* A checkpoint exists before the first record: records without one are what is left of a folder that lost it. */
static status refuse_orphans(const struct chain *c, const char *snaps)
{
	struct snaps_reader *r;
	if (access(snaps, F_OK) != 0 || snaps_open(snaps, 0, &r) != OK)
		return OK;
	size_t records = snaps_count(r);
	snaps_reader_close(r);
	return records == 0 ? OK
	     : fail(ERR_DAMAGE, "%s: is missing, while %s holds %zu record%s, so chain %d can't go on; to begin it anew, take that "
	            "file away", c->checkpoint, snaps, records, records == 1 ? "" : "s", c->k);
}

status chain_sampler(const struct chain_plan *plan, int k, struct sampler_state *out)
{
	*out = (struct sampler_state){
		.potential = plan->potential,
		.slots.key = {plan->seed, (uint32_t)k},
		.n = (double)plan->n, .beta = (double)plan->n / plan->temperature, .decay = plan->decay,
	};
	return plan->sampler->init ? plan->sampler->init(out, plan->options, schedule_max(&plan->schedule)) : OK;
}

static status open_chain(struct chain *c)
{
	const struct chain_plan *p = c->plan;
	const char *snaps, *log;
	TRY(chain_sampler(p, c->k, &c->state));
	TRY(allocate(c));
	TRY(run_file(p->run, c->k, "ckpt", &c->checkpoint));
	TRY(run_file(p->run, c->k, "snaps", &snaps));
	TRY(run_file(p->run, c->k, "log.jsonl", &log));
	if (access(c->checkpoint, F_OK) == 0)
		return open_resumed(c, snaps, log);
	TRY(refuse_orphans(c, snaps));
	/* Without a checkpoint or a record nothing here was promised to anyone: a process that died while it began. */
	unlink(snaps);
	unlink(log);
	return open_fresh(c, snaps, log);
}

status chain_open(const struct chain_plan *plan, int k, struct chain **out)
{
	struct chain *c = calloc(1, sizeof *c);
	*out = NULL;
	if (!c)
		return fail(ERR_MEMORY, "out of memory for chain %d", k);
	c->plan = plan;
	c->k = k;
	status opened = open_chain(c);
	if (opened != OK) {
		chain_close(c);
		return opened;
	}
	*out = c;
	return OK;
}

void chain_close(struct chain *c)
{
	if (!c)
		return;
	struct device *d = c->plan->potential->device;
	for (int i = 0; i < SAMPLER_VECTORS; i++)
		d->ops->free(d, c->state.vector[i]);
	d->ops->free(d, c->state.gradient);
	d->ops->free(d, c->state.stats);
	d->ops->free(d, c->pass_stats);
	batches_close(&c->batches);
	d->ops->slots_close(d, &c->state.slots);
	/* Whatever mattered was synced, with its errors seen, by the last checkpoint. */
	(void)snaps_close(c->snaps);
	(void)log_close(c->log);
	arena_free(&c->arena);
	free(c);
}
