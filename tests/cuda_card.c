/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include <stdlib.h>

#include "tests/cuda_driver.h"
#include "tests/tap.h"

extern const struct backend cuda_backend;

const char cuda_label[] = "cuda";

struct device *open_cuda(void)
{
	struct device *d;
	status s = cuda_backend.open(0, 0, &d);
	if (s == ERR_USAGE) {
		skip("a card", fail_message(s));
		exit(done_testing());
	}
	MUST(s);
	return d;
}
