/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* svhn:DIR. The first two parts are a file's elements as they are before compression; the third chooses: 0 the
 * first part is the whole file, 1 neither is compressed, 2 the first is, 3 both are. Elements' lengths are made
 * right. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "tests/fuzz/fuzz.h"

enum { HEADER = 128, TAG = 8, COMPRESSED = 15 };

/* Bytes that the element took. */
static size_t add(uint8_t *to, const struct part *p, bool compressed)
{
	uLongf n = compressBound(p->size);
	uint32_t tag[2] = {COMPRESSED, 0};
	if (!compressed) {
		tag[1] = p->size > TAG ? (uint32_t)p->size - TAG : 0;
		memcpy(to, p->data, p->size);
		if (p->size >= TAG)
			memcpy(to + 4, &tag[1], 4);
		return p->size;
	}
	if (compress2(to + TAG, &n, p->data, p->size, 1) != Z_OK)
		fuzz_broken("zlib");
	tag[1] = (uint32_t)n;
	memcpy(to, tag, TAG);
	return TAG + n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char spec[250];
	struct part part[3];
	fuzz_parts(data, size, part, 3);
	unsigned how = fuzz_choice(&part[2]) & 3;
	if (!spec[0])
		snprintf(spec, sizeof spec, "svhn:%s", fuzz_path(""));
	if (how == 0) {
		fuzz_put("train_32x32.mat", &part[0]);
	} else {
		size_t at = HEADER;
		uint8_t *file = malloc(HEADER + 4096 + 2 * size);
		if (!file)
			fuzz_broken("no memory");
		memset(file, ' ', HEADER);
		memcpy(file, "MATLAB 5.0 MAT-file", 19);
		memcpy(file + HEADER - 4, "\0\1IM", 4);
		at += add(file + at, &part[0], how >= 2);
		at += add(file + at, &part[1], how == 3);
		fuzz_put("train_32x32.mat", &(struct part){file, at});
		free(file);
	}
	fuzz_open(&(struct dataset_request){.spec = spec, .split = SPLIT_TRAIN});
	return 0;
}
