/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* By what a run knows its data again. */
#ifndef BASIN_FINGERPRINT_H
#define BASIN_FINGERPRINT_H

#include "src/data/dataset.h"

/* The fingerprint of d's rows with held[i] == keep (held (n), or NULL: of all): XXH3-64 over eight little-endian 64-bit
 * numbers (n, element type, c, h, w, classes, targets, 0), then the values, then the int32 labels or the float targets.
 * Errors: ERR_MEMORY. */
status dataset_fingerprint(const struct dataset *d, const uint8_t *held, uint8_t keep, uint64_t *out);

/* As files and reports have it: 16 hexadecimal digits. */
struct fingerprint_text {
	char at[17];
};
struct fingerprint_text fingerprint_text(uint64_t fingerprint);

#endif
