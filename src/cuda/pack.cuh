/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Packs: channels of a row that a thread moves at once, as memory has them. */
#ifndef BASIN_CUDA_PACK_CUH
#define BASIN_CUDA_PACK_CUH

#include "src/cuda/quad.cuh"

template <int PACK> struct pack;
template <> struct pack<1> {
	float v;
};
template <> struct pack<4> {
	float4 v;
};
template <> struct pack<8> {
	uint4 v;
};

template <int PACK> static __device__ __forceinline__ struct pack<PACK> pack_load(const void *t, bool bf16, size_t at)
{
	struct pack<PACK> p;
	if constexpr (PACK == 1)
		p.v = bf16 ? bf16_to_float(((const uint16_t *)t)[at]) : ((const float *)t)[at];
	else if constexpr (PACK == 4)
		p.v = *(const float4 *)((const float *)t + at);
	else
		p.v = *(const uint4 *)((const uint16_t *)t + at);
	return p;
}

static __device__ __forceinline__ void pair_numbers(unsigned pair, float *v)
{
	v[0] = __uint_as_float(pair << 16);
	v[1] = __uint_as_float(pair & 0xffff0000u);
}

template <int PACK> static __device__ __forceinline__ void pack_numbers(const struct pack<PACK> &p, float v[PACK])
{
	if constexpr (PACK == 1) {
		v[0] = p.v;
	} else if constexpr (PACK == 4) {
		v[0] = p.v.x;
		v[1] = p.v.y;
		v[2] = p.v.z;
		v[3] = p.v.w;
	} else {
		pair_numbers(p.v.x, v);
		pair_numbers(p.v.y, v + 2);
		pair_numbers(p.v.z, v + 4);
		pair_numbers(p.v.w, v + 6);
	}
}

/* v as memory has it. */
template <int PACK> static __device__ __forceinline__ struct pack<PACK> pack_of(bool bf16, const float v[PACK])
{
	struct pack<PACK> p;
	if constexpr (PACK == 1)
		p.v = bf16 ? bf16_to_float(bf16_of_float(v[0])) : v[0];
	else if constexpr (PACK == 4)
		p.v = make_float4(v[0], v[1], v[2], v[3]);
	else
		p.v = make_uint4(bf16_pair(v[0], v[1]), bf16_pair(v[2], v[3]), bf16_pair(v[4], v[5]), bf16_pair(v[6], v[7]));
	return p;
}

template <int PACK>
static __device__ __forceinline__ void pack_store(void *t, bool bf16, size_t at, const struct pack<PACK> &p)
{
	if constexpr (PACK == 4)
		*(float4 *)((float *)t + at) = p.v;
	else if constexpr (PACK == 8)
		*(uint4 *)((uint16_t *)t + at) = p.v;
	else if (bf16)
		number_set((uint16_t *)t + at, p.v);
	else
		number_set((float *)t + at, p.v);
}

#endif
