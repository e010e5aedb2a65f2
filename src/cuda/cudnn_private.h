/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* cuDNN's descriptors, for the cudnn*.c files: everything there is one, with attributes. */
#ifndef BASIN_CUDA_CUDNN_PRIVATE_H
#define BASIN_CUDA_CUDNN_PRIVATE_H

#include "src/cuda/cudnn.h"

typedef cudnnBackendDescriptor_t descriptor;

/* Errors: ERR_LIBRARY, ERR_MEMORY. */
status dnn_create(cudnnBackendDescriptorType_t type, descriptor *out);
status dnn_finalize(descriptor d);
status dnn_set(descriptor d, cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, int64_t n, const void *value);
status dnn_set_number(descriptor d, cudnnBackendAttributeName_t name, int64_t value);
status dnn_set_part(descriptor d, cudnnBackendAttributeName_t name, descriptor value);
/* What the card is, where it is only described; nothing else. */
status dnn_set_described(const struct dnn_card *card, descriptor d, int name);
status dnn_get(descriptor d, cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, int64_t room, int64_t *n,
               void *value);
/* Of an attribute with one value. */
status dnn_get_one(descriptor d, cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, void *value);

/* NULL is fine. Nothing depends on it any more: a failure is told, and passed over. */
void dnn_destroy(descriptor d);
/* Returns s, why it is so being kept; *d becomes NULL. */
status dnn_destroy_failed(descriptor *d, status s);

#if CUDNN_VERSION < 90800
enum { CUDNN_ATTR_ENGINEHEUR_DEVICEPROP, CUDNN_ATTR_ENGINE_DEVICEPROP, CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP };
#endif

#endif
