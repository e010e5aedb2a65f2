/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* One pass over the snapshots that are diagnosed. */
#include <inttypes.h>
#include <math.h>

#include "commands/diagnose.h"
#include "commands/progress.h"
#include "predict/projection.h"

static status name_numbers(struct diagnosis *d, const struct projection *p, const struct segments *params)
{
	struct traces *t = &d->parameters;
	TRY(ARENA_NEW(&d->arena, (size_t)t->n, &t->name));
	for (int i = 0; i < t->n; i++) {
		char *name;
		if (p->plain) {
			const size_t at = projection_place(p, i);
			const struct segment *s = params->at;
			while (at >= s->offset + s->count)
				s++;
			TRY(arena_text(&d->arena, &name, "%s, element %zu", s->name, at - s->offset));
		} else {
			TRY(arena_text(&d->arena, &name, "direction %d", i));
		}
		t->name[i] = name;
	}
	return OK;
}

/* What is not a number can't be held against anything. */
static status check_finite(const struct diagnosis *d, size_t choice, const float *theta)
{
	const struct choice *c = &d->chosen.choice[choice];
	for (size_t j = 0; j < d->pieces.count; j++)
		if (!isfinite(theta[j]))
			return fail(ERR_INPUT, "%s: step %" PRIu64 " holds a parameter that is not finite",
			            d->chosen.sources.source[c->source].path, c->step);
	return OK;
}

static status read_draws(struct diagnosis *d, const struct projection *p, struct distances *apart)
{
	const struct panel *panel = &d->panel;
	const size_t all = (size_t)panel->chains * panel->draws;
	struct progress progress;
	progress_start(&progress, opts_flag(d->options, "quiet"), opts_flag(d->options, "progress"), 0, all);
	status s = OK;
	for (size_t at = 0; at < all && s == OK; at++) {
		const size_t k = at / panel->draws, i = at % panel->draws;
		struct snaps_record record;
		s = selection_read(&d->chosen, panel->first[k] + i, &record);
		if (s == OK)
			s = check_finite(d, panel->first[k] + i, record.params);
		if (s != OK)
			break;
		projection_take(p, record.params, d->parameters.x + at, all);
		distances_add(apart, record.params);
		if (i + 1 == panel->draws)
			distances_end_chain(apart);
		s = progress_snapshots(&progress, at + 1, all);
	}
	progress_end(&progress);
	return s;
}

static status judge(struct traces *t, const struct panel *p)
{
	for (int i = 0; i < t->n; i++)
		TRY(trace_judge(t->x + (size_t)i * (size_t)p->chains * p->draws, p->chains, p->draws, &t->trace[i]));
	return OK;
}

static status pass(struct diagnosis *d, struct distances *apart)
{
	const size_t all = (size_t)d->panel.chains * d->panel.draws;
	struct snaps_reader *r;
	struct projection p;
	struct traces *t = &d->parameters;
	projection_open(&p, &d->pieces, (int)opts_count(d->options, "directions"));
	t->n = p.n;
	TRY(ARENA_NEW(&d->arena, (size_t)t->n * all, &t->x));
	TRY(ARENA_NEW(&d->arena, (size_t)t->n, &t->trace));
	TRY(sources_reader(&d->chosen.sources, d->chosen.choice[0].source, &r));
	TRY(name_numbers(d, &p, snaps_params(r)));
	TRY(read_draws(d, &p, apart));
	distances_find(apart, &d->distances);
	d->nearest = distances_nearest(t->x, t->n, d->panel.chains, d->panel.draws);
	return judge(t, &d->panel);
}

status diagnose_parameters(struct diagnosis *d)
{
	struct distances apart;
	TRY(distances_open(&apart, &d->pieces));
	status s = pass(d, &apart);
	distances_close(&apart);
	return s;
}
