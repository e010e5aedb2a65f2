/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A device that keeps the interface honest where there is no other: the CPU's verbs behind memory that the host may not
 * touch (a look ends in SIGSEGV), with a slot table of its own, copies in place of resident data, and calls that are put
 * off until somebody must wait. Its numbers are the CPU's, bit for bit. */
#ifndef BASIN_FAR_DEVICE_H
#define BASIN_FAR_DEVICE_H

#include "src/backend.h"

/* Errors: as backend_open's. */
status far_open(int threads, struct device **out);

/* How many calls were put off so far: that a test really was about them. */
size_t far_put_off(const struct device *d);

#endif
