/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "commands/wait_policy.h"

#include <stdlib.h>
#include <unistd.h>

void threads_wait_briefly(char **argv)
{
	if (getenv("OMP_WAIT_POLICY") || getenv("GOMP_SPINCOUNT"))
		return;
	if (setenv("GOMP_SPINCOUNT", "1000", 1) == 0)
		execv("/proc/self/exe", argv);
}
