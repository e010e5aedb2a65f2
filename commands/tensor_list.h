/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What tensors a vector holds, as JSON and as rows for people. */
#ifndef BASIN_TENSOR_LIST_H
#define BASIN_TENSOR_LIST_H

#include <jansson.h>

#include "src/tensor.h"

/* [{name, shape, offset, count}], a reference to it. */
json_t *tensor_list(const struct segments *segments);

/* Such lists as rows of name, count and shape, one under the other in the same columns; NULL is an empty one. */
void tensor_list_print(const json_t *const *list, int n);

#endif
