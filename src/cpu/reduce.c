/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Sums over vectors, in double: blocks of a fixed length, whatever the threads, added in their order. */
#include "src/cpu/cpu.h"

enum {
	REDUCE_BLOCK = 4096,    /* elements summed together */
	REDUCE_BLOCKS = 4096    /* partial sums kept at a time */
};

/* What is summed: Σ w·x·y, or, where there is a curve, the energy of a prior at x. */
struct summand {
	const float *x, *y, *w;
	const struct prior_curve *curve;
};

static double sum_of_block(const struct kernels *k, const struct summand *of, size_t from, size_t n)
{
	if (!of->curve)
		return k->dot(of->x + from, of->y + from, of->w ? of->w + from : NULL, n);
	double sum = 0;
	for (size_t i = from; i < from + n; i++)
		sum += prior_energy(of->curve, (double)of->x[i]);
	return sum;
}

static double sum_at(const struct kernels *k, const struct summand *of, size_t from, size_t to)
{
	return sum_of_block(k, of, from, to - from < REDUCE_BLOCK ? to - from : REDUCE_BLOCK);
}

/* Elements from … to − 1. */
static double sum_of(struct device *d, const struct summand *of, size_t from, size_t to)
{
	const struct kernels *k = kernels_of(d);
	double total = 0;
	if (cpu_alone(d, to - from)) {
		for (; from < to; from += REDUCE_BLOCK)
			total += sum_at(k, of, from, to);
		return total;
	}
	for (; from < to; from += (size_t)REDUCE_BLOCKS * REDUCE_BLOCK) {
		double part[REDUCE_BLOCKS];
		size_t blocks = (to - from + REDUCE_BLOCK - 1) / REDUCE_BLOCK;
		blocks = blocks < REDUCE_BLOCKS ? blocks : REDUCE_BLOCKS;
#pragma omp parallel for schedule(static) num_threads(cpu_threads(d))
		for (size_t b = 0; b < blocks; b++)
			part[b] = sum_at(k, of, from + b * REDUCE_BLOCK, to);
		for (size_t b = 0; b < blocks; b++)
			total += part[b];
	}
	return total;
}

status cpu_reduce(struct device *d, struct slots *s, size_t n, const float *x, const float *y, const float *w, int slot)
{
	TRY(slot_writable(slot));
	s->value[slot] = sum_of(d, &(struct summand){.x = x, .y = y, .w = w}, 0, n);
	return OK;
}

status cpu_reduce_moving(struct device *d, struct slots *s, const struct pieces *p, const float *x, const float *y,
                         const float *w, int slot)
{
	const struct summand of = {.x = x, .y = y, .w = w};
	double total = 0;
	TRY(slot_writable(slot));
	for (int i = 0; i < p->n; i++)
		if (!p->at[i].frozen)
			total += sum_of(d, &of, p->at[i].offset, p->at[i].offset + p->at[i].count);
	s->value[slot] = total;
	return OK;
}

status cpu_prior_energy(struct device *d, struct slots *s, const struct pieces *p, const float *x, int slot)
{
	double total = 0;
	TRY(slot_writable(slot));
	TRY(prior_check(s, p));
	for (int i = 0; i < p->n; i++) {
		const struct piece *at = &p->at[i];
		if (at->frozen || at->prior == 0)
			continue;
		const struct prior_curve curve = prior_curve(at->kind, at->nu, at->prior, s->value[SLOT_PRIOR]);
		const struct summand of = {.x = x, .curve = &curve};
		total += at->prior * sum_of(d, &of, at->offset, at->offset + at->count);
	}
	s->value[slot] = total;
	return OK;
}
