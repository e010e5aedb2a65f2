#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# What ptxas reports of the kernels, as the build has kept it: nothing is spilled, no array lies in local memory, and the largest
# block that a kernel is bound to can be launched.
set -u
. "${top_srcdir:?}/tests/tap.sh"

# bounds: of each kernel in PTX on standard input, "NAME THREADS"; 0 where it is bound to none.
bounds() {
	awk '
	function end() { if (name) print name, threads }
	/\.entry / { end(); name = $0; sub(/.*\.entry /, "", name); sub(/[^A-Za-z0-9_$].*/, "", name); threads = 0 }
	/^\.maxntid / { gsub(/,/, ""); threads = $2 * ($3 ? $3 : 1) * ($4 ? $4 : 1) }
	END { end() }'
}

# faults REPORT BOUNDS: what must not be, a line each. Registers are given out to warps of 32 threads, 8 to a thread at a time.
faults() {
	awk '
	FNR == NR { threads[$1] = $2; next }
	/Compiling entry function/ {
		kernel = $0
		sub(/.*Compiling entry function ./, "", kernel); sub(/[^A-Za-z0-9_$].*/, "", kernel)
		card = $0
		sub(/.* for ./, "", card); sub(/[^a-z0-9_].*/, "", card)
		kernels++
		if (!(kernel in threads) || !threads[kernel])
			print kernel ": no __launch_bounds__"
	}
	/bytes stack frame/ {
		if ($1 != 0) print kernel ", " card ": a stack frame of " $1 " bytes"
		if ($5 != 0 || $9 != 0) print kernel ", " card ": spills of " $5 " bytes, " $9 " bytes read back"
		framed++
	}
	/Used [0-9]+ registers/ {
		registers = $0
		sub(/.*Used /, "", registers)
		registers += 0
		shared = 0
		if (match($0, /[0-9]+ bytes smem/)) shared = substr($0, RSTART) + 0
		whole = int((registers + 7) / 8) * 8 * int((threads[kernel] + 31) / 32) * 32
		if (whole > 65536) print kernel ", " card ": " registers " registers × " threads[kernel] " threads are too many to launch"
		if (shared > 49152) print kernel ", " card ": " shared " bytes of shared memory, more than 48 KB"
		used++
	}
	END {
		if (!kernels) print "no kernel"
		if (kernels != used || kernels > framed) print "ptxas reports otherwise than it did: " kernels " kernels, " used " with registers"
	}' "$2" "$1"
}

# ---- planted reports, in ptxas' own words ----

# report REGISTERS FRAME STORES LOADS [SHARED]
report() {
	cat <<-END
		ptxas info    : 0 bytes gmem
		ptxas info    : Compiling entry function '_Z3onePf' for 'sm_80'
		ptxas info    : Function properties for _Z3onePf
		    $2 bytes stack frame, $3 bytes spill stores, $4 bytes spill loads
		ptxas info    : Used $1 registers, used 1 barriers${5:+, $5 bytes smem}, 360 bytes cmem[0]
		ptxas info    : Compile time = 2.180 ms
	END
}
printf '.visible .entry _Z3onePf(\n\t.param .u64 _Z3onePf_param_0\n)\n.maxntid 512\n{\n}\n' | bounds >"$dir/bounds"
grep -qx '_Z3onePf 512' "$dir/bounds"
ok $? "a kernel's bound is read"
printf '.visible .entry _Z3onePf()\n.maxntid 32, 8, 2\n{\n}\n.visible .entry _Z3twoPf()\n{\n}\n' | bounds | paste -s -d ' ' - |
	grep -qx '_Z3onePf 512 _Z3twoPf 0'
ok $? "in three dimensions, and that there is none"
planted() {  # planted NAME WORDS: of the report in $dir/report
	faults "$dir/report" "$dir/bounds" >"$dir/found"
	grep -q -e "$2" "$dir/found"
	result=$?
	ok $result "$1"
	[ $result = 0 ] || shown "$dir/found"
}
report 128 0 0 0 49152 >"$dir/report"
faults "$dir/report" "$dir/bounds" >"$dir/found"
[ ! -s "$dir/found" ]
ok $? "a kernel that is right to the last register and byte"
report 129 0 0 0 >"$dir/report"
planted "a register too many for its block" "_Z3onePf, sm_80: 129 registers × 512 threads"
report 32 136 0 0 >"$dir/report"
planted "a stack frame" "a stack frame of 136 bytes"
report 32 0 8 12 >"$dir/report"
planted "spills" "spills of 8 bytes, 12 bytes read back"
report 32 0 0 0 49153 >"$dir/report"
planted "too much shared memory" "49153 bytes of shared memory"
report 32 0 0 0 | sed '/Used/d' >"$dir/report"
planted "a report in other words" "reports otherwise"
report 32 0 0 0 >"$dir/report"
echo '_Z3onePf 0' >"$dir/bounds"
planted "a kernel that is bound to no size of block" "no __launch_bounds__"
: >"$dir/report"
planted "no kernel at all" "no kernel"

# ---- the build's ----

if [ -z "$CUDA_REPORTS" ]; then
	skip "the kernels" "built without nvcc"
	done_testing
	exit
fi
for report in $CUDA_REPORTS; do
	source=${report%.device.ptxas}.cu
	name=${source#src/cuda/}
	# A kernel's bound is its source's; that needs no optimising, which is most of the time.
	# shellcheck disable=SC2086 # a compiler with its flags
	$NVCC -std=c++17 -O0 -Xcicc -O0 -arch=compute_90 -ptx -I"$top_srcdir" "$top_srcdir/$source" -o "$dir/ptx" >"$dir/err" 2>&1 && bounds <"$dir/ptx" >"$dir/bounds"
	result=$?
	ok $result "$name: its PTX"
	[ $result = 0 ] || shown "$dir/err"
	faults "$report" "$dir/bounds" >"$dir/found"
	[ ! -s "$dir/found" ]
	result=$?
	ok $result "$name: no spill, no stack frame, launchable: $(grep -c 'entry function' "$report") kernels"
	[ $result = 0 ] || shown "$dir/found"
done
done_testing
