/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The backends of this build, alone in a file: a program for tests has a table of its own. */
#include "src/backend.h"

extern const struct backend cpu_backend;

/* The best first: without --device, the first one that opens is used. */
const struct backend *const backends[] = {&cpu_backend, NULL};
