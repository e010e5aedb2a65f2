/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* --init: the last snapshot of a file, read into a model. */
#include "commands/problem.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct model model[2];
	static float params[200], stats[200];
	static const char *path;
	struct part part[2];
	json_t *prints = json_array();
	fuzz_parts(data, size, part, 2);
	if (!path) {
		const int input[3] = {1, 1, 2};
		if (model_build("mlp:2-4-1", NULL, NULL, input, 1, &model[0]) != OK ||
		    model_build("mlp:2-4-2", NULL, NULL, input, 2, &model[1]) != OK)
			fuzz_broken("no model");
		path = fuzz_path("x.snaps");
	}
	fuzz_put("x.snaps", &part[0]);
	const struct model *m = &model[fuzz_choice(&part[1]) & 1];
	(void)problem_init_from(path, &m->params, &m->stats, params, stats, &prints);
	json_decref(prints);
	return 0;
}
