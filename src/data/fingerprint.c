/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/data/fingerprint.h"

#include <inttypes.h>
#include <stdio.h>

#include <xxhash.h>

/* Rows that follow one another are hashed at once. */
static void hash_rows(XXH3_state_t *state, const void *rows, size_t bytes, size_t n, const uint8_t *held, uint8_t keep)
{
	for (size_t i = 0, end; rows && i < n; i = end + 1) {
		for (end = i; end < n && (!held || held[end] == keep); end++)
			continue;
		XXH3_64bits_update(state, (const char *)rows + i * bytes, (end - i) * bytes);
	}
}

status dataset_fingerprint(const struct dataset *d, const uint8_t *held, uint8_t keep, uint64_t *out)
{
	size_t n = d->n, values = (size_t)d->c * (size_t)d->h * (size_t)d->w;
	for (size_t i = 0; held && i < d->n; i++)
		n -= held[i] != keep;
	uint64_t dims[8] = {n, d->element, (uint64_t)d->c, (uint64_t)d->h, (uint64_t)d->w, (uint64_t)d->n_classes,
	                    (uint64_t)d->n_targets, 0};
	XXH3_state_t *state = XXH3_createState();
	if (!state)
		return fail(ERR_MEMORY, "out of memory");
	XXH3_64bits_reset(state);
	XXH3_64bits_update(state, dims, sizeof dims);
	hash_rows(state, d->x, values * (d->element == ELEMENT_U8 ? 1 : sizeof(float)), d->n, held, keep);
	hash_rows(state, d->label, sizeof *d->label, d->n, held, keep);
	hash_rows(state, d->target, (size_t)d->n_targets * sizeof *d->target, d->n, held, keep);
	*out = XXH3_64bits_digest(state);
	XXH3_freeState(state);
	return OK;
}

struct fingerprint_text fingerprint_text(uint64_t fingerprint)
{
	struct fingerprint_text t;
	snprintf(t.at, sizeof t.at, "%016" PRIx64, fingerprint);
	return t;
}
