/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#ifndef BASIN_TESTS_CHOICE_OF_H
#define BASIN_TESTS_CHOICE_OF_H

#include <jansson.h>

/* What a CUDA device's choices say of the task with this key, whatever library and card stand behind it in the name; NULL: nothing. */
const char *choice_of(json_t *choices, const char *key);

#endif
