/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What the tests of the file formats share. */
#ifndef BASIN_TESTS_FILES_H
#define BASIN_TESTS_FILES_H

#include <stddef.h>
#include <stdint.h>

#include "src/arena.h"
#include "src/files/snaps.h"

/* A path in the scratch folder; valid for the rest of the program. */
const char *scratch_path(const char *name);

/* Whole files; a failure ends the test program. */
uint8_t *slurp(const char *path, size_t *bytes);
void spit(const char *path, const void *data, size_t bytes);

/* Runs work(context) in a child whose files can't grow beyond `bytes`, and returns its exit status. */
int with_file_limit(size_t bytes, int (*work)(void *), void *context);

/* A small model with a tensor of every number of dimensions: conv.weight (3, 2, 2, 2), fc.weight (4, 3), fc.bias (4);
 * with statistics, also bn.running_mean (3), bn.running_var (3) and the scalar bn.num_batches_tracked. */
struct small_model {
	struct arena arena;
	struct segments params, stats;
	json_t *meta;
	float theta[40], anchor[40], running[7];
};
void small_model_open(struct small_model *m, int with_stats);
void small_model_close(struct small_model *m);

#endif
