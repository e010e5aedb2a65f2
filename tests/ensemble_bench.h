/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Snapshot files of small networks, tables for them, and the plain forward pass in double that predictions are held to. */
#ifndef BASIN_TESTS_ENSEMBLE_BENCH_H
#define BASIN_TESTS_ENSEMBLE_BENCH_H

#include "predict/draws.h"
#include "predict/ensemble.h"
#include "src/options/opt.h"

enum { ROWS = 37, COLUMNS = 3, HIDDEN = 5, OUTPUTS = 3, RECORDS = 4, POINTS = 5, PROBES = 2 };

#define WORDS(...) (const char *const[]) {__VA_ARGS__, NULL}

/* The rows of the tables, with a class and a number each. */
extern double ensemble_row[ROWS][COLUMNS];
extern int ensemble_class[ROWS];
extern double ensemble_target[ROWS];

/* A file of that name in the scratch folder. */
const char *ensemble_path(struct arena *a, const char *name);

/* A header of snapshots, without what their writer puts there; the caller's. */
json_t *ensemble_header(const struct model *m, const char *likelihood, const char *csv, int seed, int chain);

/* The parameters (n) of a record. */
void ensemble_theta(float *x, size_t n, int seed, int chain, int record);

/* RECORDS records of each role: theta and anchor at steps 10, 20, …; the anchor's record number is RECORDS + i. Those of theta from
 * record blown_from on are not finite. The header is taken over. */
const char *ensemble_snaps(struct arena *a, const char *name, const struct model *m, json_t *header, int blown_from);

/* The rows, and two chains of a perceptron on their classes. */
struct ensemble_files {
	const char *csv, *first, *second;
};
struct ensemble_files ensemble_write(struct arena *a, struct model *m);

/* The outputs of a perceptron with one hidden layer at θ. */
void ensemble_forward(const struct model *m, const float *theta, const double *in, double *out);

/* The options that choose snapshots; the caller's. */
struct opts *ensemble_options(const char *const *words);

/* Checks that so many are chosen, from and to those steps; or that they are refused. */
void expect_choice(const char *what, const char *const *words, size_t n, uint64_t first, uint64_t last);
void expect_refusal(const char *what, const char *const *words, status want, const char *message);

/* Chosen snapshots, their network, its own data and room for predictions. */
struct reading {
	struct opts *o;
	struct arena arena;
	struct selection chosen;
	struct network n;
	struct subject subject;
	struct predictions p;
	struct member_draws draws;
};

void reading_open(struct reading *r, int threads, const char *const *words);
void reading_close(struct reading *r);

#endif
