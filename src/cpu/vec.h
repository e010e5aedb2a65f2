/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* How the vector verbs go over the flat vector: ranges of elements shared among threads, and blocks that stay in the L1 cache. */
#ifndef BASIN_CPU_VEC_H
#define BASIN_CPU_VEC_H

#include <omp.h>

#include "src/cpu/cpu.h"

enum { VEC_BLOCK = 512 };   /* elements of a block; a multiple of NOISE_GROUP */

/* The elements of the flat vector that one thread works on; `count` in all. Shares start at whole blocks. */
static inline void vec_share(size_t count, size_t *from, size_t *to)
{
	size_t blocks = (count + VEC_BLOCK - 1) / VEC_BLOCK;
	size_t threads = (size_t)omp_get_num_threads(), thread = (size_t)omp_get_thread_num();
	*from = blocks * thread / threads * VEC_BLOCK;
	*to = blocks * (thread + 1) / threads * VEC_BLOCK;
	if (*to > count)
		*to = count;
}

/* The part of a piece that lies in from … to − 1; whether there is one. */
static inline bool vec_part(const struct piece *p, size_t from, size_t to, size_t *first, size_t *end)
{
	*first = p->offset > from ? p->offset : from;
	*end = p->offset + p->count < to ? p->offset + p->count : to;
	return *first < *end;
}

/* Where the block that element e is in ends, or `end` where that comes first. */
static inline size_t vec_block_end(size_t e, size_t end)
{
	size_t next = (e / VEC_BLOCK + 1) * VEC_BLOCK;
	return next < end ? next : end;
}

/* What lies before element `from` in its group of noise, and with it the elements from … to − 1, as whole groups. */
static inline size_t vec_noise(size_t from, size_t to, size_t *first)
{
	*first = from - from % NOISE_GROUP;
	return (to - *first + NOISE_GROUP - 1) / NOISE_GROUP * NOISE_GROUP;
}

#endif
