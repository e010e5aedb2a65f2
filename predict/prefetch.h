/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Reading ahead: a chosen snapshot is read, checked and converted by a thread of its own while the device predicts with
 * the one before. The device has a copy of that one, so a single buffer in host memory does for both. */
#ifndef BASIN_PREFETCH_H
#define BASIN_PREFETCH_H

#include <pthread.h>

#include "predict/selection.h"

struct prefetch {
	struct selection *from;
	size_t i;
	bool reading;                /* from start to take */
	bool threaded;               /* there is a thread to join */
	pthread_t thread;
	status result;
	char *message;               /* what went wrong there; messages are kept by thread */
	struct snaps_record record;
};

/* Starts to read choice i. Until prefetch_take nobody else may read from the selection, and what was taken before is no
 * longer valid. Where no thread can be had it reads at once; what goes wrong is told by prefetch_take. */
void prefetch_start(struct prefetch *a, struct selection *s, size_t i);

/* Waits for what prefetch_start began; the record is valid until the next start. Errors: as selection_read's. */
status prefetch_take(struct prefetch *a, struct snaps_record *out);

/* Waits for what nobody takes any more, before the selection is closed. Without a start it does nothing. */
void prefetch_drop(struct prefetch *a);

#endif
