/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* How the work of an ensemble is divided among threads. Each worker is one thread, with a device of one thread: a library
 * may sum in another order with more of them (oneDNN's Winograd convolutions do, from five on), and outputs would be other
 * bits. Members and their batches go side by side instead, a batch being what it is with one worker, and no figure depends
 * on how many there are. */
#ifndef BASIN_DIVISION_H
#define BASIN_DIVISION_H

#include "predict/predictive.h"

struct work {
	size_t members, batches;   /* batches of one member, over all sets */
	size_t worker;             /* bytes of a worker's device: working weights, activations of a batch, for each set */
	size_t seat;               /* bytes of a member under way: its parameters, and outputs that are not kept anyway */
	size_t outputs;            /* bytes of a member's outputs; a worker has room for a piece's */
};

struct division {
	size_t workers;
	size_t pieces;             /* that a member's batches are cut into */
	size_t seats;              /* members that are under way at a time */
};

/* The work of so many members on these sets, with a worker of so many bytes. */
void work_of(const struct network *n, const struct predictions *sets, int n_sets, size_t members, size_t worker,
             struct work *out);

/* As many workers as there are threads and batches, fewer where they and the members under way would take more than half of
 * the bytes available; a single one is always there, and reads one member ahead. Pieces are as few as leave sixteen for every
 * worker, so that none waits long for the others at the end. */
void work_divide(const struct work *w, size_t threads, size_t available, struct division *out);

/* How many slices the adding of a set's rows is cut into. */
size_t work_slices(const struct predictions *set, size_t workers);

#endif
