/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What the checkpoint's writer and reader share. */
#ifndef BASIN_CHECKPOINT_FORMAT_H
#define BASIN_CHECKPOINT_FORMAT_H

#include "src/files/checkpoint.h"

#define CHECKPOINT_FORMAT "basin-checkpoint"

/* The last pair of the facts: XXH3-64 of the file's bytes before this key, in hexadecimal. So the facts can be believed
 * without a look at the vectors, which may be a thousand times as long. */
#define CHECKPOINT_SEAL "facts_checksum"

/* CHECKPOINT_NAME: bytes of the longest name of a vector, with its end. */
enum { CHECKPOINT_VERSION = 2, CHECKPOINT_NAME = 64 };

#endif
