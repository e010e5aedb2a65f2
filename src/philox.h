/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"), one source for the host and for every
 * backend without a vectorised one (a CUDA file defines PHILOX as a device function). */
#ifndef BASIN_PHILOX_H
#define BASIN_PHILOX_H

#include <stdint.h>

#ifndef PHILOX
#define PHILOX static inline
#endif

/* One block: out[4] from counter[4] and key[2]. */
PHILOX void philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
	uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
	uint32_t k0 = key[0], k1 = key[1];
	for (int round = 0; round < 10; round++) {
		uint64_t p0 = UINT64_C(0xD2511F53) * c0, p1 = UINT64_C(0xCD9E8D57) * c2;
		c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
		c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
		c1 = (uint32_t)p1;
		c3 = (uint32_t)p0;
		k0 += 0x9E3779B9u;
		k1 += 0xBB67AE85u;
	}
	out[0] = c0;
	out[1] = c1;
	out[2] = c2;
	out[3] = c3;
}

/* The words of elements 4·quad … 4·quad + 3 of a stream: which counter and key they have is said in rng.h. */
PHILOX void philox_words(uint32_t seed, uint32_t chain, uint32_t stream, uint64_t step, uint32_t quad, uint32_t out[4])
{
	const uint32_t counter[4] = {quad, stream, (uint32_t)step, (uint32_t)(step >> 32)}, key[2] = {seed, chain};
	philox4x32(counter, key, out);
}

#endif
