/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "commands/stop.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>

static atomic_int asked;

static void listen(void (*hear)(int))
{
	struct sigaction a = {.sa_handler = hear, .sa_flags = (int)SA_RESTART};
	sigemptyset(&a.sa_mask);
	sigaction(SIGINT, &a, NULL);
	sigaction(SIGTERM, &a, NULL);
}

static void ask(int number)
{
	asked = number;
	listen(SIG_DFL);
}

void stop_listen(void)
{
	listen(ask);
}

bool stop_asked(void)
{
	return asked != 0;
}
