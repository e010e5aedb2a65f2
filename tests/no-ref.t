#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# No convolution of a named network falls to oneDNN's reference implementation, on processors with and without AVX-512.
program=${CONV_SHAPES:-$(dirname "$BASIN")/tests/conv_shapes}
n=0
check() {
	n=$((n + 1))
	told=$(env ONEDNN_MAX_CPU_ISA="$1" DNNL_MAX_CPU_ISA="$1" ONEDNN_VERBOSE=1 DNNL_VERBOSE=1 "$program" $2) || {
		echo "not ok $n - $1"
		echo "$told" | grep -v '^\(onednn\|dnnl\)_verbose' | sed 's/^/# /'
		return
	}
	ran=$(echo "$told" | grep -c '_verbose.*exec.*convolution')
	slow=$(echo "$told" | grep '_verbose.*exec' | grep ',ref' | sort -u)
	if [ "$ran" -gt 100 ] && [ -z "$slow" ]; then
		echo "ok $n - $1: no reference implementation among $ran convolutions"
	else
		echo "not ok $n - $1: no reference implementation among $ran convolutions"
		echo "$slow" | head -5 | sed 's/^/# /'
	fi
}
grep -q avx512 /proc/cpuinfo 2>/dev/null || {
	echo '1..0 # SKIP the processor has no AVX-512'
	exit 0
}
check DEFAULT
check AVX512_CORE
check AVX2 fp32
check SSE41 fp32
echo "1..$n"
