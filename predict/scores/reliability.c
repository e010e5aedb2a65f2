/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/scores/reliability.h"

#include <math.h>

#include "predict/errors.h"

void reliability_bins(const struct judged *j, struct reliability_bin bin[ECE_BINS])
{
	for (int b = 0; b < ECE_BINS; b++)
		bin[b] = (struct reliability_bin){.from = (double)b / ECE_BINS, .to = (b + 1.0) / ECE_BINS};
	for (size_t i = 0; i < j->n; i++) {
		struct reliability_bin *b = &bin[ece_bin(j->confidence[i])];
		b->count++;
		b->confidence += j->confidence[i];
		b->accuracy += j->right[i];
	}
	for (int b = 0; b < ECE_BINS; b++) {
		const double count = (double)bin[b].count;
		bin[b].confidence = bin[b].count ? bin[b].confidence / count : (double)NAN;
		bin[b].accuracy = bin[b].count ? bin[b].accuracy / count : (double)NAN;
		bin[b].accuracy_se = share_error(bin[b].accuracy, count);
	}
}

/* By the bin of each example: gaps right − confidence are summed by bin, and each counts towards its bin's sign. */
static status by_bins(const struct judged *j, const uint8_t *bin_of, struct calibration *out)
{
	struct arena arena = {0};
	double gap[ECE_BINS] = {0}, *each;
	*out = (struct calibration){NAN, NAN};
	if (!j->n)
		return OK;
	TRY(ARENA_NEW(&arena, j->n, &each));
	for (size_t i = 0; i < j->n; i++)
		gap[bin_of[i]] += j->right[i] - j->confidence[i];
	out->error = 0;
	for (int b = 0; b < ECE_BINS; b++)
		out->error += fabs(gap[b]) / (double)j->n;
	for (size_t i = 0; i < j->n; i++)
		each[i] = copysign(1, gap[bin_of[i]]) * (j->right[i] - j->confidence[i]);
	out->se = mean_error(each, j->n);
	arena_free(&arena);
	return OK;
}

status calibration_equal_width(const struct judged *j, struct calibration *out)
{
	struct arena arena = {0};
	uint8_t *bin;
	TRY(ARENA_NEW(&arena, j->n, &bin));
	for (size_t i = 0; i < j->n; i++)
		bin[i] = (uint8_t)ece_bin(j->confidence[i]);
	status s = by_bins(j, bin, out);
	arena_free(&arena);
	return s;
}

/* The order is falling: from its end on, ranks rise. */
static void deal_out(const struct judged *j, const size_t *order, uint8_t *bin)
{
	for (size_t rank = 0; rank < j->n; rank++) {
		const size_t i = order[j->n - 1 - rank];
		const bool tied = rank && j->confidence[i] == j->confidence[order[j->n - rank]];
		bin[i] = (uint8_t)(tied ? bin[order[j->n - rank]] : rank * ECE_BINS / j->n);
	}
}

status calibration_equal_mass(const struct judged *j, struct calibration *out)
{
	struct arena arena = {0};
	size_t *order;
	uint8_t *bin;
	status s = ARENA_NEW(&arena, j->n, &order);
	if (s == OK)
		s = ARENA_NEW(&arena, j->n, &bin);
	if (s == OK)
		s = judged_order(j->confidence, j->n, order);
	if (s == OK) {
		deal_out(j, order, bin);
		s = by_bins(j, bin, out);
	}
	arena_free(&arena);
	return s;
}

/* ---- by class ---- */

struct by_class {
	double *gap;                 /* (c, bins): Σ of 1{y = k} − p̄(k) */
	uint8_t *bin;                /* (n, c) */
	double *each;                /* (n) */
	double *p;                   /* (c) */
};

static status take_by_class(const struct mixture *m, struct arena *a, struct by_class *w)
{
	TRY(ARENA_NEW(a, (size_t)m->c * ECE_BINS, &w->gap));
	TRY(ARENA_NEW(a, m->n * (size_t)m->c, &w->bin));
	TRY(ARENA_NEW(a, m->n, &w->each));
	return ARENA_NEW(a, (size_t)m->c, &w->p);
}

static void sum_gaps(const struct mixture *m, const struct by_class *w)
{
	for (size_t i = 0; i < m->n; i++) {
		mixture_mean(m, i, w->p);
		for (int k = 0; k < m->c; k++) {
			const int b = ece_bin(w->p[k]);
			w->bin[i * (size_t)m->c + (size_t)k] = (uint8_t)b;
			w->gap[k * ECE_BINS + b] += (m->label[i] == k) - w->p[k];
		}
	}
}

static void sum_by_class(const struct mixture *m, const struct by_class *w, struct calibration *out)
{
	out->error = 0;
	for (int e = 0; e < m->c * ECE_BINS; e++)
		out->error += fabs(w->gap[e]) / (double)m->n / m->c;
	for (size_t i = 0; i < m->n; i++) {
		mixture_mean(m, i, w->p);
		for (int k = 0; k < m->c; k++) {
			const double gap = w->gap[k * ECE_BINS + w->bin[i * (size_t)m->c + (size_t)k]];
			w->each[i] += copysign(1, gap) * ((m->label[i] == k) - w->p[k]) / m->c;
		}
	}
	out->se = mean_error(w->each, m->n);
}

status calibration_by_class(const struct mixture *m, struct calibration *out)
{
	struct arena arena = {0};
	struct by_class w;
	*out = (struct calibration){NAN, NAN};
	if (!m->n || !m->members)
		return OK;
	status s = take_by_class(m, &arena, &w);
	if (s == OK) {
		sum_gaps(m, &w);
		sum_by_class(m, &w, out);
	}
	arena_free(&arena);
	return s;
}
