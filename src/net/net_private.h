/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What the net*.c files share; nobody else includes this. */
#ifndef BASIN_NET_PRIVATE_H
#define BASIN_NET_PRIVATE_H

#include "src/net/net.h"

#endif
