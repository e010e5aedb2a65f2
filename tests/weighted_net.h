/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Factors on the losses of classes against what they stand for: data in which those examples are there as often. */
#ifndef BASIN_TESTS_WEIGHTED_NET_H
#define BASIN_TESTS_WEIGHTED_NET_H

#include "src/backend.h"

/* Potential, gradient and steps of methods, on a device that is opened, and closed, for each of two likelihoods. */
void check_weighted_nets(struct device *(*open)(void), const char *label);

#endif
