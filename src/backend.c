/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/backend.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/memory.h"
#include "src/scalar.h"
#include "src/text.h"

int backend_number(const struct backend *b, int turn)
{
	int count = b->count ? b->count() : 1;
	return count > 1 ? turn % count : 0;
}

static status open_turn(const struct backend *b, int turn, int threads, struct device **out)
{
	return b->open(backend_number(b, turn), threads, out);
}

/* The words of the last refusal that was passed over are recorded in the end, whatever an open has said since. */
static status open_best(int turn, int threads, struct device **out, status *passed)
{
	char *words = NULL;
	status s = ERR_LIBRARY;
	for (int i = 0; backends[i]; i++) {
		s = open_turn(backends[i], turn, threads, out);
		if (s == OK || !backends[i + 1])
			break;
		if (s != ERR_USAGE) {
			free(words);
			return fail_within(s, "there is a device for %s here, which does not open ({device} %s does without): ",
			                   backends[i]->name, backends[i + 1]->name);
		}
		free(words);
		words = fail_copy();
		*passed = s;
	}
	if (s == OK && *passed != OK)
		fail_again(*passed, words);
	free(words);
	return s;
}

/* Reads "NAME", of which the number is −1, or "NAME:N". */
static bool is_device(const char *text, const char *name, int *number)
{
	size_t n = strlen(name);
	*number = -1;
	if (strncmp(text, name, n) != 0)
		return false;
	if (!text[n])
		return true;
	if (text[n] != ':' || text[n + 1] < '0' || text[n + 1] > '9')
		return false;
	char *end;
	unsigned long value = strtoul(text + n + 1, &end, 10);
	*number = value < 1024 ? (int)value : 1024;
	return !*end;
}

status backend_open_turn(const char *device, int turn, int threads, struct device **out, status *passed)
{
	*out = NULL;
	*passed = OK;
	if (!device)
		return open_best(turn, threads, out, passed);
	struct text have = {.n = 0};
	for (int i = 0; backends[i]; i++) {
		int number;
		if (is_device(device, backends[i]->name, &number))
			return number < 0 ? open_turn(backends[i], turn, threads, out) : backends[i]->open(number, threads, out);
		text_list(&have, ", ", backends[i]->name);
		const size_t n = strlen(backends[i]->name);
		if (backends[i]->count && strncmp(device, backends[i]->name, n) == 0 && device[n] == ':')
			return fail(ERR_USAGE, "{device} %s: expected %s, or %s:N with its number, from 0", device, backends[i]->name,
			            backends[i]->name);
	}
	return fail(ERR_USAGE, "{device} %s: this build has %s", device, have.at);
}

status backend_open(const char *device, int threads, struct device **out)
{
	status passed;
	return backend_open_turn(device, 0, threads, out, &passed);
}

status prior_check(const struct slots *s, const struct pieces *p)
{
	double deviation = s->value[SLOT_PRIOR];
	for (int i = 0; i < p->n; i++) {
		const struct piece *piece = &p->at[i];
		if (piece->frozen || piece->prior <= 0 || piece->kind == PRIOR_GAUSSIAN)
			continue;
		if (!(deviation > 0 && isfinite(deviation)))
			return fail(ERR_USAGE, "{prior} %s needs a {weight-decay} above 0, which its deviation follows from",
			            prior_name(piece->kind));
		struct prior_curve c = prior_curve(piece->kind, piece->nu, piece->prior, deviation);
		if (!isfinite((float)c.a) || !isfinite((float)c.b))
			return fail(ERR_USAGE, "{prior} %s: a {weight-decay} times factor of %g a tensor has no deviation in float32",
			            prior_name(piece->kind), piece->prior);
	}
	return OK;
}

status gather_check(const struct gather *g)
{
	int block = g->format.block ? g->format.block : g->channels;
	if (g->c < 1 || g->c > CHANNELS_MAX)
		return fail(ERR_INPUT, "images of %d channels: 1 to %d can be read", g->c, CHANNELS_MAX);
	if (g->channels < g->c || g->channels % block)
		return fail(ERR_USAGE, "images of %d channels in a batch of %d, in blocks of %d", g->c, g->channels, block);
	return OK;
}

/* ---- what stands in for ops that a backend has not ---- */

size_t device_held(const struct device *d)
{
	return d->ops->held ? d->ops->held(d) : 0;
}

size_t device_room(const struct device *d)
{
	return d->ops->room ? d->ops->room(d) : memory_available();
}

status device_start(struct device *d)
{
	return d->ops->start ? d->ops->start(d) : OK;
}

status device_host_alloc(struct device *d, size_t bytes, void **out)
{
	enum { ALIGN = 64 };
	*out = NULL;
	if (d->ops->host_alloc)
		return d->ops->host_alloc(d, bytes, out);
	size_t room = bytes <= SIZE_MAX / 2 ? (bytes / ALIGN + 1) * ALIGN : 0;
	*out = room ? aligned_alloc(ALIGN, room) : NULL;
	if (!*out)
		return fail(ERR_MEMORY, "out of memory: %zu bytes asked for", bytes);
	memset(*out, 0, room);
	return OK;
}

void device_host_free(struct device *d, void *p)
{
	if (d->ops->host_free)
		d->ops->host_free(d, p);
	else
		free(p);
}

status device_get_begin(struct device *d, void *host, const void *from, size_t bytes)
{
	return d->ops->get_begin ? d->ops->get_begin(d, host, from, bytes) : d->ops->get(d, host, from, bytes);
}

status device_get_end(struct device *d, bool wait, bool *done)
{
	*done = true;
	return d->ops->get_end ? d->ops->get_end(d, wait, done) : OK;
}

status device_put_begin(struct device *d, void *to, const void *host, size_t bytes)
{
	return d->ops->put_begin ? d->ops->put_begin(d, to, host, bytes) : d->ops->put(d, to, host, bytes);
}

status device_put_end(struct device *d)
{
	return d->ops->put_end ? d->ops->put_end(d) : OK;
}

const char *device_precision_note(const struct device *d, enum precision precision)
{
	return d->ops->precision_note ? d->ops->precision_note(d, precision) : NULL;
}

status device_resident(struct device *d, const void *host, size_t bytes, const void **out)
{
	void *copy;
	*out = NULL;
	if (d->ops->resident)
		return d->ops->resident(d, host, bytes, out);
	TRY(d->ops->alloc(d, bytes, &copy));
	status s = d->ops->put(d, copy, host, bytes);
	if (s != OK) {
		d->ops->free(d, copy);
		return s;
	}
	*out = copy;
	return OK;
}

void device_release(struct device *d, const void *p)
{
	if (d->ops->resident)
		d->ops->release(d, p);
	else
		d->ops->free(d, (void *)p);
}

static status scalar_on_host(struct device *d, struct slots *s, const struct scalar *w)
{
#define SCALAR_ENTRY(fn, inputs, outputs) {scalar_##fn, inputs, outputs},
	static const struct {
		void (*run)(const double *x, double *y);
		int inputs, outputs;
	} rows[] = {SCALAR_ROWS(SCALAR_ENTRY)};
	double x[SCALAR_INPUTS], y[SCALAR_OUTPUTS];
	TRY(d->ops->slots_fetch(d, s));
	for (int i = 0; i < rows[w->fn].inputs; i++)
		x[i] = w->in[i] == SLOT_NONE ? 0 : s->value[w->in[i]];
	rows[w->fn].run(x, y);
	for (int i = 0; i < rows[w->fn].outputs; i++)
		if (w->out[i] != SLOT_NONE)
			s->value[w->out[i]] = y[i];
	return d->ops->slots_set(d, s);
}

status device_scalar(struct device *d, struct slots *s, const struct scalar *w)
{
	for (int i = 0; i < SCALAR_OUTPUTS; i++)
		if (w->out[i] != SLOT_NONE)
			TRY(slot_writable(w->out[i]));
	return d->ops->scalar ? d->ops->scalar(d, s, w) : scalar_on_host(d, s, w);
}
