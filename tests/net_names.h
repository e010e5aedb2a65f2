/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#ifndef BASIN_TESTS_NET_NAMES_H
#define BASIN_TESTS_NET_NAMES_H

#include <stdbool.h>

/* The i-th network that needs no sizes, "lenet"; NULL behind the last. *imagenet: whether "resnet18:imagenet" is one too. */
const char *net_name(int i, bool *imagenet);

#endif
