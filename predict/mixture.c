/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/mixture.h"

#include <math.h>

double log_add(double a, double b)
{
	double top = fmax(a, b);
	return top == -INFINITY ? top : top + log1p(exp(fmin(a, b) - top));
}

double entropy_of(const double *p, int c)
{
	double h = 0;
	for (int j = 0; j < c; j++)
		if (p[j] > 0)
			h -= p[j] * log(p[j]);
	return h > 0 ? h : 0;
}

status mixture_open(struct arena *a, size_t n, int c, bool logits, struct mixture *m)
{
	*m = (struct mixture){.n = n, .c = c};
	if (c < 1 || n > SIZE_MAX / sizeof(double) / (size_t)c)
		return fail(ERR_MEMORY, "out of memory: %zu × %d probabilities asked for", n, c);
	TRY(ARENA_NEW(a, n * (size_t)c, &m->p));
	TRY(ARENA_NEW(a, n, &m->entropy));
	if (logits) {
		TRY(ARENA_NEW(a, n, &m->max_logit));
		TRY(ARENA_NEW(a, n, &m->energy));
	}
	return OK;
}

status mixture_label_members(struct arena *a, struct mixture *m, const int32_t *label)
{
	for (size_t i = 0; i < m->n; i++)
		if (label[i] < 0 || label[i] >= m->c)
			return fail(ERR_INPUT, "label %d of example %zu is not one of the %d classes 0 … %d", label[i], i, m->c,
			            m->c - 1);
	m->label = label;
	return m->energy ? ARENA_NEW(a, m->n, &m->last) : OK;
}

status mixture_label(struct arena *a, struct mixture *m, const int32_t *label)
{
	TRY(mixture_label_members(a, m, label));
	if (!m->energy)
		return OK;
	TRY(ARENA_NEW(a, m->n, &m->own));
	TRY(ARENA_NEW(a, m->n, &m->log_p));
	for (size_t i = 0; i < m->n; i++)
		m->log_p[i] = -INFINITY;
	mixture_part(m);
	return OK;
}

/* Adds one row of logits; false when one of them is not finite. */
static bool add_row(struct mixture *m, size_t i, const float *z, int k, float *p_out)
{
	int c = m->c, shift = c - k;  /* a Bernoulli's first class has the logit 0 and no output */
	double top = shift ? 0 : z[0];
	for (int j = 0; j < k; j++) {
		if (!isfinite(z[j]))
			return false;
		top = fmax(top, z[j]);
	}
	double total = shift ? exp(-top) : 0, mean = 0;
	for (int j = 0; j < k; j++) {
		double e = exp(z[j] - top);
		total += e;
		mean += e * (z[j] - top);
	}
	mean += shift ? exp(-top) * -top : 0;
	double *p = m->p + i * (size_t)c;
	for (int j = 0; j < c; j++) {
		double pj = exp((j < shift ? 0 : z[j - shift]) - top) / total;
		p[j] += pj;
		if (p_out)
			p_out[j] = (float)pj;
	}
	/* H = log Σ e^{z−top} − Σ p (z − top): no logarithm of a probability that has underflowed. */
	m->entropy[i] += fmax(0, log(total) - mean / total);
	if (m->label) {
		int y = m->label[i];
		double log_p = (y < shift ? 0 : z[y - shift]) - top - log(total);
		if (m->log_p) {
			m->log_p[i] = log_add(m->log_p[i], log_p);
			m->own[i] = log_add(m->own[i], log_p);
		}
		m->last[i] = log_p;
	}
	/* A Bernoulli's z is the logit of one class beside 0; as −z/2 and z/2 it makes no difference which of the two that is. */
	const double middle = shift ? z[0] / 2 : 0;
	m->max_logit[i] += top - middle;
	m->energy[i] -= top + log(total) - middle;
	return true;
}

status mixture_not_finite(const size_t *line, size_t example)
{
	if (line)
		return fail(ERR_INPUT, "the network's outputs for the row on line %zu of standard input are not finite", line[example]);
	return fail(ERR_INPUT, "the network's outputs for example %zu are not finite", example);
}

status mixture_add_logits(struct mixture *m, size_t first, size_t count, const float *logits, int k, float *p)
{
	for (size_t i = 0; i < count; i++)
		if (!add_row(m, first + i, logits + i * (size_t)k, k, p ? p + i * (size_t)m->c : NULL))
			return mixture_not_finite(m->line, first + i);
	return OK;
}

status mixture_add_probs(struct mixture *m, size_t first, size_t count, const double *p, double tolerance)
{
	for (size_t i = 0; i < count; i++) {
		const double *row = p + i * (size_t)m->c;
		double sum = 0;
		for (int j = 0; j < m->c; j++) {
			if (!(row[j] >= 0))
				return fail(ERR_INPUT, "row %zu: probability %d is %g; probabilities are at least 0",
				            first + i, j, row[j]);
			sum += row[j];
		}
		if (!(fabs(sum - 1) <= tolerance))
			return fail(ERR_INPUT, "row %zu sums to %g; probabilities of one example sum to 1 ± %g. Logits "
			            "have to go through a softmax first", first + i, sum, tolerance);
		for (int j = 0; j < m->c; j++)
			m->p[(first + i) * (size_t)m->c + (size_t)j] += row[j];
		m->entropy[first + i] += entropy_of(row, m->c);
	}
	return OK;
}

void mixture_next(struct mixture *m)
{
	m->members++;
	m->own_members++;
}

void mixture_mean(const struct mixture *m, size_t i, double *p)
{
	for (int j = 0; j < m->c; j++)
		p[j] = m->p[i * (size_t)m->c + (size_t)j] / (double)m->members;
}

double mixture_loss(const struct mixture *m, size_t i)
{
	/* Sums and their number apart: their quotient could be too small for a double where they are not. */
	double members = log((double)m->members);
	if (m->log_p)
		return fmax(0, members - m->log_p[i]);
	return members - log(m->p[i * (size_t)m->c + (size_t)m->label[i]]);
}

void mixture_part(struct mixture *m)
{
	m->own_members = 0;
	for (size_t i = 0; m->own && i < m->n; i++)
		m->own[i] = -INFINITY;
}

/* NaN for NULL. */
static double mean(const double *x, size_t n)
{
	double sum = x ? 0 : (double)NAN;
	for (size_t i = 0; x && i < n; i++)
		sum += x[i];
	return sum / (double)n;
}

double mixture_part_nll(const struct mixture *m)
{
	return log((double)m->own_members) - mean(m->own, m->n);
}

double mixture_last_nll(const struct mixture *m)
{
	return -mean(m->last, m->n);
}
