/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* cifar10:DIR and cifar100:DIR in the binary distribution. */
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct cifar_names names = {
		{"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"}, "test_batch.bin",
		"train.bin", "test.bin", "batches.meta.txt", "fine_label_names.txt",
	};
	struct part part[3];
	fuzz_parts(data, size, part, 3);
	fuzz_cifar(&names, part);
	return 0;
}
