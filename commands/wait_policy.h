/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* How idle threads wait. */
#ifndef BASIN_WAIT_POLICY_H
#define BASIN_WAIT_POLICY_H

/* Makes OpenMP's threads sleep soon instead of spinning for milliseconds between two parallel loops, which stalls every
 * step as soon as another program wants a processor. The runtime reads this from the environment before main, so the
 * program starts itself once more with it set; where the user chose (OMP_WAIT_POLICY, GOMP_SPINCOUNT) nothing is done,
 * and where it can't be done it goes on as it is. That costs one more start of the program (13 ms, most of it the loading of
 * libraries). Call it with main's arguments, before anything is read or written. */
void threads_wait_briefly(char **argv);

#endif
