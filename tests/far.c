/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Everything that a backend must do, on a device whose memory the host may not touch and whose calls are put off. */
#include "tests/backend_body.h"
#include "tests/conv.h"
#include "tests/far_device.h"
#include "tests/layers.h"
#include "tests/tap.h"

int main(void)
{
	struct device *d;
	MUST(far_open(2, &d));
	check_backend(d, "far");
	check_layers(d);
	check_small_layers(d);
	check_norms(d);
	ok(far_put_off(d) > 1000, "%zu calls were put off", far_put_off(d));
	d->ops->close(d);
	return done_testing();
}
