/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What networks are given for comparisons with PyTorch, so that nothing big is stored: a generator that
 * tests/golden/resnet_torch.py has too, and the sums by which big tensors are compared. */
#ifndef BASIN_TESTS_GOLDEN_VALUES_H
#define BASIN_TESTS_GOLDEN_VALUES_H

#include "src/tensor.h"

/* Tensors of the generator; a model's parameters begin at 0. */
enum { GOLDEN_STATS = 1000, GOLDEN_IMAGES = 2000, GOLDEN_LABELS = 2001, GOLDEN_DIRECTION = 3000, GOLDEN_SIGNS = 4000 };
enum { GOLDEN_SUMS = 16 };  /* at most */

/* SplitMix64 (Steele, Lea & Flood 2014) by place. */
uint64_t golden_word(unsigned seed, uint64_t tensor, size_t element);

/* offset + scale·u, u on 2²⁴ points of [−1, 1). */
float golden_value(unsigned seed, uint64_t tensor, size_t element, double offset, double scale);

/* A model's parameters (base 0) or statistics (GOLDEN_STATS) in memory order: norms so far from 1 and 0 that it matters. */
void golden_fill(const struct segments *all, unsigned seed, uint64_t base, float *x);

/* n bytes of images. */
void golden_bytes(unsigned seed, size_t n, uint8_t *x);

/* ‖g − g′‖ over PyTorch's ‖g′‖ of a tensor in memory order: `golden` has ‖g′‖ and so many sums Σ ±g′ over its elements, whose
 * squared differences have the mean ‖g − g′‖²; 16 of them know it to 18 %. */
double golden_distance(const struct segment *s, const float *memory, unsigned seed, uint64_t tensor, const double *golden, int sums);

#endif
