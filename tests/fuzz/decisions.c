/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* --decide FILE: what is read is applied to a few rows, and written and read again as the same. */
#include <string.h>

#include "predict/decide/decided.h"
#include "tests/fuzz/fuzz.h"

static void use_classes(const struct decisions *d, struct arena *a)
{
	enum { CLASSES_MOST = 64 };
	static double p[2 * CLASSES_MOST];
	struct mixture m;
	struct decided rows;
	struct figures figures;
	if (d->classes > CLASSES_MOST || mixture_open(a, 2, d->classes, false, &m) != OK)
		return;
	memset(p, 0, sizeof p);
	p[0] = 1;
	for (int k = 0; k < d->classes; k++)
		p[d->classes + k] = 1.0 / d->classes;
	for (int member = 0; member < 2; member++) {
		if (mixture_add_probs(&m, 0, 2, p, 1e-6) != OK)
			fuzz_broken("probabilities are none");
		mixture_next(&m);
	}
	if (decided_classes(d, &m, a, &rows) == OK)
		decided_figures_classes(&rows, &m, &figures);
}

static void use_targets(const struct decisions *d, struct arena *a)
{
	enum { TARGETS_MOST = 16 };
	static const float output[2 * 2 * TARGETS_MOST];
	struct decided rows;
	struct figures figures;
	if (d->targets > TARGETS_MOST)
		return;
	const struct regression r = {.n = 2, .k = d->targets, .members = 2, .output = output, .noise_sd = 1};
	if (decided_reals(d, &r, a, &rows) == OK)
		decided_figures_reals(&rows, NULL, &figures);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *path;
	struct arena a = {0};
	struct decisions d, again;
	if (!path)
		path = fuzz_path("rules.json");
	fuzz_put("rules.json", &(struct part){data, size});
	if (decisions_read(path, &a, &d) == OK) {
		if (d.classes)
			use_classes(&d, &a);
		else
			use_targets(&d, &a);
		(void)decisions_void(&d);
		FILE *to = fopen(path, "w");
		if (!to || decisions_write(to, decisions_to_json(&d, "0", json_object())) != OK)
			fuzz_broken("what was read can't be written");
		fclose(to);
		if (decisions_read(path, &a, &again) != OK)
			fuzz_broken("what was written can't be read");
	}
	arena_free(&a);
	return 0;
}
