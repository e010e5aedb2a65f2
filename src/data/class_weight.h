/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Factors on the losses of classes, for sets of which one class is rare or costs more: the potential is
 *   u(θ) = (1/N) Σ w_{yᵢ} ℓᵢ(θ) + the prior's part,
 * that of data in which each example of class c is there w_c times, with N as it is. */
#ifndef BASIN_CLASS_WEIGHT_H
#define BASIN_CLASS_WEIGHT_H

#include "src/data/dataset.h"

#define CLASS_WEIGHT_WORDS "balanced|NAME=W[,NAME=W…]"

/* Factors by the words of {class-weight}, (d->n_classes) in the arena; NULL for NULL. "balanced" is N/(K n_c) over d's rows, K
 * classes of n_c (King & Zeng 2001, as scikit-learn's class_weight has them): each class then counts the same in all. NAME is a
 * class's name or, where no class has it, its number; a class that isn't named has 1. Errors: ERR_USAGE, naming the class or
 * what stands in its place; ERR_MEMORY. */
status class_weight_read(const char *text, const struct dataset *d, struct arena *a, const double **out);

/* They as a run's header has them, [w₀, w₁, …]. NULL without memory. */
json_t *class_weight_to_json(const double *weight, int n_classes);

/* "0.53 of no, 9.1 of yes": by the classes' names or numbers; cut where there are many. */
void class_weight_words(const double *weight, const struct dataset *d, struct text *to);

#endif
