/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Rows of four to columns, many at a time. */
#ifndef BASIN_LANES_TURN_H
#define BASIN_LANES_TURN_H

#include "src/cpu/lanes.h"

#if LANES == 16
#define LOW_SINGLES 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29
#define HIGH_SINGLES 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31
#define LOW_PAIRS 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29
#define HIGH_PAIRS 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31
#elif LANES == 8
#define LOW_SINGLES 0, 8, 1, 9, 4, 12, 5, 13
#define HIGH_SINGLES 2, 10, 3, 11, 6, 14, 7, 15
#define LOW_PAIRS 0, 1, 8, 9, 4, 5, 12, 13
#define HIGH_PAIRS 2, 3, 10, 11, 6, 7, 14, 15
#else
#define LOW_SINGLES 0, 4, 1, 5
#define HIGH_SINGLES 2, 6, 3, 7
#define LOW_PAIRS 0, 1, 4, 5
#define HIGH_PAIRS 2, 3, 6, 7
#endif

/* The 4 × 4 blocks that the 128-bit parts of four vectors are, transposed. */
static inline __attribute__((always_inline)) void transpose_fours(vf v[4])
{
	const vf a = __builtin_shufflevector(v[0], v[1], LOW_SINGLES), b = __builtin_shufflevector(v[0], v[1], HIGH_SINGLES);
	const vf c = __builtin_shufflevector(v[2], v[3], LOW_SINGLES), d = __builtin_shufflevector(v[2], v[3], HIGH_SINGLES);
	v[0] = __builtin_shufflevector(a, c, LOW_PAIRS);
	v[1] = __builtin_shufflevector(a, c, HIGH_PAIRS);
	v[2] = __builtin_shufflevector(b, d, LOW_PAIRS);
	v[3] = __builtin_shufflevector(b, d, HIGH_PAIRS);
}

#undef LOW_SINGLES
#undef HIGH_SINGLES
#undef LOW_PAIRS
#undef HIGH_PAIRS

#endif
