/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "curvature/lanczos.h"

status lanczos_run(struct curvature *c, const struct lanczos_options *l, struct lanczos *out)
{
	(void)c, (void)l, (void)out;
	return fail(ERR_USAGE, "not there yet");
}
