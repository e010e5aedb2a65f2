/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "curvature/density.h"

status density_run(struct curvature *c, const struct density_options *d, struct arena *a, struct density *out)
{
	(void)c, (void)d, (void)a, (void)out;
	return fail(ERR_USAGE, "not there yet");
}
