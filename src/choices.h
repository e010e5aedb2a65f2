/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Measured choices between algorithms, as a device keeps them and a checkpoint holds them: {"conv 64x32x32 …": "winograd"}. */
#ifndef BASIN_CHOICES_H
#define BASIN_CHOICES_H

#include <jansson.h>

#include "src/err.h"

struct device;

/* Takes a copy of `known` in the place of *own, which is the caller's. Errors: ERR_MEMORY, and *own is as it was. */
status choices_replace(json_t **own, const json_t *known);

/* Adds all of `own` to an object. Errors: ERR_MEMORY. */
status choices_add(const json_t *own, json_t *into);

/* Of several devices, {device's name: {…}}: adds those of `more` that `all` lacks. Errors: ERR_MEMORY. */
status choices_join(json_t *all, const json_t *more);

/* Loads those of `all`, which may be NULL, that are the device's (backend.h). Errors: ERR_MEMORY. */
status choices_give(const json_t *all, struct device *d, bool bind);

#endif
