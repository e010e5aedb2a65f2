/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chains/chain_private.h"
#include "src/files/checkpoint.h"
#include "src/files/file.h"
#include "src/json_build.h"

status chain_check_batches(const struct chain_plan *plan)
{
	const struct state_plan *s = &plan->state;
	bool in_order = !s->iid;
	for (int i = 0; i < SAMPLER_VECTORS; i++)
		in_order = in_order || chain_makes_stats(plan, i);
	return batches_check(s->n, s->batch, in_order, s->potential->least_batch);
}

static status take_memory(struct chain *c)
{
	const struct chain_plan *p = c->plan;
	const struct potential *potential = p->state.potential;
	struct device *d = potential->device;
	for (int i = 0; i < SAMPLER_VECTORS; i++) {
		if (!state_has(&c->state, i))
			continue;
		TRY(device_host_alloc(d, potential->n_params * sizeof *c->host[i], (void **)&c->host[i]));
		if (chain_makes_stats(p, i) && !c->pass_stats)
			TRY(d->ops->alloc(d, potential->n_stats * sizeof(float), (void **)&c->pass_stats));
	}
	if (potential->n_stats)
		TRY(ARENA_NEW(&c->arena, potential->n_stats, &c->host_stats));
	return chain_keep_open(c);
}

/* The host's vectors to the device. */
static status upload(struct chain *c)
{
	struct device *d = c->plan->state.potential->device;
	for (int i = 0; i < SAMPLER_VECTORS; i++)
		if (state_has(&c->state, i))
			TRY(state_put(&c->state, i, c->host[i]));
	TRY(state_put_stats(&c->state, c->host_stats));
	return d->ops->slots_set(d, &c->state.s.slots);
}

/* Initial values of one table of segments: those given, or its own. */
static void fill_initial(const struct segments *s, struct rng_key key, const float *given, float *x)
{
	if (given)
		memcpy(x, given, s->count * sizeof *x);
	else
		segments_init(s, key, x);
}

static status open_fresh(struct chain *c, const char *snaps, const char *log)
{
	const struct chain_plan *p = c->plan;
	const struct potential *potential = p->state.potential;
	struct rng_key key = c->state.s.slots.key;
	const char *roles[SNAPS_ROLES + 1] = {NULL};
	int n_roles = 0;
	for (int i = 0; i < SAMPLER_VECTORS; i++) {
		const struct sampler_vector *v = &p->state.sampler->vectors[i];
		if (!state_has(&c->state, i))
			continue;
		if (v->role)
			roles[n_roles++] = v->role;
		if (!v->zero)
			fill_initial(potential->params, key, p->init, c->host[i]);
	}
	if (c->host_stats)
		fill_initial(potential->stats, key, p->init_stats, c->host_stats);
	TRY(upload(c));
	/* A copy: other chains begin at the same time. */
	json_t *meta = json_object();
	if (!json_add_missing(meta, p->meta) || json_object_set_new(meta, "chain", json_integer(c->k)) != 0) {
		json_decref(meta);
		return fail(ERR_MEMORY, "out of memory for chain %d", c->k);
	}
	status created = snaps_create(snaps, meta, potential->params, potential->stats, roles, p->dtype, &c->snaps);
	json_decref(meta);
	TRY(created);
	TRY(log_open(log, 0, c->log_fields, &c->log));
	return chain_checkpoint(c);
}

static status open_resumed(struct chain *c, const char *snaps, const char *log)
{
	const struct potential *p = c->plan->state.potential;
	uint64_t snaps_at = 0, log_at = 0;
	TRY(chain_restore(c, &snaps_at, &log_at));
	if (c->state.step > 0)
		c->state.s.lr = schedule_lr(&c->plan->schedule, c->state.step - 1);
	TRY(upload(c));
	TRY(snaps_append(snaps, snaps_at, p->params, p->stats, &c->snaps));
	return log_open(log, log_at, c->log_fields, &c->log);
}

/* A checkpoint exists before the first record: records without one are what is left of a folder that lost it. */
static status refuse_orphans(const struct chain *c, const char *snaps)
{
	struct snaps_reader *r;
	uint64_t bytes;
	bool present;
	int fd;
	TRY(file_present(snaps, &present));
	if (!present)
		return OK;
	TRY(file_open(snaps, &fd, &bytes));
	close(fd);
	status s = snaps_open(snaps, 0, &r);
	/* What can't be read holds no record; what could not be looked at may hold some. */
	if (s != OK)
		return s == ERR_MEMORY || s == ERR_IO ? s : OK;
	size_t records = snaps_count(r);
	snaps_reader_close(r);
	return records == 0 ? OK
	     : fail(ERR_DAMAGE, "%s: is missing, while %s holds %zu record%s, so chain %d can't go on; to begin it anew, take that "
	            "file away", c->checkpoint, snaps, records, records == 1 ? "" : "s", c->k);
}

static status open_chain(struct chain *c)
{
	const struct chain_plan *p = c->plan;
	const char *snaps, *log;
	bool begun;
	TRY(run_take(p->run, c->k));
	c->taken = true;
	TRY(state_open(&c->state, &p->state, (struct rng_key){p->seed, (uint32_t)c->k}));
	TRY(take_memory(c));
	for (int i = 0; i < SAMPLER_REPORTS; i++)
		c->log_fields[i] = p->state.sampler->reports[i].name;
	TRY(run_file(p->run, &c->arena, c->k, "ckpt", &c->checkpoint));
	TRY(run_file(p->run, &c->arena, c->k, "snaps", &snaps));
	TRY(run_file(p->run, &c->arena, c->k, "log.jsonl", &log));
	TRY(file_present(c->checkpoint, &begun));
	if (begun)
		return open_resumed(c, snaps, log);
	TRY(refuse_orphans(c, snaps));
	/* Without a checkpoint or a record nothing here was promised to anyone: a process that died while it began. */
	unlink(snaps);
	unlink(log);
	return open_fresh(c, snaps, log);
}

bool chain_finished(const struct chain_plan *plan, int k)
{
	struct arena names = {0};
	const char *path;
	json_t *facts = NULL;
	bool present = false;
	if (run_file(plan->run, &names, k, "ckpt", &path) == OK && file_present(path, &present) == OK && present &&
	    checkpoint_facts(path, &facts) != OK)
		facts = NULL;
	arena_free(&names);
	const char *state = json_string_value(json_object_get(facts, "state"));
	bool finished = state && strcmp(state, "done") == 0 &&
	                (uint64_t)json_integer_value(json_object_get(facts, "step")) == plan->schedule.total;
	json_decref(facts);
	return finished;
}

size_t chain_bytes(const struct chain_plan *plan)
{
	const struct sampler *s = plan->state.sampler;
	size_t vectors = sampler_vectors(s);
	for (int i = 0; i < SAMPLER_VECTORS; i++)
		vectors += s->vectors[i].name != NULL;   /* each has its place beside the device */
	return (vectors * plan->state.potential->n_params + 3 * plan->state.potential->n_stats) * sizeof(float) + chain_keep_bytes(plan);
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
	struct device *d = c->plan->state.potential->device;
	chain_keep_close(c);
	for (int i = 0; i < SAMPLER_VECTORS; i++)
		device_host_free(d, c->host[i]);
	d->ops->free(d, c->pass_stats);
	state_close(&c->state);
	/* Whatever mattered was synced, with its errors seen, by the last checkpoint. */
	(void)snaps_close(c->snaps);
	(void)log_close(c->log);
	if (c->taken)
		run_leave(c->plan->run, c->k);
	arena_free(&c->arena);
	free(c);
}
