/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* basin flatness: the curvature of the loss at snapshots. */
#include "commands/flatness.h"
