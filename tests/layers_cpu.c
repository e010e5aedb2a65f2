/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "layers.h"
#include "tap.h"

int main(void)
{
	struct device *d;
	MUST(backend_open("cpu", 2, &d));
	check_layers(d);
	d->ops->close(d);
	return done_testing();
}
