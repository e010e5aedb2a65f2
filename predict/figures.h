/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Figures of a report under the names that they have there. */
#ifndef BASIN_FIGURES_H
#define BASIN_FIGURES_H

#include <stdbool.h>
#include <stddef.h>

enum { FIGURES_MAX = 16 };

struct figure {
	const char *name;      /* as basin-predict(1) has it: "nll" */
	double value;          /* NaN where it is undefined */
	bool count;            /* a whole number of things */
};

struct figures {
	size_t n, members;     /* examples; of how many members' mixture */
	int count;
	struct figure at[FIGURES_MAX];
};

#endif
