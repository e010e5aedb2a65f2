/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The few names in a pickle that stand for data: how Python writes NumPy's arrays, and bytes in protocol 2. */
#ifndef BASIN_PICKLE_NUMPY_H
#define BASIN_PICKLE_NUMPY_H

#include "src/data/pickle.h"

/* The number of a known global, or −1. */
int pickle_global(const uint8_t *module, size_t module_size, const uint8_t *word, size_t word_size);

/* What calling `global` with these arguments would make, where that is plain data. Errors: ERR_INPUT, ERR_MEMORY. */
status pickle_construct(const char *name, const struct pickle_value *global, const struct pickle_value *arguments,
                        struct arena *a, struct pickle_value **out);

/* Gives an array its shape and bytes; a uint8 dtype's state says nothing more. Errors: ERR_INPUT. */
status pickle_set_state(const char *name, struct pickle_value *object, const struct pickle_value *state);

#endif
