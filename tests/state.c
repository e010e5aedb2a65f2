/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A sampler without a run on the CPU, and on the far device. */
#include "tests/chain_runs.h"
#include "tests/far_device.h"
#include "tests/state_body.h"
#include "tests/tap.h"

static const char *const lenet_words[] = {"--data", "shapes", "--model", "lenet", "--augment", "crop-flip", "--steps", "9",
                                          "--batch", "8", "--lr", "0.01", "--conv-algo", "direct", NULL};

static struct device *open_cpu(void)
{
	struct device *d;
	MUST(backend_open("cpu", 2, &d));
	return d;
}

static struct device *open_far(void)
{
	struct device *d;
	MUST(far_open(2, &d));
	return d;
}

int main(void)
{
	write_csv();
	check_state(open_cpu, lenet_words, "cpu");
	check_state(open_far, lenet_words, "far");
	return done_testing();
}
