/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* One norm with its tangents on a device, and what they ought to be. */
#ifndef BASIN_TEST_NORM_TANGENTS_H
#define BASIN_TEST_NORM_TANGENTS_H

#include "tests/norm_dot.h"

/* The tangents that are given: of norm_dot's inputs, dy's in two parts. */
enum { GIVEN_SECOND = DOT_INPUTS, GIVEN };

struct tangents {
	struct norm_case c;                  /* as norm_case_new takes it; without bf16 */
	unsigned null, unwanted;             /* bits: of what is given, and of what is to come out, the pointers that are NULL */
	bool backward;                       /* runs between jvp and hvp */
	struct image given[GIVEN], out[DOT_OUTPUTS];
	struct layer_io io, dot;
	struct layer_plan *p;
};

/* Sets up what the fields up to `backward` ask for; random numbers everywhere. What the norm has not joins null and unwanted. */
void tangents_open(struct tangents *t);
void tangents_close(struct tangents *t);
/* Points dot at what is given and what is to come out, once more. */
void tangents_point(struct tangents *t);
void tangents_draw(struct image *images, int count);
void tangents_run(struct tangents *t);

const struct layer_ops *tangents_ops(const struct tangents *t);
/* Where output DOT_… comes out, or NULL. */
void *tangents_out(const struct tangents *t, int i);
bool tangents_has_threshold(const struct tangents *t);

/* The caller's to free. */
struct norm_dot tangents_oracle(const struct tangents *t);

#endif
