/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Where a network's passes spend their time: a device whose verbs and layers are timed on the way to its own. A device that puts
 * calls off is waited for before and after each, so that its passes take longer than otherwise. */
#ifndef BASIN_BENCH_STOPWATCH_H
#define BASIN_BENCH_STOPWATCH_H

#include "src/layer.h"

/* Seconds; by layer kind, a folded norm's being its convolution's. */
struct stopwatch_times {
	double forward[LAYER_KINDS], backward[LAYER_KINDS];
	double weights, gather, loss;
};

struct stopwatch {
	struct backend timed;                   /* what the device's ops point at while it is watched */
	const struct backend *own;
	struct device *device;
	struct layer_ops ops[LAYER_KINDS];
	const struct layer_ops *layers[LAYER_KINDS];
	struct stopwatch_times *times;          /* added to; NULL: not now */
	double carried;                         /* sums of gradients that the next backward pass is given */
};

/* From now on the device's passes are timed, until it is closed; w lives as long. No network is open on it yet: a
 * layer's plan belongs to the ops that made it. */
void stopwatch_start(struct stopwatch *w, struct device *d);

#endif
