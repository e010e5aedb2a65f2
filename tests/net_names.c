/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "tests/net_names.h"

#include <string.h>

#include "src/net/nets.h"

const char *net_name(int i)
{
	for (const struct net_kind *const *k = net_kinds; *k; k++)
		if (strcmp((*k)->name, (*k)->usage) == 0 && i-- == 0)
			return (*k)->name;
	return NULL;
}
