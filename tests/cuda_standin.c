/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include <stdlib.h>

#include "tests/cuda_driver.h"
#include "tests/tap.h"

extern const struct backend cuda_backend;

const char cuda_label[] = "cuda (stand-in)";

struct device *open_cuda(void)
{
	struct device *d;
	/* What is still there when the test ends makes it fail. */
	setenv("STANDIN_LEAKS", "1", 0);
	MUST(cuda_backend.open(0, 0, &d));
	return d;
}
