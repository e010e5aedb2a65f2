/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Networks of linear layers, and states of methods on them, on a CUDA device. */
#include "tests/chain_runs.h"
#include "tests/cuda_driver.h"
#include "tests/net_case.h"
#include "tests/sampler_body.h"
#include "tests/state_body.h"
#include "tests/tap.h"
#include "tests/weighted_net.h"

static const char *const images[] = {"--data", "shapes", "--model", "mlp:3072-16-10", "--augment", "crop-flip", "--steps", "9",
                                     "--batch", "8", "--lr", "0.01", NULL};

int main(void)
{
	test_prefix(cuda_label);
	check_nets(open_cuda);
	check_weighted_nets(open_cuda, "factors");
	struct device *d = open_cuda();
	check_samplers(d, false);
	d->ops->close(d);
	write_csv();
	check_state(open_cuda, images, "a state");
	return done_testing();
}
