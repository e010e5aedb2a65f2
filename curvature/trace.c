/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "curvature/trace.h"

status trace_run(struct curvature *c, struct rng_key key, uint64_t first, size_t probes, const int *parts, int n_parts,
                 struct trace *out)
{
	(void)c, (void)key, (void)first, (void)probes, (void)parts, (void)n_parts, (void)out;
	return fail(ERR_USAGE, "not there yet");
}
