/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Box–Muller where it is hardest: words at the ends of their range, and at the borders of the transform's cases. */
#ifndef BASIN_TESTS_NOISE_WORDS_H
#define BASIN_TESTS_NOISE_WORDS_H

#include <stddef.h>
#include <stdint.h>

enum { NOISE_WORDS = 64 };

/* Sets out to the normals that n words turn into, n a multiple of NOISE_WORDS. */
typedef void normals_of_words(void *context, const uint32_t *words, size_t n, float *out);

void check_extreme_words(const char *label, normals_of_words *normals, void *context);

#endif
