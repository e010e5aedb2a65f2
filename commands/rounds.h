/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Chains side by side on a device that is no processor: one thread goes round them, so that each has a step with the device while
 * the thread waits for another's numbers. Each has the device opened for itself, with what it records and its potential, so that
 * its calls, and its bits, are those that it has alone. */
#ifndef BASIN_ROUNDS_H
#define BASIN_ROUNDS_H

#include "commands/crew.h"

/* Runs all chains of a crew, at most so many at a time, by the thread that opened the problem, whose device and potential the
 * first of them has. Where the device has no room for as many, those that it has room for go on, which is said. Errors:
 * ERR_MEMORY. */
status rounds_run(struct crew *c, int most);

#endif
