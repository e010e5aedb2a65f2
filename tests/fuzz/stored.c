/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* --probs FILE --labels FILE: stored probabilities and their figures. */
#include "predict/metrics.h"
#include "predict/stored.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *probs, *labels;
	struct part part[2];
	struct arena arena = {0};
	struct stored s;
	struct class_metrics figures;
	fuzz_parts(data, size, part, 2);
	if (!probs) {
		probs = fuzz_path("probs.npy");
		labels = fuzz_path("labels.npy");
	}
	fuzz_put("probs.npy", &part[0]);
	fuzz_put("labels.npy", &part[1]);
	if (stored_open(&arena, probs, &s) == OK && stored_labels(&arena, labels, &s.mixture) == OK &&
	    stored_fill(&s, &arena, NULL) == OK)
		(void)metrics_classes(&s.mixture, true, &figures);
	arena_free(&arena);
	return 0;
}
