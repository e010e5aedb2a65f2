/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/processors.h"

#include <omp.h>
#include <stdlib.h>

enum { PROCESSORS_MAX = 4096 };

int processors_available(void)
{
	const char *text = getenv("OMP_NUM_THREADS");
	long n = text ? strtol(text, NULL, 10) : 0;
	return n > 0 && n <= PROCESSORS_MAX ? (int)n : omp_get_num_procs();
}
