/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#ifndef BASIN_TESTS_NET_NAMES_H
#define BASIN_TESTS_NET_NAMES_H

/* The i-th network that takes no sizes, "lenet"; NULL behind the last. */
const char *net_name(int i);

#endif
