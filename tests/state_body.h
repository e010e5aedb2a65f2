/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#ifndef BASIN_TESTS_STATE_BODY_H
#define BASIN_TESTS_STATE_BODY_H

#include "src/backend.h"

/* A sampler without a run, and what methods may ask of it, on devices that `open` opens; images: the words of a sampling command
 * line for a network on images, with batches of 8, ending with NULL. write_csv of chain_runs.h comes first. */
void check_state(struct device *(*open)(void), const char *const *images, const char *label);

#endif
