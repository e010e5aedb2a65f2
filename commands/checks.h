/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A list of checks: a value beside its threshold each, and what is made of it. */
#ifndef BASIN_COMMANDS_CHECKS_H
#define BASIN_COMMANDS_CHECKS_H

#include <stdbool.h>

#include <jansson.h>

#include "src/err.h"

enum { CHECKS_MAX = 24 };

enum check_kind {
	CHECK_AT_MOST,       /* value ≤ threshold */
	CHECK_AT_LEAST,      /* value ≥ threshold */
	CHECK_ABOVE,         /* value > threshold */
	CHECK_WITHIN         /* |value − expected| ≤ threshold */
};

struct check {
	const char *name, *title;   /* "rhat_predictions"; as people read it */
	enum check_kind kind;
	double value, threshold;    /* NaN: there is none */
	double expected, mcse;      /* of CHECK_WITHIN alone: what the value should be, and its standard error or NaN */
	const char *of;             /* what has this value, of several; NULL */
	const char *unjudged;       /* why it can't be judged; NULL where it is */
};

struct checks {
	int n;
	struct check at[CHECKS_MAX];
};

/* A check whose value is not a number can't be judged, and must say why. The texts stay the caller's. */
void checks_add(struct checks *c, const struct check *check);

/* How many are judged and are not ok. */
int checks_failed(const struct checks *c);

/* [{name, value, threshold, ok, …}], NULL without memory; and a line each on standard output. */
json_t *checks_json(const struct checks *c);
void checks_print(const struct checks *c);

/* OK, or ERR_CHECK with the names of those that are not ok. */
status checks_conclude(const struct checks *c);

#endif
