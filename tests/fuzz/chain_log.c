/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Logs of chains, whole and from some byte on. */
#include "src/files/log_read.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"acceptance", "kinetic_temperature", NULL};
	static const char *path;
	struct part part[2];
	fuzz_parts(data, size, part, 2);
	const unsigned how = fuzz_choice(&part[1]);
	if (!path)
		path = fuzz_path("x.log.jsonl");
	fuzz_put("x.log.jsonl", &part[0]);
	for (uint64_t most = 0; most <= 64; most += 32) {
		struct arena a = {0};
		struct log_series s;
		if (log_read(path, how & 7, most, names, &a, &s) == OK)
			for (size_t i = 0; i < s.n; i++)
				if (s.step[i] <= (how & 7) || (i && s.step[i] <= s.step[i - 1]))
					fuzz_broken("steps of a log do not rise");
		arena_free(&a);
	}
	return 0;
}
