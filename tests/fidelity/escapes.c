/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The long form of tail-sgd's times of escape (tests/methods_escape.c), with a step size more; tests/samplers takes the short
 * one. */
#include <stdlib.h>

#include "tests/sampler_body.h"
#include "tests/tap.h"

int main(void)
{
	struct device *d;
	if (!in_full()) {
		skip("tail-sgd's times of escape at more step sizes", "make check-fidelity takes them");
		return done_testing();
	}
	setenv("ESCAPES", "long", 1);
	MUST(backend_open("cpu", 1, &d));
	check_escapes(d, true);
	d->ops->close(d);
	return done_testing();
}
