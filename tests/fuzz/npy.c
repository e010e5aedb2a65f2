/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* npy:IMAGES,LABELS with labels in another's place, and an array by itself. */
#include <stdio.h>
#include <stdlib.h>

#include "src/data/npy.h"
#include "tests/fuzz/fuzz.h"

static void read_array(const char *path)
{
	struct arena arena = {0};
	struct npy array;
	if (npy_read(path, &arena, &array) == OK && array.count < 100000) {
		double *as_double = malloc((array.count + 1) * sizeof *as_double);
		float *as_float = malloc((array.count + 1) * sizeof *as_float);
		if (!as_double || !as_float)
			fuzz_broken("no memory");
		npy_double(&array, as_double);
		npy_float(&array, as_float);
		for (size_t i = 0; npy_is_integer(array.type) && i < array.count; i++)
			(void)npy_integer(&array, i);
		free(as_double);
		free(as_float);
	}
	arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char spec[500];
	static const char *labels;
	struct part part[4];
	fuzz_parts(data, size, part, 4);
	unsigned how = fuzz_choice(&part[3]);
	if (!labels) {
		snprintf(spec, sizeof spec, "npy:%s,%s", fuzz_path("x.npy"), fuzz_path("y.npy"));
		labels = fuzz_path("labels.npy");
	}
	fuzz_put("x.npy", &part[0]);
	fuzz_put("y.npy", &part[1]);
	fuzz_put("labels.npy", &part[2]);
	fuzz_open(&(struct dataset_request){
		.spec = spec,
		.split = how & 1 ? SPLIT_HOLDOUT : SPLIT_TRAIN,
		.holdout = how & 2 ? "0.3" : NULL,
		.standardize = how & 16 ? STANDARDIZE_YES : STANDARDIZE_NO,
		.labels = how & 32 ? labels : NULL,
	});
	read_array(labels);
	return 0;
}
