/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* cifar10:DIR and cifar100:DIR as Python pickled them, and a pickle by itself. */
#include <stdio.h>
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
	static char ten[250], hundred[250];
	static const char *const batches[] = {"data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5"};
	struct part part[3];
	fuzz_parts(data, size, part, 3);
	unsigned how = fuzz_choice(&part[2]);
	bool coarse = how & 1, test = how & 2;
	if (!ten[0]) {
		snprintf(ten, sizeof ten, "cifar10:%s", fuzz_path(""));
		snprintf(hundred, sizeof hundred, "cifar100:%s", fuzz_path(""));
	}
	if (coarse) {
		fuzz_put(test ? "test" : "train", &part[0]);
	} else if (test) {
		fuzz_put("test_batch", &part[0]);
	} else {
		for (int i = 0; i < 5; i++)
			fuzz_put(batches[i], &part[0]);
	}
	fuzz_put(coarse ? "meta" : "batches.meta", &part[1]);
	fuzz_open(&(struct dataset_request){.spec = coarse ? hundred : ten, .split = test ? SPLIT_TEST : SPLIT_TRAIN});
	parse(&part[1]);
	return 0;
}
