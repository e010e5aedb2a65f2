/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* CUDA's device functions that the C library lacks. The host's bits are not the device's (NVIDIA documents bounds in ulp):
 * tests compare within bounds that hold for both. language.h includes this. */
#ifndef BASIN_TESTS_STANDIN_DEVICE_MATH_H
#define BASIN_TESTS_STANDIN_DEVICE_MATH_H

#define STANDIN_BITS(name, to, from)                                                                                \
	static inline to name(from x)                                                                               \
	{                                                                                                           \
		to bits;                                                                                            \
		memcpy(&bits, &x, sizeof bits);                                                                     \
		return bits;                                                                                        \
	}
STANDIN_BITS(__float_as_uint, unsigned, float)
STANDIN_BITS(__uint_as_float, float, unsigned)
STANDIN_BITS(__float_as_int, int, float)
STANDIN_BITS(__int_as_float, float, int)
STANDIN_BITS(__double_as_longlong, long long, double)
STANDIN_BITS(__longlong_as_double, double, long long)
#undef STANDIN_BITS

static inline unsigned __umulhi(unsigned a, unsigned b) { return (unsigned)((uint64_t)a * b >> 32); }
static inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b)
{
	return (unsigned long long)((unsigned __int128)a * b >> 64);
}
static inline int __popc(unsigned x) { return __builtin_popcount(x); }
static inline int __clz(int x) { return x ? __builtin_clz((unsigned)x) : 32; }
static inline int __ffs(int x) { return __builtin_ffs(x); }

static inline float __fmaf_rn(float a, float b, float c) { return fmaf(a, b, c); }
static inline double __fma_rn(double a, double b, double c) { return fma(a, b, c); }
/* Never contracted to an fma: that is what these are for. */
static inline float __fadd_rn(float a, float b) { volatile float sum = a + b; return sum; }
static inline float __fsub_rn(float a, float b) { volatile float difference = a - b; return difference; }
static inline float __fmul_rn(float a, float b) { volatile float product = a * b; return product; }
static inline float __fdiv_rn(float a, float b) { volatile float quotient = a / b; return quotient; }
static inline double __dadd_rn(double a, double b) { volatile double sum = a + b; return sum; }
static inline double __dmul_rn(double a, double b) { volatile double product = a * b; return product; }
static inline float __fsqrt_rn(float x) { return sqrtf(x); }
static inline float __frcp_rn(float x) { return 1 / x; }
static inline float __fdividef(float a, float b) { return a / b; }
/* Names that glibc has declared for itself. */
#define __expf(x) expf(x)
#define __logf(x) logf(x)
static inline float __saturatef(float x) { return x > 0 ? x < 1 ? x : 1 : 0; }
static inline float rsqrtf(float x) { return (float)(1 / sqrt((double)x)); }
static inline double rsqrt(double x) { return 1 / sqrt(x); }

static inline float __double2float_rn(double x) { return (float)x; }
static inline float __uint2float_rn(unsigned x) { return (float)x; }
static inline float __int2float_rn(int x) { return (float)x; }
static inline int __float2int_rn(float x) { return (int)rintf(x); }
static inline int __float2int_rz(float x) { return (int)x; }

/* π·x with x taken into [−½, ½] first, which is exact: so these are right for large x too. */
static inline void sincospi(double x, double *sine, double *cosine)
{
	double whole = rint(x), odd = fmod(whole, 2) != 0 ? -1 : 1;
	*sine = odd * sin(M_PI * (x - whole));
	*cosine = odd * cos(M_PI * (x - whole));
}
static inline void sincospif(float x, float *sine, float *cosine)
{
	double s, c;
	sincospi((double)x, &s, &c);
	*sine = (float)s, *cosine = (float)c;
}
static inline float sinpif(float x) { float s, c; sincospif(x, &s, &c); return s; }
static inline float cospif(float x) { float s, c; sincospif(x, &s, &c); return c; }

#define STANDIN_MIN_MAX(type)                                                                                       \
	static inline type min(type a, type b) { return a < b ? a : b; }                                            \
	static inline type max(type a, type b) { return a > b ? a : b; }
STANDIN_MIN_MAX(int)
STANDIN_MIN_MAX(unsigned)
STANDIN_MIN_MAX(long)
STANDIN_MIN_MAX(unsigned long)
STANDIN_MIN_MAX(long long)
STANDIN_MIN_MAX(unsigned long long)
#undef STANDIN_MIN_MAX
static inline float min(float a, float b) { return fminf(a, b); }
static inline float max(float a, float b) { return fmaxf(a, b); }
static inline double min(double a, double b) { return fmin(a, b); }
static inline double max(double a, double b) { return fmax(a, b); }

#endif
