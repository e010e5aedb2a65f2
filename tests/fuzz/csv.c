/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* csv:FILE, plain and compressed. */
#include <stdio.h>

#include "src/data/survey.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char plain[250], packed[250];
	struct part part[2];
	fuzz_parts(data, size, part, 2);
	unsigned how = fuzz_choice(&part[1]);
	if (!plain[0]) {
		snprintf(plain, sizeof plain, "csv:%s", fuzz_path("d.csv"));
		snprintf(packed, sizeof packed, "csv:%s", fuzz_path("d.csv.gz"));
	}
	fuzz_put(how & 64 ? "d.csv.gz" : "d.csv", &part[0]);
	struct survey survey = {.n = 0};
	fuzz_open(&(struct dataset_request){
		.survey = &survey,
		.spec = how & 64 ? packed : plain,
		.option = "--data",
		.split = how & 1 ? SPLIT_HOLDOUT : SPLIT_TRAIN,
		.holdout = how & 2 ? how & 4 ? "0.3" : "2" : NULL,
		.target = how & 8 ? "c" : NULL,
		.standardize = how & 16 ? STANDARDIZE_YES : STANDARDIZE_NO,
		.class_targets = how & 32,
		.decimal = how & 128 ? DECIMAL_COMMA : DECIMAL_POINT,
	});
	survey_close(&survey);
	return 0;
}
