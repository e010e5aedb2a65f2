/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The processors that this process may use. */
#ifndef BASIN_PROCESSORS_H
#define BASIN_PROCESSORS_H

/* Those that its affinity mask has, as taskset, Slurm and containers set it, or fewer where OMP_NUM_THREADS says so; 1 at
 * least. */
int processors_available(void);

#endif
