/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Runs on a regression of four rows and three parameters, for the tests of whole chains. */
#ifndef BASIN_CHAIN_RUNS_H
#define BASIN_CHAIN_RUNS_H

#include "commands/facts.h"

enum { N = 4, B = 2, D = 3, CHAINS = 48 };

/* Rows of the csv: two columns and the target; the model adds the bias. */
extern const double table[N][3];

/* Writes the csv; call it first. */
void write_csv(void);

/* The options of a sampling command line on it; words end with NULL. */
struct opts *parse(const char *const *words);
/* The same for another model. */
struct opts *parse_model(const char *model, const char *const *words);

/* The same without data and model, which are among the words. */
struct opts *parse_all(const char *const *words);

/* Runs all chains of a command line into a folder of that name and leaves the run there. */
void sample(const char *name, const char *const *words, char *folder, size_t size);
/* The same with options, which it frees. */
void sample_with(const char *name, struct opts *o, char *folder, size_t size);
/* The same on an open device, which it closes; after `stop` steps of each chain it stops and goes on with another state (0:
 * never). */
void sample_on(struct device *d, uint64_t stop, const char *name, struct opts *o, char *folder, size_t size);

struct snaps_reader *open_chain(const char *folder, int k);
/* Whether two runs kept the same bytes of chain k, and any. */
bool same_chain_bytes(const char *a, const char *b, int k);

#endif
