/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/cuda/launch.h"

#include "src/cuda/noise.cuh"
#include "tests/cuda_words.h"

enum { THREADS = 64 };

__global__ void __launch_bounds__(THREADS) words_kernel(const struct cuda_slots *slots, enum stream stream, size_t quad, unsigned n,
                                                        uint32_t *out)
{
	const unsigned i = blockIdx.x * THREADS + threadIdx.x;
	if (i >= n)
		return;
	const uint4 w = noise_words(slots, stream, quad + i);
	out[4 * i] = w.x;
	out[4 * i + 1] = w.y;
	out[4 * i + 2] = w.z;
	out[4 * i + 3] = w.w;
}

__global__ void __launch_bounds__(THREADS) normals_kernel(const uint32_t *words, unsigned n, float *out)
{
	const unsigned i = blockIdx.x * THREADS + threadIdx.x;
	float normal[4];
	if (i >= n)
		return;
	noise_normals_of_words(make_uint4(words[4 * i], words[4 * i + 1], words[4 * i + 2], words[4 * i + 3]), normal);
	for (unsigned j = 0; j < 4; j++)
		out[4 * i + j] = normal[j];
}

cudaError_t launch_words(const struct cuda_slots *slots, enum stream stream, size_t quad, unsigned n, uint32_t *out, cudaStream_t to)
{
	return LAUNCH(words_kernel, (n + THREADS - 1) / THREADS, THREADS, 0, to, slots, stream, quad, n, out);
}

cudaError_t launch_normals_of_words(const uint32_t *words, unsigned n, float *out, cudaStream_t to)
{
	return LAUNCH(normals_kernel, (n + THREADS - 1) / THREADS, THREADS, 0, to, words, n, out);
}
