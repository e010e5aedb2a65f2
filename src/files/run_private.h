/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What a run's folder (run.c) and its locks (run_lock.c) need of each other; nobody else includes this. */
#ifndef BASIN_RUN_PRIVATE_H
#define BASIN_RUN_PRIVATE_H

#include "src/files/run.h"

/* Opens `lock`, made where it is not there, without taking a lock. Errors: ERR_IO; errno says why it can't be opened. */
status run_lock_open(struct run *r);
/* Whether `lock` is still the file that was opened. */
bool run_lock_lies(const struct run *r);

/* Waits until nobody else makes or changes run.json. Errors: ERR_IO. */
status run_lock_json(const struct run *r);
/* Keeps others from writing chains too. Errors: ERR_BUSY where somebody does; ERR_IO. */
status run_lock_chains(const struct run *r);
/* Ends both. */
void run_unlock(const struct run *r);

#endif
