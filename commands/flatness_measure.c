/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The curvature at snapshots, one after another. */
#include <inttypes.h>
#include <math.h>

#include "commands/flatness.h"
#include "commands/report.h"
#include "commands/select.h"
#include "commands/stop.h"
#include "src/clock.h"
#include "src/json_build.h"
#include "src/json_numbers.h"

enum { POINTS = 512 };      /* of a density's grid */
enum { GUESSED = 20 };      /* products of a Lanczos run that ends as most do, beside 3K: for the time that is left */

struct measuring {
	const struct flatness_plan *plan;
	const struct flatness_target *target;
	const struct selection *chosen;
	size_t at;                        /* the snapshot */
	struct arena arena;               /* of that one */
	struct curvature *hessian;
	struct progress progress;
	struct progress_products shown;
	size_t planned, done;             /* products of the part under way, as far as they are known */
	size_t later;                     /* of the parts behind it */
};

/* ---- progress, and the wish to end ---- */

static size_t guessed(const struct flatness_plan *p, size_t n)
{
	const size_t usual = 3 * p->top + GUESSED;
	return !p->top ? 0 : usual < n ? usual : n;
}

static size_t traced(const struct flatness_plan *p, size_t n)
{
	return p->probes < n ? p->probes : n;
}

static size_t dense(const struct flatness_plan *p, size_t n)
{
	return p->density ? traced(p, n) * (p->steps < n ? p->steps : n) : 0;
}

/* Products of a snapshot, the gradient for one. */
static size_t products_of(const struct flatness_plan *p, const struct flatness_target *t)
{
	const struct segments *s = t->potential->params;
	size_t sum = 1 + guessed(p, t->n) + traced(p, t->n) + dense(p, t->n);
	for (int i = 0; i < s->n; i++)
		sum += p->by_tensor && p->top && t->tensor[i] ? guessed(p, s->at[i].count) + traced(p, s->at[i].count) : 0;
	return sum;
}

/* Begins a part of so many products. */
static void begin(struct measuring *m, const char *part, size_t products)
{
	m->shown.part = part;
	m->planned = products;
	m->done = 0;
	m->later = m->later > products ? m->later - products : 0;
}

static status tick(void *of, size_t batches_done, size_t batches)
{
	struct measuring *m = of;
	if (stop_asked())
		return fail(ERR_INTERRUPTED, "stopped by a signal; nothing is reported");
	if (batches_done == 0) {
		m->done++;
		m->shown.products++;
	}
	const double part = (double)batches_done / (double)batches;
	m->shown.done = (double)(m->shown.products - 1) + part;
	m->shown.left = (double)(m->planned > m->done ? m->planned - m->done : 0) + (double)m->later + 1 - part;
	progress_products(&m->progress, &m->shown);
	return OK;
}

/* ---- the Hessian ---- */

static struct rng_key key_of(const struct measuring *m)
{
	return (struct rng_key){m->plan->seed, 0};
}

static void put_list(json_t **into, const char *name, const double *x, size_t n)
{
	json_put(into, name, json_numbers(x, (int)n));
}

/* Of the whole or, where a name is given, of that tensor's block. */
static status measure_top(struct measuring *m, struct curvature *c, const char *name, json_t **into)
{
	const struct flatness_plan *p = m->plan;
	struct lanczos l;
	if (!p->top)
		return OK;
	begin(m, name ? name : "eigenvalues", guessed(p, c->n));
	TRY(lanczos_run(c, &(struct lanczos_options){.top = p->top, .tolerance = p->tolerance, .key = key_of(m)}, &l));
	put_list(into, "eigenvalues", l.value, l.n);
	put_list(into, "eigenvalue_errors", l.error, l.n);
	report_number(into, "least", l.least);
	report_number(into, "least_error", l.least_error);
	json_put(into, "converged", json_boolean(l.converged));
	if (l.converged)
		return OK;
	progress_end(&m->progress);
	const struct choice *of = &m->chosen->choice[m->at];
	warning("%s, step %" PRIu64 "%s%s: the largest eigenvalues are not known to {tolerance} %g after %zu products; within its bound "
	        "each has an eigenvalue, but a larger one may have been missed", m->chosen->sources.source[of->source].path, of->step,
	        name ? ", " : "", name ? name : "", p->tolerance, l.products);
	return OK;
}

static void put_estimate(json_t **into, struct estimate e)
{
	report_number(into, "trace", e.value);
	report_number(into, "trace_se", e.se);
}

/* Of the whole or of one tensor's block, as the name says; and from the same products of each tensor's block, (segments) to `part`,
 * unless that is NULL. */
static status measure_trace(struct measuring *m, struct curvature *c, const char *name, struct estimate *part, json_t **into)
{
	const struct flatness_plan *p = m->plan;
	const struct segments *s = m->target->potential->params;
	struct trace trace = {.part = part};
	int *owner = NULL;
	if (!p->probes)
		return OK;
	if (part)
		TRY(ARENA_NEW(&m->arena, c->n, &owner));
	for (int i = 0; owner && i < s->n; i++)
		for (size_t j = 0; m->target->tensor[i] && j < s->at[i].count; j++)
			owner[hessian_offset(c, i) + j] = i;
	begin(m, name ? name : "trace", traced(p, c->n));
	TRY(trace_run(c, key_of(m), 0, p->probes, owner, owner ? s->n : 0, &trace));
	put_estimate(into, trace.whole);
	return OK;
}

static struct density_options density_options(const struct measuring *m)
{
	return (struct density_options){.probes = m->plan->probes, .steps = m->plan->steps, .points = POINTS, .key = key_of(m)};
}

static status measure_density(struct measuring *m, json_t **into)
{
	const struct density_options options = density_options(m);
	struct density d;
	if (!m->plan->density)
		return OK;
	begin(m, "density", dense(m->plan, m->hessian->n));
	TRY(density_run(m->hessian, &options, &m->arena, &d));
	json_t *density = json_object();
	put_list(&density, "at", d.at, d.points);
	put_list(&density, "value", d.value, d.points);
	report_number(&density, "sigma", d.sigma);
	put_list(&density, "node", d.node, d.nodes);
	put_list(&density, "weight", d.weight, d.nodes);
	json_put(into, "density", density);
	return OK;
}

static status open_hessian(struct measuring *m, const struct snaps_record *record, const bool *tensor, struct curvature **out)
{
	const struct flatness_target *t = m->target;
	const struct hessian_options options = {
		.potential = t->potential, .theta = record->params, .stats = record->stats, .rows = t->rows, .n_rows = t->n_rows,
		.tensor = tensor, .decay = t->decay, .deviation = t->deviation, .tick = tick, .tick_of = m,
	};
	return hessian_open(&options, out);
}

static status measure_loss(struct measuring *m, json_t **into)
{
	const size_t n = m->hessian->n;
	float *gradient;
	double loss, sum = 0;
	TRY(ARENA_NEW(&m->arena, n, &gradient));
	TRY(hessian_loss(m->hessian, &loss, gradient));
	for (size_t i = 0; i < n; i++)
		sum += (double)gradient[i] * (double)gradient[i];
	report_number(into, "nll", loss);
	report_number(into, "gradient_norm", sqrt(sum));
	return OK;
}

/* ---- tensor by tensor ---- */

/* Where eigenvalues take a tensor's own products, so does its trace, which is then known better than from the whole's: nothing of
 * the other tensors comes between. */
static status measure_block(struct measuring *m, const struct snaps_record *record, int i, size_t *products, json_t **into)
{
	const struct segments *s = m->target->potential->params;
	struct curvature *block;
	bool *alone;
	TRY(ARENA_NEW(&m->arena, (size_t)s->n, &alone));
	alone[i] = true;
	TRY(open_hessian(m, record, alone, &block));
	status st = measure_top(m, block, s->at[i].name, into);
	if (st == OK)
		st = measure_trace(m, block, s->at[i].name, NULL, into);
	*products += block->products;
	hessian_close(block);
	return st;
}

/* part: what the whole's products say of each tensor's trace; NULL: each has its own. */
static status measure_tensors(struct measuring *m, const struct snaps_record *record, const struct estimate *part, size_t *products,
                              json_t **into)
{
	const struct segments *s = m->target->potential->params;
	status st = OK;
	json_t *tensors = json_array();
	for (int i = 0; i < s->n && st == OK; i++) {
		if (!m->target->tensor[i])
			continue;
		json_t *tensor = json_pack("{s:s, s:I}", "name", s->at[i].name, "n", (json_int_t)s->at[i].count);
		if (part)
			put_estimate(&tensor, part[i]);
		else
			st = measure_block(m, record, i, products, &tensor);
		json_add(&tensors, tensor);
	}
	json_put(into, "tensors", tensors);
	return st;
}

/* ---- a snapshot ---- */

static status measure_record(struct measuring *m, const struct snaps_record *record, json_t **into)
{
	const struct flatness_plan *p = m->plan;
	const struct density_options options = density_options(m);
	struct estimate *part = NULL;
	if (p->by_tensor && !p->top)
		TRY(ARENA_NEW(&m->arena, (size_t)m->target->potential->params->n, &part));
	TRY(open_hessian(m, record, m->target->tensor, &m->hessian));
	/* It comes last, and what comes before may take hours. */
	if (p->density)
		TRY(density_check(m->hessian, &options));
	begin(m, "gradient", 1);
	TRY(measure_loss(m, into));
	TRY(measure_top(m, m->hessian, NULL, into));
	TRY(measure_trace(m, m->hessian, NULL, part, into));
	TRY(measure_density(m, into));
	size_t products = m->hessian->products;
	if (p->by_tensor)
		TRY(measure_tensors(m, record, part, &products, into));
	json_put(into, "products", json_integer((json_int_t)products));
	return OK;
}

static status measure_choice(struct measuring *m, struct selection *chosen, json_t **into)
{
	const struct potential *p = m->target->potential;
	const double began = clock_seconds();
	struct snaps_record record;
	TRY(selection_read(chosen, m->at, &record));
	if (chosen->params != p->n_params || chosen->stats != p->n_stats)
		return fail(ERR_INPUT, "%zu parameters and %zu statistics in a snapshot; its model has %zu and %zu", chosen->params,
		            chosen->stats, p->n_params, p->n_stats);
	status s = measure_record(m, &record, into);
	const struct choice *of = &chosen->choice[m->at];
	if (s == ERR_INPUT)
		s = fail_within(s, "%s, step %" PRIu64 ": ", chosen->sources.source[of->source].path, of->step);
	hessian_close(m->hessian);
	m->hessian = NULL;
	arena_free(&m->arena);
	report_number(into, "seconds", clock_seconds() - began);
	return s;
}

status flatness_measure(const struct flatness_plan *p, const struct flatness_target *t, struct selection *chosen, json_t **list)
{
	struct measuring m = {.plan = p, .target = t, .chosen = chosen, .shown.snapshots = chosen->n};
	status s = OK;
	stop_listen();
	progress_start(&m.progress, opts_flag(p->options, "quiet"), opts_flag(p->options, "progress"), 0, chosen->n);
	for (; m.at < chosen->n && s == OK; m.at++) {
		json_t *one = select_member(chosen, m.at);
		m.shown.snapshot = m.at + 1;
		m.later = (chosen->n - m.at) * products_of(p, t);
		s = measure_choice(&m, chosen, &one);
		if (s == OK)
			json_add(list, one);
		else
			json_decref(one);
	}
	progress_end(&m.progress);
	return s;
}
