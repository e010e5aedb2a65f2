/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/cpu/kernels.h"

#include <stdlib.h>
#include <string.h>

extern const struct kernels kernels_plain;

#ifdef BASIN_X86
extern const struct kernels kernels_v2, kernels_v3, kernels_v4;
const struct kernels *const kernels_all[] = {&kernels_v4, &kernels_v3, &kernels_v2, &kernels_plain, NULL};

/* The features that the x86-64 psABI's levels add and the kernels are compiled with. */
int kernels_usable(const struct kernels *k)
{
	__builtin_cpu_init();
	if (k == &kernels_v4 &&
	    !(__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	      __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
	      __builtin_cpu_supports("avx512vl")))
		return 0;
	if ((k == &kernels_v4 || k == &kernels_v3) &&
	    !(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
	      __builtin_cpu_supports("bmi2")))
		return 0;
	return k == &kernels_plain || (__builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt"));
}
#else
const struct kernels *const kernels_all[] = {&kernels_plain, NULL};

int kernels_usable(const struct kernels *k)
{
	return k == &kernels_plain;
}
#endif

status kernels_pick(const struct kernels **out)
{
	const char *wanted = getenv("BASIN_ISA");
	for (int i = 0; kernels_all[i]; i++) {
		const struct kernels *k = kernels_all[i];
		if (wanted && *wanted && strcmp(wanted, k->name) != 0)
			continue;
		if (kernels_usable(k)) {
			*out = k;
			return OK;
		}
		if (wanted && *wanted)
			return fail(ERR_USAGE, "BASIN_ISA=%s: this processor cannot run it; unset the variable", wanted);
	}
	return fail(ERR_USAGE, "BASIN_ISA=%s: this build has v4, v3 and v2 (on x86-64) and plain", wanted ? wanted : "");
}
