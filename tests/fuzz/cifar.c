/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* cifar10:DIR and cifar100:DIR in the binary distribution. */
#include <stdio.h>

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char ten[250], hundred[250];
	/* All of the training set: five times the same batch. */
	static const char *const batches[] = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin",
	                                      "data_batch_5.bin"};
	struct part part[3];
	fuzz_parts(data, size, part, 3);
	unsigned how = fuzz_choice(&part[2]);
	bool coarse = how & 1, test = how & 2;
	if (!ten[0]) {
		snprintf(ten, sizeof ten, "cifar10:%s", fuzz_path(""));
		snprintf(hundred, sizeof hundred, "cifar100:%s", fuzz_path(""));
	}
	if (coarse) {
		fuzz_put(test ? "test.bin" : "train.bin", &part[0]);
	} else if (test) {
		fuzz_put("test_batch.bin", &part[0]);
	} else {
		for (int i = 0; i < 5; i++)
			fuzz_put(batches[i], &part[0]);
	}
	fuzz_put(coarse ? "fine_label_names.txt" : "batches.meta.txt", &part[1]);
	fuzz_open(&(struct dataset_request){.spec = coarse ? hundred : ten, .split = test ? SPLIT_TEST : SPLIT_TRAIN});
	return 0;
}
