/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A chain's checkpoint: every vector of the state by name with θ's statistics, the slots that the device owns, the step, the
 * lengths of the chain's files, and every measured choice between algorithms. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "chains/chain_private.h"
#include "src/clock.h"
#include "src/files/checkpoint.h"
#include "src/json_build.h"

static const char *const phase_names[] = {"running", "done", "failed"};

static json_t *mark_to_json(const struct chain_mark *m)
{
	return json_pack("{s:I, s:f, s:f, s:f}", "step", (json_int_t)m->step, "nll", m->nll, "correct", m->correct,
	                 "seen", m->seen);
}

static status mark_from_json(json_t *j, const char *key, struct chain_mark *m)
{
	json_int_t step;
	errno = 0;
	if (json_unpack(json_object_get(j, key), "{s:I, s:f, s:f, s:f}", "step", &step, "nll", &m->nll,
	                "correct", &m->correct, "seen", &m->seen) != 0)
		return fail_within(json_failed(ERR_DAMAGE, "not what the checkpoint should have there"), "\"%s\": ", key);
	m->step = (uint64_t)step;
	return OK;
}

/* JSON has no numbers that are not finite: those are words. */
static json_t *number_to_json(double x)
{
	return isfinite(x) ? json_real(x) : json_string(isnan(x) ? "nan" : x > 0 ? "inf" : "-inf");
}

static double number_from_json(const json_t *j)
{
	return json_is_string(j) ? strtod(json_string_value(j), NULL) : json_number_value(j);
}

/* The slots that have names, by them. */
static json_t *slots_to_json(const struct slots *s)
{
	json_t *out = json_object();
	for (int i = 0; i < SLOTS; i++)
		if (slots_name(i))
			json_put(&out, slots_name(i), number_to_json(s->value[i]));
	return out;
}

/* Version 1 of the format has an array, in the order in which they still are. */
static void slots_from_json(const json_t *from, struct slots *s)
{
	for (int i = 0, place = 0; i < SLOTS; i++)
		if (slots_name(i))
			s->value[i] = number_from_json(json_is_array(from) ? json_array_get(from, (size_t)place++)
			                                                   : json_object_get(from, slots_name(i)));
}

/* The binary vectors: every state vector by name, and the statistics. */
static int blobs_of(struct chain *c, struct checkpoint_blob blobs[SAMPLER_VECTORS + 1])
{
	const struct potential *p = c->plan->state.potential;
	int n = 0;
	for (int i = 0; i < SAMPLER_VECTORS; i++)
		if (state_has(&c->state, i))
			blobs[n++] = (struct checkpoint_blob){c->plan->state.sampler->vectors[i].name, c->host[i],
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

/* NULL without memory. */
static json_t *meta_of(const struct chain *c)
{
	const struct sampler_state *s = &c->state.s;
	const struct device *d = s->potential->device;
	json_t *scalars = json_object(), *choices = json_object();
	for (int i = 0; i < SAMPLER_SCALARS && s->sampler->scalars[i]; i++)
		json_put(&scalars, s->sampler->scalars[i], number_to_json(s->slots.value[SLOT_SCALAR + i]));
	status saved = d->ops->choices_save(d, choices);
	char header[CHECKPOINT_HEADER];
	checkpoint_header(snaps_checksum(c->snaps), header);
	json_t *meta = json_pack("{s:i, s:s, s:I, s:s, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:{s:o}}", "chain", c->k,
	                 "state", phase_names[c->phase], "step", (json_int_t)c->state.step,
	                 "snaps_header", header, "snaps_length", (json_int_t)snaps_length(c->snaps), "log_length",
	                 (json_int_t)log_length(c->log), "scalars", scalars, "slots", slots_to_json(&s->slots), "logged", mark_to_json(&c->logged),
	                 "kept", mark_to_json(&c->kept), "ending", mark_to_json(&c->ending), "choices", d->ops->name, choices);
	if (saved == OK)
		return meta;
	json_decref(meta);
	return NULL;
}

status chain_checkpoint(struct chain *c)
{
	struct sampler_state *s = &c->state.s;
	struct device *d = s->potential->device;
	struct checkpoint_blob blobs[SAMPLER_VECTORS + 1];
	for (int i = 0; i < SAMPLER_VECTORS; i++)
		if (state_has(&c->state, i))
			TRY(state_get(&c->state, i, c->host[i]));
	if (c->host_stats)
		TRY(state_get_stats(&c->state, c->host_stats));
	TRY(d->ops->slots_fetch(d, &s->slots));
	TRY(chain_sync(c, clock_seconds()));
	TRY(log_sync(c->log));
	json_t *meta = meta_of(c);
	if (!meta)
		return fail(ERR_MEMORY, "out of memory for chain %d's checkpoint", c->k);
	status done = checkpoint_write(c->checkpoint, meta, blobs, blobs_of(c, blobs));
	json_decref(meta);
	c->checkpointed_at = clock_seconds();
	return done;
}

static status take_scalar(const json_t *scalars, const char *name, double *out)
{
	const json_t *j = json_object_get(scalars, name);
	if (!j)
		return fail(ERR_DAMAGE, "the checkpoint has no scalar \"%s\"", name);
	*out = number_from_json(j);
	return OK;
}

/* A chain ends with the step that is the run's last: one that is beyond it, or there and not done, would never end. */
static status check_step(const struct chain *c)
{
	uint64_t step = c->state.step, total = c->plan->schedule.total;
	return step < total || (step == total && c->phase != CHAIN_RUNNING) ? OK
	     : fail(ERR_DAMAGE, "the chain is %s at step %llu, and the run ends with step %llu", phase_names[c->phase],
	            (unsigned long long)step, (unsigned long long)total);
}

static status take_meta(struct chain *c, json_t *meta, uint64_t *snaps_at, uint64_t *log_at)
{
	struct sampler_state *s = &c->state.s;
	const char *phase;
	json_int_t chain, step, snaps, log;
	json_t *scalars, *slots;
	errno = 0;
	if (json_unpack(meta, "{s:I, s:s, s:I, s:I, s:I, s:o, s:o}", "chain", &chain, "state", &phase, "step", &step,
	                "snaps_length", &snaps, "log_length", &log, "scalars", &scalars, "slots", &slots) != 0)
		return json_failed(ERR_DAMAGE, "the checkpoint lacks its facts");
	if (chain != c->k)
		return fail(ERR_DAMAGE, "the checkpoint is chain %lld's", (long long)chain);
	c->state.step = (uint64_t)step;
	*snaps_at = (uint64_t)snaps;
	*log_at = (uint64_t)log;
	for (c->phase = CHAIN_RUNNING; c->phase < CHAIN_FAILED && strcmp(phase, phase_names[c->phase]) != 0; c->phase++)
		continue;
	TRY(check_step(c));
	/* A run that was made longer goes on. */
	if (c->phase == CHAIN_DONE && c->state.step < c->plan->schedule.total)
		c->phase = CHAIN_RUNNING;
	for (int i = 0; i < SAMPLER_SCALARS && s->sampler->scalars[i]; i++)
		TRY(take_scalar(scalars, s->sampler->scalars[i], &s->slots.value[SLOT_SCALAR + i]));
	slots_from_json(slots, &s->slots);
	TRY(mark_from_json(meta, "logged", &c->logged));
	TRY(mark_from_json(meta, "kept", &c->kept));
	if (json_object_get(meta, "ending"))
		return mark_from_json(meta, "ending", &c->ending);
	/* Earlier versions did not keep it: what is taken from here on is what is known. */
	c->ending = (struct chain_mark){c->state.step, s->slots.value[SLOT_NLL_TOTAL], s->slots.value[SLOT_CORRECT_TOTAL],
	                                s->slots.value[SLOT_SEEN_TOTAL]};
	return OK;
}

status chain_restore(struct chain *c, uint64_t *snaps_at, uint64_t *log_at)
{
	struct checkpoint_blob blobs[SAMPLER_VECTORS + 1];
	json_t *meta;
	TRY(checkpoint_read(c->checkpoint, &meta, blobs, blobs_of(c, blobs)));
	status restored = take_meta(c, meta, snaps_at, log_at);
	json_decref(meta);
	return restored == OK ? OK : fail_within(restored, "%s: ", c->checkpoint);
}
