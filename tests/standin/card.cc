/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What the device says of itself: the limits are an H100's, the name is no card's. */
#include "inside.h"
#include <cstdio>

static const char *const name = "stand-in";
enum { MAJOR = 9, MINOR = 0, PROCESSORS = 132 };

extern "C" {

cudaError_t cudaGetDevice(int *device)
{
	CALL_OR_FAIL();
	*device = 0;
	return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp *p, int device)
{
	CALL_OR_FAIL();
	(void)device;
	size_t left;
	memset(p, 0, sizeof *p);
	snprintf(p->name, sizeof p->name, "%s", name);
	p->major = MAJOR, p->minor = MINOR;
	p->multiProcessorCount = PROCESSORS;
	p->warpSize = 32;
	p->maxThreadsPerBlock = 1024;
	p->maxThreadsPerMultiProcessor = 2048;
	p->sharedMemPerBlock = 48 << 10;
	p->sharedMemPerBlockOptin = STANDIN_SHARED_MOST;
	p->regsPerBlock = 65536;
	p->l2CacheSize = 50 << 20;
	p->memoryBusWidth = 5120;
	p->unifiedAddressing = 1;
	p->asyncEngineCount = 3;
	p->concurrentKernels = 1;
	return cudaMemGetInfo(&left, &p->totalGlobalMem);
}

cudaError_t cudaDeviceGetAttribute(int *value, enum cudaDeviceAttr attribute, int device)
{
	CALL_OR_FAIL();
	(void)device;
	switch (attribute) {
	case cudaDevAttrComputeCapabilityMajor: *value = MAJOR; break;
	case cudaDevAttrComputeCapabilityMinor: *value = MINOR; break;
	case cudaDevAttrMultiProcessorCount: *value = PROCESSORS; break;
	case cudaDevAttrWarpSize: *value = 32; break;
	case cudaDevAttrMaxThreadsPerBlock: *value = 1024; break;
	case cudaDevAttrMaxThreadsPerMultiProcessor: *value = 2048; break;
	case cudaDevAttrMaxSharedMemoryPerBlock: *value = 48 << 10; break;
	case cudaDevAttrMaxSharedMemoryPerBlockOptin: *value = STANDIN_SHARED_MOST; break;
	case cudaDevAttrClockRate: *value = 1980000; break;
	case cudaDevAttrMemoryClockRate: *value = 2619000; break;
	case cudaDevAttrGlobalMemoryBusWidth: *value = 5120; break;
	default: return standin_said(cudaErrorInvalidValue);
	}
	return cudaSuccess;
}

cudaError_t cudaRuntimeGetVersion(int *version)
{
	CALL_OR_FAIL();
	*version = CUDART_VERSION;
	return cudaSuccess;
}

/* The names of the errors that the stand-in returns, or a test makes it return. */
#define ERRORS(X)                                                                                                   \
	X(cudaSuccess, "no error")                                                                                  \
	X(cudaErrorInvalidValue, "invalid argument")                                                                \
	X(cudaErrorMemoryAllocation, "out of memory")                                                               \
	X(cudaErrorInitializationError, "initialization error")                                                     \
	X(cudaErrorInvalidConfiguration, "invalid configuration argument")                                          \
	X(cudaErrorInvalidMemcpyDirection, "invalid copy direction for memcpy")                                     \
	X(cudaErrorInsufficientDriver, "CUDA driver version is insufficient for CUDA runtime version")              \
	X(cudaErrorNoDevice, "no CUDA-capable device is detected")                                                  \
	X(cudaErrorInvalidDevice, "invalid device ordinal")                                                         \
	X(cudaErrorDevicesUnavailable, "CUDA-capable device(s) is/are busy or unavailable")                         \
	X(cudaErrorContextIsDestroyed, "context is destroyed")                                                      \
	X(cudaErrorMisalignedAddress, "misaligned address")                                                         \
	X(cudaErrorInvalidResourceHandle, "invalid resource handle")                                                \
	X(cudaErrorIllegalState, "the operation cannot be performed in the present state")                          \
	X(cudaErrorNotReady, "device not ready")                                                                    \
	X(cudaErrorIllegalAddress, "an illegal memory access was encountered")                                      \
	X(cudaErrorLaunchOutOfResources, "too many resources requested for launch")                                 \
	X(cudaErrorLaunchFailure, "unspecified launch failure")                                                     \
	X(cudaErrorNotSupported, "operation not supported")                                                         \
	X(cudaErrorStreamCaptureUnsupported, "operation not permitted when stream is capturing")                    \
	X(cudaErrorStreamCaptureInvalidated, "operation failed due to a previous error during capture")             \
	X(cudaErrorStreamCaptureWrongThread, "attempt to terminate a thread-local capture sequence from another thread") \
	X(cudaErrorECCUncorrectable, "uncorrectable ECC error encountered")                                         \
	X(cudaErrorUnknown, "unknown error")

const char *cudaGetErrorName(cudaError_t e)
{
#define NAME(error, meaning) if (e == error) return #error;
	ERRORS(NAME)
	return "unrecognized error code";
}

const char *cudaGetErrorString(cudaError_t e)
{
#define MEANING(error, meaning) if (e == error) return meaning;
	ERRORS(MEANING)
	return "unrecognized error code";
}

}
