/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Chosen snapshots as draws of chains, the same number of each: what convergence is judged by. */
#ifndef BASIN_PANEL_H
#define BASIN_PANEL_H

#include "predict/selection.h"

enum { PANEL_JUDGED = 20 };   /* draws of a chain, below which R̂ of chains that agree is mostly chance, and nothing is judged */

struct panel {
	int chains;
	size_t draws;        /* of each */
	size_t *first;       /* (chains): the choice that is the chain's first draw; its others follow it */
	size_t *total;       /* (chains): draws that were chosen of it, of which these are the last */
	size_t left_out;     /* chains */
};

/* A chain is a file of which something was chosen. One that has less than half as many draws as the one that has most
 * ended early or has only begun, and would take the others' draws with it: it is left out. Of the rest the last draws
 * are taken, as many as the shortest has. Errors: ERR_MEMORY, ERR_USAGE beyond 2³¹ chains. */
status panel_open(const struct selection *s, struct arena *a, struct panel *out);

#endif
