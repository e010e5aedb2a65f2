/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The table of backends. The program is linked with one of its own where it has more than the CPU, and so is a test that wants
 * another: it then stands before the library, whose own is left out. */
#include "src/backend.h"

extern const struct backend cpu_backend;
#ifdef BASIN_CUDA
extern const struct backend cuda_backend;
#endif

/* The best first: without --device, the first one that there is here is used. */
const struct backend *const backends[] = {
#ifdef BASIN_CUDA
	&cuda_backend,
#endif
	&cpu_backend,
	NULL,
};
