/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "commands/stop.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>

static atomic_int asked;

static void ask(int signal)
{
	asked = signal;
}

void stop_listen(void)
{
	struct sigaction a = {.sa_handler = ask, .sa_flags = (int)SA_RESETHAND | SA_RESTART};
	sigemptyset(&a.sa_mask);
	sigaction(SIGINT, &a, NULL);
	sigaction(SIGTERM, &a, NULL);
}

bool stop_asked(void)
{
	return asked != 0;
}
