/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Tangents of the layers that are linear in their input and in their weights, against the oracle in tests/ref. */
#ifndef BASIN_TEST_TANGENT_CASE_H
#define BASIN_TEST_TANGENT_CASE_H

#include "tests/conv.h"
#include "tests/image.h"

/* All that a layer reads and writes, or the tangents of it: random at first, what is written too. */
struct tangent_side {
	struct image x, y, w, b, dy, dx, dw, db;   /* w (out, kernel·kernel·in per group), b and their gradients are flat */
	void *working;                             /* of w, or NULL */
	void *room;                                /* of tangents */
};

struct tangent_case {
	struct device *d;
	const struct layer_ops *ops;
	struct layer layer;
	struct layer_plan *plan;
	struct ref_conv shape;      /* a linear layer is a convolution of single pixels */
	struct tangent_side at, along;
	bool bias, first;           /* first: reads the batch, whose gradient there is none of */
	double slack;               /* times the bound of float32 sums */
};

/* Which tangents are there, and not NULL. */
enum { MOVES_X = 1, MOVES_W = 2, MOVES_B = 4, MOVES_DY = 8, MOVES_ALL = 15 };

/* A linear layer or a convolution; s->dims.kernel is 0 for a linear one, of `in` and `out` alone. */
void tangent_case_new(struct device *d, const struct conv_setup *s, double slack, struct tangent_case *c);
/* Another direction. */
void tangent_case_redraw(struct tangent_case *c);
void tangent_case_free(struct tangent_case *c);

/* io and dot of the case's passes. */
struct layer_io tangent_case_io(const struct tangent_case *c, const struct tangent_side *side);
struct layer_io tangent_case_dot(const struct tangent_case *c, int moves);

/* The worst errors of ẏ, dẋ, dẆ, dḃ, and of the adjoint identity, in units of their bounds. */
enum { TANGENT_ERRORS = 5 };
void tangent_case_check(struct tangent_case *c, int moves, bool add, double worst[TANGENT_ERRORS]);
void tangent_judge(const double worst[TANGENT_ERRORS], const char *name);

#endif
