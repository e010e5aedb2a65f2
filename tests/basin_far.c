/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The whole program with the far device as its best one: what its commands do where the best device is no processor.
 * FAR_LIMIT: bytes that it has; FAR_LACKS: kinds of layers that it has not, a bit each by enum layer_kind. */
#include <stdlib.h>

#include "tests/far_device.h"

extern const struct backend cpu_backend;

const struct backend *const backends[] = {&far_backend, &cpu_backend, NULL};

__attribute__((constructor)) static void read_environment(void)
{
	const char *bytes = getenv("FAR_LIMIT"), *kinds = getenv("FAR_LACKS");
	if (bytes)
		far_limit(strtoull(bytes, NULL, 0));
	if (kinds)
		far_lack((unsigned)strtoul(kinds, NULL, 0));
}
