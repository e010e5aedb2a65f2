/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The noise of a card's kernels, word by word. Addresses are the device's. */
#ifndef BASIN_TESTS_CUDA_WORDS_H
#define BASIN_TESTS_CUDA_WORDS_H

#include "src/cuda/kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

/* out (4·n): the words of n quads from `quad` on. */
cudaError_t launch_words(const struct cuda_slots *slots, enum stream stream, size_t quad, unsigned n, uint32_t *out, cudaStream_t to);

/* out (4·n): the normals that n quads of words turn into. */
cudaError_t launch_normals_of_words(const uint32_t *words, unsigned n, float *out, cudaStream_t to);

#ifdef __cplusplus
}
#endif

#endif
