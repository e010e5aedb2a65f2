/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* CUDA's language for a host compiler. It comes before a .cu file on the command line; the file knows nothing of it:
 *
 *     g++ -std=c++17 -x c++ -include tests/standin/language.h -iquote . -isystem /usr/local/cuda/include -c X_kernels.cu
 *
 * and what was compiled so is linked with every .cc of tests/standin (compiled without the -include), by g++, with
 * nothing of CUDA's: they are the runtime and cublasLt too. Of CUDA its headers alone are needed.
 *
 * A kernel is launched by LAUNCH(kernel, grid, block, shared_bytes, stream, arguments…), which has the value of a
 * cudaError_t, and has shared memory by SHARED(type, name, count) and DYNAMIC_SHARED(type, name). Everything else is
 * as in CUDA, as far as it is here: what is not here doesn't compile, on purpose where it could not be told right from
 * wrong (fences and flags between blocks, __activemask, volatile tricks). Each CUDA thread is a fiber (threads.cc); a
 * barrier or a shuffle is where it waits.
 *
 * With -fsanitize=thread (all files) every CUDA thread is a thread to ThreadSanitizer, with -fsanitize=address shared
 * memory and device memory have red zones. Environment: see standin.h. */
#ifndef BASIN_TESTS_STANDIN_LANGUAGE_H
#define BASIN_TESTS_STANDIN_LANGUAGE_H

#include <cuda_runtime_api.h>
#include <vector_functions.h>
#include <functional>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <tuple>
#include <type_traits>

/* Not __noinline__, which the compiler's own headers use as an attribute's name. */
#undef __global__
#undef __device__
#undef __host__
#undef __constant__
#undef __shared__
#undef __forceinline__
#undef __noinline__
#undef __launch_bounds__
#undef __grid_constant__
#define __global__
#define __device__
#define __host__
#define __constant__
#define __shared__ _Pragma("GCC error \"shared memory is SHARED or DYNAMIC_SHARED\"")
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __grid_constant__
/* What cuRAND's Philox header puts before its functions. */
#define QUALIFIERS static inline

/* The running CUDA thread. */
struct standin_place {
	uint3 thread, block;
	dim3 block_dim, grid_dim;
	unsigned lane, warp;
};
extern struct standin_place *standin_me;
#define threadIdx (standin_me->thread)
#define blockIdx (standin_me->block)
#define blockDim (standin_me->block_dim)
#define gridDim (standin_me->grid_dim)
static const int warpSize = 32;

/* ---- shared memory: new and poisoned (NaN) for every block ---- */

void *standin_dynamic_shared(void);
void *standin_shared(const void *key, size_t bytes);
#define SHARED(type, name, count)                                                                                   \
	static const char name##_key = 0;                                                                           \
	type *const name = (type *)standin_shared(&name##_key, sizeof(type) * (size_t)(count))
#define DYNAMIC_SHARED(type, name) type *const name = (type *)standin_dynamic_shared()

/* ---- threads that wait for each other ---- */

/* Returns how many threads of the block said other than 0. */
int standin_barrier(int said, const char *file, int line);
/* Waits for the lanes in mask. With `order` what they did before is seen behind it, as __syncwarp promises and
 * shuffles don't. Returns what lane `from` brought; ballot: a bit for each lane that brought other than 0. */
uint64_t standin_exchange(unsigned mask, uint64_t bits, unsigned from, bool order, const char *file, int line);
unsigned standin_ballot(unsigned mask, bool said, const char *file, int line);

#define __syncthreads() ((void)standin_barrier(0, __FILE__, __LINE__))
#define __syncthreads_count(said) standin_barrier((said) != 0, __FILE__, __LINE__)
#define __syncthreads_or(said) (standin_barrier((said) != 0, __FILE__, __LINE__) != 0)
#define __syncthreads_and(said) (standin_barrier((said) == 0, __FILE__, __LINE__) == 0)
static inline unsigned standin_mask(unsigned mask = 0xffffffffu)
{
	return mask;
}
#define __syncwarp(...)                                                                                             \
	((void)standin_exchange(standin_mask(__VA_ARGS__), 0, standin_me->lane, true, __FILE__, __LINE__))
#define __ballot_sync(mask, said) standin_ballot(mask, (said) != 0, __FILE__, __LINE__)
#define __any_sync(mask, said) (standin_ballot(mask, (said) != 0, __FILE__, __LINE__) != 0)
#define __all_sync(mask, said) (standin_ballot(mask, (said) == 0, __FILE__, __LINE__) == 0)

template <typename T>
static inline T standin_shuffle(unsigned mask, T v, unsigned from, const char *file, int line)
{
	static_assert(sizeof(T) <= 8, "a shuffle moves up to 8 bytes");
	uint64_t bits = 0;
	memcpy(&bits, &v, sizeof v);
	bits = standin_exchange(mask, bits, from, false, file, line);
	memcpy(&v, &bits, sizeof v);
	return v;
}

/* The lane that a shuffle reads, in its part of `width` lanes; outside of the part: the lane itself, as on the device. */
enum standin_way { STANDIN_INDEX, STANDIN_UP, STANDIN_DOWN, STANDIN_XOR };
static inline unsigned standin_lane(enum standin_way way, unsigned by, unsigned width = 32)
{
	unsigned me = standin_me->lane, first = me & ~(width - 1), at = me - first;
	switch (way) {
	case STANDIN_INDEX: return first + (by & (width - 1));
	case STANDIN_UP: return at >= by ? me - by : me;
	case STANDIN_DOWN: return at + by < width ? me + by : me;
	default: return (me ^ by) < first + width ? me ^ by : me;
	}
}
#define standin_shfl(mask, v, way, ...) standin_shuffle(mask, v, standin_lane(way, __VA_ARGS__), __FILE__, __LINE__)
#define __shfl_sync(mask, v, ...) standin_shfl(mask, v, STANDIN_INDEX, (unsigned)__VA_ARGS__)
#define __shfl_up_sync(mask, v, ...) standin_shfl(mask, v, STANDIN_UP, (unsigned)__VA_ARGS__)
#define __shfl_down_sync(mask, v, ...) standin_shfl(mask, v, STANDIN_DOWN, (unsigned)__VA_ARGS__)
#define __shfl_xor_sync(mask, v, ...) standin_shfl(mask, v, STANDIN_XOR, (unsigned)__VA_ARGS__)

template <typename T>
static inline T atomicAdd(T *p, T v)
{
	T old, next;
	__atomic_load(p, &old, __ATOMIC_RELAXED);
	do {
		next = old + v;
	} while (!__atomic_compare_exchange(p, &old, &next, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	return old;
}

template <typename T>
static inline T __ldg(const T *p)
{
	return *p;
}

/* How long a cache is to keep it is all that these say. */
template <typename T>
static inline T __ldcs(const T *p)
{
	return *p;
}

template <typename T>
static inline void __stcs(T *p, T v)
{
	*p = v;
}

#include "device_math.h"

/* ---- launches ---- */

/* An argument of a launch: where and how large. Host pointers among them are refused; those to device memory tell
 * which blocks a kernel may use. */
struct standin_arg {
	const void *at;
	size_t bytes;
	bool padded;    /* may have anything between its members, half an address too: what points nowhere is no fault of the launch */
};

/* clang++ can't clear what a copy leaves between members. */
#if defined(__GNUC__) && !defined(__clang__)
#define standin_clear_padding(p) __builtin_clear_padding(p)
template <typename T> inline constexpr bool standin_padded = false;
#else
#define standin_clear_padding(p) ((void)(p))
template <typename T> inline constexpr bool standin_padded = !std::has_unique_object_representations_v<T>;
#endif

/* A kernel with its arguments, which were copied at the launch as CUDA does. */
struct standin_kernel {
	const char *name;
	const void *function;
	dim3 grid, block;
	size_t shared;
	std::function<void()> body;
};
cudaError_t standin_launch(const struct standin_kernel *kernel, const struct standin_arg *args, size_t n,
                           cudaStream_t stream);

template <typename... P, typename... A>
static inline cudaError_t standin_call(const char *name, void (*kernel)(P...), dim3 grid, dim3 block, size_t shared,
				       cudaStream_t stream, A &&...a)
{
	static_assert((sizeof(P) + ... + 0) <= 4096, "a kernel's arguments are at most 4 KB");
	static_assert((std::is_trivially_copyable<P>::value && ... && true), "a kernel's arguments are plain data");
	std::tuple<std::remove_cv_t<P>...> args(static_cast<P>(a)...);
	const struct standin_kernel k = {name,   (const void *)kernel,
	                                 grid,   block,
	                                 shared, [kernel, args] { std::apply(kernel, args); }};
	return std::apply([&k, stream](std::remove_cv_t<P> &...p) {
		(standin_clear_padding(&p), ...);
		const struct standin_arg list[] = {{&p, sizeof p, standin_padded<std::remove_cv_t<P>>}..., {NULL, 0, false}};
		return standin_launch(&k, list, sizeof...(P), stream);
	}, args);
}
#define LAUNCH(kernel, grid, block, shared, stream, ...)                                                            \
	standin_call(#kernel, kernel, dim3(grid), dim3(block), shared, stream, ##__VA_ARGS__)

#endif
