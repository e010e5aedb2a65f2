/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* SIGINT and SIGTERM, for commands that end by themselves between two parts of their work. */
#ifndef BASIN_COMMANDS_STOP_H
#define BASIN_COMMANDS_STOP_H

#include <stdbool.h>

/* From now on the first signal asks for an end, and a second one, be it the other of the two, kills. */
void stop_listen(void);
bool stop_asked(void);

#endif
