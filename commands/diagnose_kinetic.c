/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The kinetic temperature, of methods whose logs have it: a line tells that of one step. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "commands/diagnose.h"
#include "src/files/log_read.h"

static const char *const names[] = {"kinetic_temperature", NULL};

/* A chain's lines from its first draw to its last one, those that have the number. Without a log beside the file there are none. */
static status read_chain(struct diagnosis *d, int k, double **out, size_t *n)
{
	const struct choice *c = &d->chosen.choice[d->panel.first[k]];
	struct log_series log;
	char *path;
	*n = 0;
	TRY(log_path_beside(d->chosen.sources.source[c->source].path, &d->arena, &path));
	if (!path)
		return OK;
	TRY(log_read(path, c[0].step - (c[0].step > 0), 0, names, &d->arena, &log));
	*out = log.value[0];
	for (size_t i = 0; i < log.n && log.step[i] <= c[d->panel.draws - 1].step; i++)
		if (isfinite(log.value[0][i]))
			(*out)[(*n)++] = log.value[0][i];
	return OK;
}

/* As many lines of each chain, the last ones. */
static status judge(struct diagnosis *d, size_t *lines, struct convergence *c)
{
	double **chain, *x;
	size_t *n;
	*lines = SIZE_MAX;
	TRY(ARENA_NEW(&d->arena, (size_t)d->panel.chains, &chain));
	TRY(ARENA_NEW(&d->arena, (size_t)d->panel.chains, &n));
	for (int k = 0; k < d->panel.chains; k++) {
		TRY(read_chain(d, k, &chain[k], &n[k]));
		*lines = n[k] < *lines ? n[k] : *lines;
	}
	TRY(ARENA_NEW(&d->arena, (size_t)d->panel.chains * *lines, &x));
	for (int k = 0; k < d->panel.chains; k++)
		if (*lines)
			memcpy(x + (size_t)k * *lines, chain[k] + (n[k] - *lines), *lines * sizeof *x);
	return convergence_of(x, d->panel.chains, *lines, c);
}

status diagnose_kinetic(struct diagnosis *d)
{
	struct convergence c = {.mean = (double)NAN};
	size_t lines = 0;
	if (!d->sampler || sampler_reported(d->sampler, names[0]) < 0)
		return OK;
	status s = *d->unjudged ? OK : judge(d, &lines, &c);
	if (s == ERR_DAMAGE) {
		warning("%s; what it says is left out", fail_words(s, "--"));
		lines = 0;
	}
	if (s != OK && s != ERR_DAMAGE)
		return s;
	const char *few = lines < PANEL_JUDGED ? "fewer than 20 lines of a chain's log have it (--log-every)" : NULL;
	const char *unjudged = *d->unjudged ? d->unjudged : d->unheated ? d->unheated : few;
	diagnose_temperature(d, "temperature_kinetic", "kinetic temperature", &c, unjudged);
	return OK;
}
