/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The methods' equations on a device whose memory the host may not touch. */
#include "tests/far_device.h"
#include "tests/sampler_body.h"
#include "tests/tap.h"

int main(void)
{
	struct device *d;
	MUST(far_open(2, &d));
	check_samplers(d, false);
	d->ops->close(d);
	return done_testing();
}
