/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/scaling.h"

#include <math.h>

#include <gsl/gsl_errno.h>
#include <gsl/gsl_roots.h>

/* What a fit goes through again and again. */
struct fit {
	const struct mixture *m;
	double weight;   /* w/n */
	double *each;    /* (n) */
};

static double floored_log(double p)
{
	return log(p + SCALING_FLOOR);
}

/* Of example i with b = 1/T: z = ℓ − max ℓ of its label and on average over classes, and log Σ e^(bz) with its slope in
 * b, E[z] by the softmax of bz. */
struct row {
	double label, mean, log_sum, slope;
};

static struct row row_at(const struct mixture *m, size_t i, double b)
{
	const double *p = m->p + i * (size_t)m->c, members = (double)m->members;
	struct row r = {0, 0, 0, 0};
	double top = p[0], sum = 0;
	for (int k = 1; k < m->c; k++)
		top = fmax(top, p[k]);
	top = floored_log(top / members);
	for (int k = 0; k < m->c; k++) {
		const double z = floored_log(p[k] / members) - top, e = exp(b * z);
		sum += e;
		r.slope += e * z;
		r.mean += z / m->c;
		if (k == m->label[i])
			r.label = z;
	}
	r.slope /= sum;
	r.log_sum = log(sum);
	return r;
}

static double total(const struct fit *f)
{
	double sum = 0;
	for (size_t i = 0; i < f->m->n; i++)
		sum += f->each[i];
	return sum;
}

/* Of what is minimised, over n: rises with b. */
static double slope_at(double b, void *params)
{
	const struct fit *f = params;
#pragma omp parallel for schedule(static)
	for (size_t i = 0; i < f->m->n; i++) {
		const struct row r = row_at(f->m, i, b);
		f->each[i] = r.slope - r.label + f->weight * (r.slope - r.mean);
	}
	return total(f) / (double)f->m->n;
}

double scaling_loss(const struct mixture *m, size_t i, double t)
{
	const struct row r = row_at(m, i, 1 / t);
	return r.log_sum - r.label / t;
}

static double nll_at(const struct fit *f, double t)
{
#pragma omp parallel for schedule(static)
	for (size_t i = 0; i < f->m->n; i++)
		f->each[i] = scaling_loss(f->m, i, t);
	return total(f) / (double)f->m->n;
}

/* The b where the slope is 0, which lies between these two. */
static status root(struct fit *f, double low, double high, double *b)
{
	enum { STEPS = 200 };   /* Brent's method takes ten; bisection would take fifty */
	gsl_error_handler_t *handler = gsl_set_error_handler_off();
	gsl_root_fsolver *solver = gsl_root_fsolver_alloc(gsl_root_fsolver_brent);
	gsl_function slope = {slope_at, f};
	status s = solver ? OK : fail(ERR_MEMORY, "out of memory: the fit of a temperature");
	if (s == OK && gsl_root_fsolver_set(solver, &slope, low, high))
		s = fail(ERR_LIBRARY, "GSL finds no temperature between %g and %g", SCALING_MIN, SCALING_MAX);
	for (int i = 0; s == OK && i < STEPS && high - low > 1e-12 * low; i++) {
		gsl_root_fsolver_iterate(solver);
		low = gsl_root_fsolver_x_lower(solver);
		high = gsl_root_fsolver_x_upper(solver);
	}
	if (s == OK)
		*b = gsl_root_fsolver_root(solver);
	if (solver)
		gsl_root_fsolver_free(solver);
	gsl_set_error_handler(handler);
	return s;
}

static status minimise(struct fit *f, struct scaling *out)
{
	const double low = 1 / SCALING_MAX, high = 1 / SCALING_MIN;
	const double at_low = slope_at(low, f), at_high = slope_at(high, f);
	double b = 1;
	out->fitted = at_low != 0 || at_high != 0;
	out->at_max = out->fitted && at_low >= 0;
	out->at_min = out->fitted && !out->at_max && at_high <= 0;
	if (out->fitted && !out->at_max && !out->at_min)
		TRY(root(f, low, high, &b));
	out->t = out->at_max ? SCALING_MAX : out->at_min ? SCALING_MIN : 1 / b;
	out->nll_before = nll_at(f, 1);
	out->nll_after = nll_at(f, out->t);
	return OK;
}

status scaling_fit(const struct mixture *m, double pseudo, struct scaling *out)
{
	*out = (struct scaling){.t = 1, .n = m->n, .nll_before = NAN, .nll_after = NAN};
	if (!m->n)
		return OK;
	struct arena arena = {0};
	struct fit f = {m, pseudo / (double)m->n, NULL};
	for (size_t i = 0; i < m->n; i++)
		out->zeros += m->p[i * (size_t)m->c + (size_t)m->label[i]] / (double)m->members < SCALING_FLOOR;
	status s = ARENA_NEW(&arena, m->n, &f.each);
	if (s == OK)
		s = minimise(&f, out);
	arena_free(&arena);
	return s;
}

void scaling_apply(double t, double *p, int c)
{
	if (t == 1)
		return;
	double top = p[0], sum = 0;
	for (int k = 1; k < c; k++)
		top = fmax(top, p[k]);
	top = floored_log(top);
	for (int k = 0; k < c; k++)
		sum += p[k] = exp((floored_log(p[k]) - top) / t);
	for (int k = 0; k < c; k++)
		p[k] /= sum;
}
