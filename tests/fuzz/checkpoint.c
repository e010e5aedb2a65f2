/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Checkpoints: their facts alone, and with vectors of several sizes. */
#include <stdlib.h>

#include "src/files/checkpoint.h"
#include "src/json_text.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static float theta[100], other[100], stats[100];
	static const char *path;
	struct part part[2];
	json_t *meta;
	fuzz_parts(data, size, part, 2);
	unsigned how = fuzz_choice(&part[1]);
	/* The parameters of mlp:2-4-1, mlp:2-4-2 and mlp:3-4-1. */
	size_t bytes = how & 1 ? 68 : how & 2 ? 88 : 84;
	const struct checkpoint_blob blobs[] = {
		{"theta", theta, bytes},
		{how & 4 ? "anchor" : "stats", other, how & 8 ? bytes : 28},
		{"stats", stats, 28},
	};
	if (!path)
		path = fuzz_path("x.ckpt");
	fuzz_put("x.ckpt", &part[0]);
	if (checkpoint_meta(path, &meta) == OK) {
		free(json_text(meta));
		json_decref(meta);
	}
	if (checkpoint_facts(path, &meta) == OK)
		json_decref(meta);
	if (checkpoint_read(path, &meta, blobs, (int)(how >> 6)) == OK)
		json_decref(meta);
	return 0;
}
