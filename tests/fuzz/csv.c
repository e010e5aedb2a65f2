/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* csv:FILE, plain and compressed, and again by what was learnt from it: the same rows are the same data. */
#include <stdio.h>
#include <stdlib.h>

#include "src/data/survey.h"
#include "tests/fuzz/fuzz.h"

static void open_twice(const struct dataset_request *r)
{
	struct dataset d, again;
	struct arena a = {0};
	struct table table;
	if (dataset_open(r, &d) != OK)
		return;
	json_t *learnt = table_to_json(&d.table, &d.columns);
	if (table_from_json(learnt, &a, &table) != OK)
		abort();
	struct dataset_request by = *r;
	by.survey = NULL;
	by.table = &table;
	by.columns = &d.columns;
	/* Names that two columns have may be refused. */
	if (dataset_open(&by, &again) == OK) {
		if (again.train_fingerprint != d.train_fingerprint)
			abort();
		dataset_close(&again);
	}
	json_decref(learnt);
	arena_free(&a);
	dataset_close(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char plain[250], packed[250];
	struct part part[2];
	fuzz_parts(data, size, part, 2);
	unsigned how = fuzz_choice(&part[1]), more = part[1].size > 1 ? part[1].data[1] : 0;
	if (!plain[0]) {
		snprintf(plain, sizeof plain, "csv:%s", fuzz_path("d.csv"));
		snprintf(packed, sizeof packed, "csv:%s", fuzz_path("d.csv.gz"));
	}
	fuzz_put(how & 64 ? "d.csv.gz" : "d.csv", &part[0]);
	struct survey survey = {.n = 0};
	const struct dataset_request request = {
		.survey = &survey,
		.spec = how & 64 ? packed : plain,
		.option = "--data",
		.split = how & 1 ? SPLIT_HOLDOUT : SPLIT_TRAIN,
		.holdout = how & 2 ? how & 4 ? "0.3" : "2" : NULL,
		.target = how & 8 ? "c" : NULL,
		.standardize = how & 16 ? STANDARDIZE_YES : more & 64 ? STANDARDIZE_AUTO : STANDARDIZE_NO,
		.class_targets = how & 32,
		.decimal = how & 128 ? DECIMAL_COMMA : DECIMAL_POINT,
		.missing = (enum missing)(more % 4 % 3),
		.unknown = more & 4 ? UNKNOWN_OTHER : UNKNOWN_REFUSE,
		.drop = more & 8 ? "b" : NULL,
		.id = more & 16 ? "id" : NULL,
		.category = more & 32 ? "a" : NULL,
	};
	if (more & 128)
		open_twice(&request);
	else
		fuzz_open(&request);
	survey_close(&survey);
	return 0;
}
