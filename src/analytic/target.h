/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What a kind of analytic target fills in, and how the numbers of its text are read. */
#ifndef BASIN_TARGET_H
#define BASIN_TARGET_H

#include "src/analytic.h"

enum { DIMENSIONS_MAX = 4096, TERMS_MAX = 1 << 20 };

struct target {
	const struct analytic_kind *kind;
	struct arena *arena;
	const char *spec;          /* the whole text */
	int d;                     /* dimensions */
	size_t n;                  /* N */
	double spread;             /* chains start from N(0, spread² I) */
	void *own;                 /* the kind's */
	char *note;                /* what it is, in words */
};

const struct target *analytic_target(const struct potential *p);

/* Rows of numbers, "A/B,A/B,…". */
struct rows {
	size_t n;
	int parts;                 /* numbers of a row */
	double *at;                /* (n, parts) */
};

/* Reads rows of `least` to `most` numbers, all as long as the first one, from the length bytes at `text`. `form` says what a row
 * is: "CENTRE/WIDTH/DEPTH". Errors: ERR_USAGE, naming the row and what was expected; ERR_MEMORY. */
status rows_read(const struct target *t, const char *text, size_t length, int least, int most, const char *form, struct rows *out);

/* Whether column `part` is above 0 everywhere. Errors: ERR_USAGE, naming the row and the part's name. */
status rows_above_zero(const struct target *t, const struct rows *r, int part, const char *name);

/* −log Σₖ exp(aₖ − pₖ‖θ − mₖ‖²/2): n peaks, whose shares of the sum are computed beside the largest, so that nothing
 * overflows however far out θ lies. */
struct peaks {
	size_t n;
	int d;
	double *height, *precision, *centre;   /* (n), (n), (n, d) */
	double *share, *slope;                 /* (n), (d): room for the shares and the gradient at a point */
};

/* Makes room for n peaks in t's d dimensions, which are t's own then. Errors: ERR_MEMORY. */
status peaks_open(struct target *t, size_t n, struct peaks **out);
/* The kinds' value and hvp. */
double peaks_value(const struct target *t, size_t i, const double *theta, double *gradient);
void peaks_hvp(const struct target *t, size_t i, const double *theta, const double *v, double *out);

#endif
