/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What a file of kernels includes first. Under nvcc these are CUDA's own words; where the tests compile the same file for the host,
 * tests/standin/language.h has come before and has defined them.
 *
 * Most kernels of a step take a few microseconds, of which the way from the end of one to the first load of the next is a good part.
 * So a kernel is launched early ("programmatic dependent launch"): its blocks may begin once every block of the one before has said
 * that they may, or has ended. Each kernel therefore begins with BEGIN_EARLY(), before any branch and before it touches memory, also
 * to write what an earlier kernel may still read. It waits until all of the one before is over and what it wrote is seen; and only
 * then says that the next one may begin. Were there a block that ended without the wait, its kernel could be over before an earlier
 * one is, and whoever waited for it would read what that one has not yet written. As all wait, one is over only after all before it
 * are; libraries' kernels, copies and events wait for the whole kernel before them. Of room on the card the next one takes what is
 * left when all blocks of this one have begun. tests/ptxas.t holds every kernel to it. */
#ifndef BASIN_CUDA_LAUNCH_H
#define BASIN_CUDA_LAUNCH_H

#ifdef __CUDACC__
#include <cuda_runtime.h>

#include "src/cuda/early.h"

/* The parameters' types are the kernel's own, as in a call. */
template <typename... PARAMETERS, typename... ARGUMENTS>
static inline cudaError_t launch_kernel(void (*kernel)(PARAMETERS...), dim3 grid, dim3 block, size_t shared_bytes, cudaStream_t stream,
                                        ARGUMENTS... arguments)
{
	cudaLaunchAttribute early = {};
	early.id = cudaLaunchAttributeProgrammaticStreamSerialization;
	early.val.programmaticStreamSerializationAllowed = 1;
	cudaLaunchConfig_t config = {};
	config.gridDim = grid;
	config.blockDim = block;
	config.dynamicSmemBytes = shared_bytes;
	config.stream = stream;
	config.attrs = &early;
	config.numAttrs = cuda_early() ? 1 : 0;
	return cudaLaunchKernelEx(&config, kernel, arguments...);
}

/* Launches a kernel; the value is a cudaError_t. */
#define LAUNCH(kernel, grid, block, shared_bytes, stream, ...) launch_kernel(kernel, grid, block, shared_bytes, stream, __VA_ARGS__)

/* What a kernel begins with. Cards before Hopper launch none early. */
static __device__ __forceinline__ void begin_early()
{
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
	cudaGridDependencySynchronize();
	cudaTriggerProgrammaticLaunchCompletion();
#endif
}
#define BEGIN_EARLY() begin_early()

/* Whether the code of a kernel that the present device runs has that wait: it may have been made from PTX for an older card. */
template <typename... PARAMETERS> static inline cudaError_t kernel_waits(void (*kernel)(PARAMETERS...), bool *yes)
{
	cudaFuncAttributes has;
	const cudaError_t e = cudaFuncGetAttributes(&has, (const void *)kernel);
	*yes = e == cudaSuccess && has.ptxVersion >= 90;
	return e;
}
#define KERNEL_WAITS(kernel, yes) kernel_waits(kernel, yes)

/* An array in the block's shared memory: of a size that is known here, or of shared_bytes. */
#define SHARED(type, name, count) __shared__ type name[count]
#define DYNAMIC_SHARED(type, name) extern __shared__ type name[]
#endif

enum { WARP = 32 };

#endif
