/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* cifar10:DIR and cifar100:DIR as Python pickled them, and a pickle by itself. */
#include <stdlib.h>
#include <string.h>

#include "src/data/pickle.h"
#include "tests/fuzz/fuzz.h"

/* In memory of its own size, so that a step beyond its end is seen. */
static void parse(const struct part *p)
{
	struct arena arena = {0};
	const struct pickle_value *value;
	uint8_t *copy = malloc(p->size ? p->size : 1);
	if (!copy)
		fuzz_broken("no memory");
	memcpy(copy, p->data, p->size);
	if (pickle_parse("x", copy, p->size, &arena, &value) == OK)
		(void)pickle_get(value, "data");
	arena_free(&arena);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct cifar_names names = {
		{"data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5"}, "test_batch", "train", "test",
		"batches.meta", "meta",
	};
	struct part part[3];
	fuzz_parts(data, size, part, 3);
	fuzz_cifar(&names, part);
	parse(&part[1]);
	return 0;
}
