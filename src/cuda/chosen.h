/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What does a task here, among the device's choices. An algorithm means something to one version of its library alone, and which is the
 * best to one kind of card: a choice's name says which they are, "conv fprop … of cuDNN 9.19.0 on NVIDIA H100 80GB HBM3", so that a run
 * which has been on several has the choices of each. */
#ifndef BASIN_CUDA_CHOSEN_H
#define BASIN_CUDA_CHOSEN_H

#include "src/cuda/cuda.h"

/* The choice for a task with this key; NULL: none, and where there is one of elsewhere, a warning says so, once for each kind. */
const char *cuda_chosen(struct cuda_device *cuda, enum cuda_chosen_kind kind, const char *key);

/* Makes it the choice. Errors: ERR_MEMORY. */
status cuda_chosen_keep(struct cuda_device *cuda, enum cuda_chosen_kind kind, const char *key, const char *text);

#endif
