/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The Test Anything Protocol, for the C tests. */
#ifndef BASIN_TAP_H
#define BASIN_TAP_H

#include <stdbool.h>

/* Prints "ok N - name" or "not ok N - name" and returns condition. With UNTIL=WORDS in the environment the program ends at the
 * first test that fails and whose name begins with WORDS. */
bool ok(bool condition, const char *name, ...) __attribute__((format(printf, 2, 3)));

/* ok(|got − want| ≤ tolerance), with both numbers shown when it fails; NaN equals nothing. */
bool near(double got, double want, double tolerance, const char *name, ...) __attribute__((format(printf, 4, 5)));

/* A passed check that could not be made here, with its reason. */
void skip(const char *name, const char *reason);

/* A line of diagnostics ("# …"). */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Whether this case of a long list of like ones is to be run. With FAST in the environment (make check FAST=1) that is
 * every third one, which of three going round, so that of four in a row at least one is run and no inner loop always
 * meets the same; without, it is all. Ask before each case. */
bool in_turn(void);

/* Whether FAST is set: for tests whose cases can't be taken in turn. */
bool in_haste(void);

/* Whether FIDELITY is set: for tests that have a long form, which make check-fidelity takes. */
bool in_full(void);

/* What all names begin with from now on, followed by ": "; it must last. NULL: nothing, as at the start. */
void test_prefix(const char *prefix);

/* Prints the plan; returns the test program's exit status. */
int done_testing(void);

/* A fresh empty folder that is removed at exit. */
const char *scratch_folder(void);

/* Stops the test program when a call that must work fails, with Basin's own message. */
#define MUST(expr) must((int)(expr), #expr, __FILE__, __LINE__)
void must(int status, const char *what, const char *file, int line);

#endif
