/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* mnist:DIR, plain and compressed. */
#include <stdio.h>

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char spec[250];
	struct part part[3];
	fuzz_parts(data, size, part, 3);
	unsigned how = fuzz_choice(&part[2]);
	if (!spec[0])
		snprintf(spec, sizeof spec, "mnist:%s", fuzz_path(""));
	fuzz_put(how & 1 ? "train-images-idx3-ubyte.gz" : "train-images-idx3-ubyte", &part[0]);
	fuzz_put(how & 2 ? "train-labels-idx1-ubyte.gz" : "train-labels-idx1-ubyte", &part[1]);
	fuzz_open(&(struct dataset_request){.spec = spec, .split = SPLIT_TRAIN});
	fuzz_remove(how & 1 ? "train-images-idx3-ubyte.gz" : "train-images-idx3-ubyte");
	fuzz_remove(how & 2 ? "train-labels-idx1-ubyte.gz" : "train-labels-idx1-ubyte");
	return 0;
}
