/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#ifndef BASIN_CLOCK_H
#define BASIN_CLOCK_H

/* Seconds from some fixed moment on, by a clock that never goes back. */
double clock_seconds(void);

#endif
