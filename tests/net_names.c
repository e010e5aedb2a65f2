/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "tests/net_names.h"

#include <string.h>

#include "src/net/nets.h"

const char *net_name(int i, bool *imagenet)
{
	for (const struct net_kind *const *k = net_kinds; *k; k++) {
		const char *rest = (*k)->usage + strlen((*k)->name);
		if ((*rest == '\0' || *rest == '[') && i-- == 0) {
			*imagenet = strstr(rest, "imagenet") != NULL;
			return (*k)->name;
		}
	}
	return NULL;
}
