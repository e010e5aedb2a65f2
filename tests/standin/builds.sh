#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# builds.sh races|clang SOURCE BUILD [JOBS]: in an empty folder, the backend's checks on the stand-in once more, of which kernels,
# stand-in and the C of src/cuda are compiled in another way, and the rest is BUILD's:
#
# races: with ThreadSanitizer, to which each CUDA thread and each stream is a thread. It must also find what is planted in copies
#        of two files: a barrier that is missing, and blocks of which the last one wins.
# clang: kernels and stand-in by clang++.
#
# Warnings are errors. Exits with 77 where there are no such tools, and the last line says so.
set -eu
how=$1 source=$(cd "$2" && pwd) build=$(cd "$3" && pwd) jobs=${4:-2}
# The longest first.
tests="tests/cuda_chains tests/cuda_convnets tests/cuda_verbs tests/cuda_layers tests/cuda_net tests/cuda_replay tests/cuda_matmul"
tests="$tests tests/cuda_weights tests/cuda_norm"

cannot() {
	echo "$1"
	exit 77
}

# Some kernels put things where ThreadSanitizer wants nothing, at random: $fixed is what forbids it, where that is allowed.
fixed=
see_tools() {
	[ -e "$build/tests/cuda_verbs" ] || cannot "the tests have no CUDA headers, or no C++ compiler for them"
	echo 'int main(void) { return 0; }' >there.c
	cc=$(sed -n 's/^CC = //p' "$build/Makefile")
	case $how in
	clang)
		clang++ -x c++ there.c -o there || cannot "no clang++"
		;;
	races)
		$cc -fsanitize=thread there.c -o there || cannot "no ThreadSanitizer with $cc"
		! setarch -R ./there || fixed="setarch -R"
		$fixed ./there || cannot "ThreadSanitizer does not run on this kernel"
		;;
	esac
}

# As BUILD was configured, which has CUDA then.
configure() {
	case $how in
	clang) set -- CXX=clang++ ;;
	races) set -- CFLAGS="-O1 -g -fsanitize=thread" CXXFLAGS="-O1 -g -fsanitize=thread" ;;
	esac
	eval "$fixed \"\$source/configure\" $("$build/config.status" --config) -q --enable-werror --disable-dependency-tracking \"\$@\""
	mkdir -p tests
	cp -p "$build"/libbasin.a "$build"/libkernels_*.a .
	cp -p "$build/tests/libtests.a" tests
}

# Without looking whether what is BUILD's is up to date: none of its objects are here.
build() {
	# shellcheck disable=SC2046
	make -j"$jobs" -o libbasin.a -o tests/libtests.a $(printf ' -o %s' libkernels_*.a) "$@"
}

# OpenMP's threads are none that ThreadSanitizer sees.
export FAST=1 OMP_NUM_THREADS=1 BASIN_DEVICE=cpu top_srcdir="$source" TSAN_OPTIONS='exitcode=66 report_signal_unsafe=0'
failed=

run_tests() {
	# shellcheck disable=SC2086
	printf '%s\n' $tests | xargs -P "$jobs" -I TEST sh -c "$fixed TEST >TEST.said 2>&1 && : >TEST.passed" || true
	for test in $tests; do
		if [ -e "$test.passed" ]; then
			echo "$test: $(grep -c '^ok' "$test.said") checks pass"
		else
			grep -v '^ok' "$test.said" || true
			echo "$test: failed"
			failed=yes
		fi
	done
}

# plant FILE EDIT PLACE…: after an edit of a copy, ThreadSanitizer names the lines that hold the places. make finds a copy here before
# the original, and the compiler a header with -iquote.
plant() {
	file=$1
	mkdir -p src/cuda
	sed "$2" "$source/$file" >"$file"
	shift 2
	if cmp -s "$file" "$source/$file"; then
		echo "nothing could be planted in $file"
		failed=yes
		return
	fi
	rm -f "${file%.cu}.host.o"
	# shellcheck disable=SC2046
	rm -f $(grep -l "/$file" src/cuda/*.host.d | sed 's/d$/o/')
	build CXX="$(sed -n 's/^CXX = //p' Makefile) -iquote ." tests/cuda_verbs
	found=yes
	! TSAN_OPTIONS="$TSAN_OPTIONS halt_on_error=1" $fixed tests/cuda_verbs >said 2>&1 || found=
	grep -q 'ThreadSanitizer: data race' said || found=
	for place; do
		grep -q "$file:$(grep -n -F "$place" "$file" | cut -d : -f 1)\\b" said || found=
	done
	if [ "$found" ]; then
		echo "what was planted in $file is found"
	else
		cat said
		echo "what was planted in $file is not found"
		failed=yes
	fi
	rm "$file"
}

see_tools
configure
# shellcheck disable=SC2086
build $tests
run_tests
if [ "$how" = races ]; then
	plant src/cuda/block_sum.cuh '/__syncthreads/d' 'part[warp] = v' 'part[lane]'
	plant src/cuda/reduce_kernels.cu 's/out\[blockIdx.x\] = total/out[0] = total/' 'out[0] = total'
fi
[ -z "$failed" ]
