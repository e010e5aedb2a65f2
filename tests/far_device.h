/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A device that keeps the interface honest where there is no other: the CPU's verbs behind memory that the host may not
 * touch (a look ends in SIGSEGV), with a slot table of its own, copies in place of resident data, and calls that are put
 * off until somebody must wait. Its numbers are the CPU's, bit for bit. */
#ifndef BASIN_FAR_DEVICE_H
#define BASIN_FAR_DEVICE_H

#include "src/backend.h"

/* The device as one of several backends: “far”, of which there is one. */
extern const struct backend far_backend;

/* Errors: as backend_open's. */
status far_open(int threads, struct device **out);

/* All far devices of the process have so much memory together, as those that are open on one card do; at first there is no such
 * limit. */
void far_limit(size_t bytes);

/* Devices that are opened from now on have no layers of these kinds, a bit each by enum layer_kind. */
void far_lack(unsigned kinds);

/* How many calls were put off so far: that a test really was about them. */
size_t far_put_off(const struct device *d);

/* Puts a call off that fails when it is carried out. */
status far_fail(struct device *d);

/* How often it was asked to begin. It does so no earlier than it must. */
size_t far_started(const struct device *d);

#endif
